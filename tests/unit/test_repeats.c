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
                                .do_ = {&command, 1},
                                .delivery = (int)delivery};
    conf = (struct conf){.sources = &source,
                         .source_count = 1,
                         .sinks = &sink,
                         .sink_count = 1,
                         .routes = &route,
                         .route_count = 1};
}

/* How many warnings the route earns; *offset_id: whether its command is a stream's with such an
 * id. */
static size_t warnings(bool *offset_id)
{
    struct conf_problems *problems = conf_problems_new();
    struct routes *routes = routes_new(&conf, problems);
    size_t count = conf_warnings_count(problems);

    CU_ASSERT_EQUAL(conf_problems_count(problems), 0);
    *offset_id = routes->items[0].writes.items[0].offset_id;
    routes_free(routes);
    conf_problems_free(problems);
    return count;
}

static size_t warnings_of(const char *cmd, enum conf_delivery delivery)
{
    bool offset_id;

    given(cmd, delivery);
    return warnings(&offset_id);
}

static bool has_offset_id(const char *cmd)
{
    bool offset_id;

    given(cmd, AT_LEAST_ONCE);
    warnings(&offset_id);
    return offset_id;
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

static void an_id_made_of_the_offset_is_recognised_behind_the_options(void)
{
    CU_ASSERT(has_offset_id("XADD s:%{$partition} %{$offset}-1 a b"));
    CU_ASSERT(has_offset_id("xadd s maxlen ~ 1000 limit 10 %{$offset}-1 a b"));
    CU_ASSERT(has_offset_id("XADD s NOMKSTREAM MINID = %{$offset} %{$offset}-15 a b"));
    CU_ASSERT(has_offset_id("XADD s MAXLEN 1000 %{$offset}-0 a b"));
}

static void other_ids_are_not(void)
{
    CU_ASSERT_FALSE(has_offset_id("XADD s * offset %{$offset}-1"));
    CU_ASSERT_FALSE(has_offset_id("XADD s %{$timestamp}-%{$offset} a b"));
    CU_ASSERT_FALSE(has_offset_id("XADD s %{$offset} a b"));
    CU_ASSERT_FALSE(has_offset_id("XADD s %{$offset}-* a b"));
    CU_ASSERT_FALSE(has_offset_id("XADD s %{$offset}-%{$partition} a b"));
    CU_ASSERT_FALSE(has_offset_id("XADD s %{$offset|default('1')}-1 a b"));
    CU_ASSERT_FALSE(has_offset_id("XADD s 1%{$offset}-1 a b"));
    CU_ASSERT_FALSE(has_offset_id("SET s %{$offset}-1"));
}

static void offsets_of_two_partitions_must_not_meet_in_one_stream(void)
{
    CU_ASSERT_EQUAL(warnings_of("XADD s %{$offset}-1 a b", AT_LEAST_ONCE), 1);
    CU_ASSERT_EQUAL(warnings_of("XADD s:%{$partition} %{$offset}-1 a b", AT_LEAST_ONCE), 0);
    CU_ASSERT_EQUAL(warnings_of("XADD s:%{$partition} %{$offset}-1 a b", EXACTLY_ONCE), 0);
    CU_ASSERT_EQUAL(warnings_of("XADD s %{$offset}-1 a b", EXACTLY_ONCE), 1);
}

static void nor_those_of_two_topics(void)
{
    bool offset_id;

    given("XADD s:%{$partition} %{$offset}-1 a b", AT_LEAST_ONCE);
    topic = text("^rides");
    CU_ASSERT_EQUAL(warnings(&offset_id), 1);
    given("XADD s:%{$topic}:%{$partition} %{$offset}-1 a b", AT_LEAST_ONCE);
    topic = text("^rides");
    CU_ASSERT_EQUAL(warnings(&offset_id), 0);
}

static void the_refusal_of_an_old_id_is_told_from_others(void)
{
    CU_ASSERT(repeats_is_old_id("ERR The ID specified in XADD is equal or smaller than the target "
                                "stream top item"));
    CU_ASSERT_FALSE(repeats_is_old_id("ERR The ID specified in XADD must be greater than 0-0"));
    CU_ASSERT_FALSE(
        repeats_is_old_id("ERR Invalid stream ID specified as stream command argument"));
    CU_ASSERT_FALSE(repeats_is_old_id(""));
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_command_whose_repetition_shows_earns_a_warning),
        TEST(no_warning_where_nothing_is_repeated),
        TEST(an_id_made_of_the_offset_is_recognised_behind_the_options),
        TEST(other_ids_are_not),
        TEST(offsets_of_two_partitions_must_not_meet_in_one_stream),
        TEST(nor_those_of_two_topics),
        TEST(the_refusal_of_an_old_id_is_told_from_others),
    };

    return SUITE("repeats", tests);
}
