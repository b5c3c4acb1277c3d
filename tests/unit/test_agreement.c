/* test_agreement.c: routes that take one topic deliver alike. */
#include "suite.h"

#include "flow/agreement.h"

#include <stdlib.h>
#include <time.h>

enum { ROUTES = 2 };

static struct conf conf;
static struct conf_route confs[ROUTES];
static struct conf_source sources[2];
static struct conf_sink sinks[2];
static struct conf_text topics[ROUTES];
static struct conf_command commands[ROUTES];
static struct routes *routes;
static struct conf_problems *problems;

static struct conf_text text(const char *value)
{
    return (struct conf_text){.text = value, .origin = {"test.conf", 1}};
}

static void given_route(size_t i, const char *name, const char *topic, enum conf_delivery delivery)
{
    topics[i] = text(topic);
    commands[i].cmd = text("SET a b");
    confs[i] = (struct conf_route){.name = (char *)name,
                                   .from = &sources[0],
                                   .to = &sinks[0],
                                   .topics = {&topics[i], 1},
                                   .do_ = {&commands[i], 1, false},
                                   .delivery = delivery};
}

static void given(const char *topic, enum conf_delivery delivery, const char *other_topic,
                  enum conf_delivery other_delivery)
{
    given_route(0, "one", topic, delivery);
    given_route(1, "other", other_topic, other_delivery);
    conf = (struct conf){.sources = sources,
                         .source_count = 2,
                         .sinks = sinks,
                         .sink_count = 2,
                         .routes = confs,
                         .route_count = ROUTES};
}

static size_t mistakes(void)
{
    conf_problems_free(problems);
    routes_free(routes);
    problems = conf_problems_new();
    routes = routes_new(&conf, problems);
    return conf_problems_count(problems);
}

static bool topic_agrees(const char *topic)
{
    struct topic_routes *found = routes_of_topic(routes, &sources[0], topic);
    struct err err;
    bool agrees = agreement_of_topic(found, topic, &err);

    topic_routes_free(found);
    return agrees;
}

static void routes_of_one_topic_have_one_delivery(void)
{
    given("rides", EXACTLY_ONCE, "rides", AT_LEAST_ONCE);
    CU_ASSERT_EQUAL(mistakes(), 1);
    given("rides", AT_MOST_ONCE, "rides", AT_LEAST_ONCE);
    CU_ASSERT_EQUAL(mistakes(), 1);
    given("rides", EXACTLY_ONCE, "rides", EXACTLY_ONCE);
    CU_ASSERT_EQUAL(mistakes(), 0);
}

static void routes_of_two_topics_need_not_agree(void)
{
    given("rides", EXACTLY_ONCE, "drivers", AT_LEAST_ONCE);
    CU_ASSERT_EQUAL(mistakes(), 0);
}

static void routes_of_two_sources_need_not_agree(void)
{
    given("rides", EXACTLY_ONCE, "rides", AT_LEAST_ONCE);
    confs[1].from = &sources[1];
    CU_ASSERT_EQUAL(mistakes(), 0);
}

static void a_name_meets_the_pattern_that_matches_it(void)
{
    given("^rides\\..*", EXACTLY_ONCE, "rides.scl", AT_LEAST_ONCE);
    CU_ASSERT_EQUAL(mistakes(), 1);
    given("rides.scl", EXACTLY_ONCE, "^rides\\..*", AT_LEAST_ONCE);
    CU_ASSERT_EQUAL(mistakes(), 1);
    given("^rides\\..*", EXACTLY_ONCE, "drivers", AT_LEAST_ONCE);
    CU_ASSERT_EQUAL(mistakes(), 0);
}

static void the_same_pattern_twice_meets_itself(void)
{
    given("^rides", EXACTLY_ONCE, "^rides", AT_LEAST_ONCE);
    CU_ASSERT_EQUAL(mistakes(), 1);
}

static void two_patterns_are_checked_when_a_topic_appears(void)
{
    given("^rides", EXACTLY_ONCE, "scl$", AT_LEAST_ONCE);
    topics[1] = text("^.*scl$");
    CU_ASSERT_EQUAL(mistakes(), 0);
    CU_ASSERT(topic_agrees("rides.lim"));
    CU_ASSERT(topic_agrees("drivers.scl"));
    CU_ASSERT_FALSE(topic_agrees("rides.scl"));
}

static void exactly_once_routes_of_one_topic_have_one_sink(void)
{
    given("rides", EXACTLY_ONCE, "rides", EXACTLY_ONCE);
    confs[1].to = &sinks[1];
    CU_ASSERT_EQUAL(mistakes(), 1);
    given("rides", AT_LEAST_ONCE, "rides", AT_LEAST_ONCE);
    confs[1].to = &sinks[1];
    CU_ASSERT_EQUAL(mistakes(), 0);
}

static void a_retry_timeout_is_for_every_delivery(void)
{
    given("rides", EXACTLY_ONCE, "drivers", AT_LEAST_ONCE);
    confs[0].retry.timeout = confs[1].retry.timeout = 1000;
    CU_ASSERT_EQUAL(mistakes(), 0);
    CU_ASSERT_EQUAL(conf_warnings_count(problems), 0);
}

/* All pairs of 20 000 routes took 8 s and more. */
static void a_large_file_costs_no_more_for_each_route(void)
{
    enum { MANY = 20000, NAME_BYTES = 16 };
    struct conf_route *many = calloc(MANY, sizeof(*many));
    struct conf_text *names = calloc(MANY, sizeof(*names));
    char(*texts)[NAME_BYTES] = calloc(MANY, NAME_BYTES);

    given("rides", AT_LEAST_ONCE, "rides", AT_LEAST_ONCE);
    for (size_t i = 0; i < MANY; i++) {
        snprintf(texts[i], NAME_BYTES, "t%zu", i / 2);
        names[i] = text(texts[i]);
        many[i] = confs[0];
        many[i].name = texts[i];
        many[i].topics.items = &names[i];
        many[i].delivery = i == MANY - 1 ? EXACTLY_ONCE : AT_LEAST_ONCE;
    }
    conf.routes = many;
    conf.route_count = MANY;
    clock_t began = clock();
    CU_ASSERT_EQUAL(mistakes(), 1);
    CU_ASSERT(clock() - began < 3 * CLOCKS_PER_SEC);
    conf_problems_free(problems);
    routes_free(routes);
    problems = NULL;
    routes = NULL;
    free(many);
    free(names);
    free(texts);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(routes_of_one_topic_have_one_delivery),
        TEST(routes_of_two_topics_need_not_agree),
        TEST(routes_of_two_sources_need_not_agree),
        TEST(a_name_meets_the_pattern_that_matches_it),
        TEST(the_same_pattern_twice_meets_itself),
        TEST(two_patterns_are_checked_when_a_topic_appears),
        TEST(exactly_once_routes_of_one_topic_have_one_sink),
        TEST(a_large_file_costs_no_more_for_each_route),
        TEST(a_retry_timeout_is_for_every_delivery),
    };
    int status = SUITE("agreement", tests);

    conf_problems_free(problems);
    routes_free(routes);
    return status;
}
