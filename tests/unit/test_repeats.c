/* test_repeats.c: what carrying out a command twice would do. */
#include "suite.h"

#include "flow/repeats.h"

static struct conf conf;
static struct conf_route route;
static struct conf_source source;
static struct conf_sink sink;
static struct conf_text topic;
static struct conf_command command;

static struct conf_text text(const char *value)
{
    return (struct conf_text){.text = value, .origin = {"test.conf", 1}};
}

static void given(const char *cmd, enum conf_delivery delivery)
{
    topic = text("rides");
    command.cmd = text(cmd);
    route = (struct conf_route){.name = "rides",
                                .from = &source,
                                .to = &sink,
                                .topics = {&topic, 1},
                                .do_ = {&command, 1, false},
                                .delivery = delivery};
    conf = (struct conf){.sources = &source,
                         .source_count = 1,
                         .sinks = &sink,
                         .sink_count = 1,
                         .routes = &route,
                         .route_count = 1};
}

/* How many warnings the route earns. */
static size_t warnings_of(const char *cmd, enum conf_delivery delivery)
{
    struct conf_problems *problems = conf_problems_new();

    given(cmd, delivery);
    struct routes *routes = routes_new(&conf, problems);
    size_t count = conf_warnings_count(problems);
    CU_ASSERT_EQUAL(conf_problems_count(problems), 0);
    routes_free(routes);
    conf_problems_free(problems);
    return count;
}

static void a_command_whose_repetition_shows_earns_a_warning(void)
{
    CU_ASSERT_EQUAL(warnings_of("INCRBY n 1", AT_LEAST_ONCE), 1);
    CU_ASSERT_EQUAL(warnings_of("PUBLISH c m", AT_LEAST_ONCE), 1);
    CU_ASSERT_EQUAL(warnings_of("XADD s * a b", AT_LEAST_ONCE), 1);
    CU_ASSERT_EQUAL(warnings_of("SET a b", AT_LEAST_ONCE), 0);
}

static void no_warning_where_nothing_is_repeated(void)
{
    CU_ASSERT_EQUAL(warnings_of("INCRBY n 1", EXACTLY_ONCE), 0);
    CU_ASSERT_EQUAL(warnings_of("INCRBY n 1", AT_MOST_ONCE), 0);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_command_whose_repetition_shows_earns_a_warning),
        TEST(no_warning_where_nothing_is_repeated),
    };

    return SUITE("repeats", tests);
}
