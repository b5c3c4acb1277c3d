/* test_route.c: what one record becomes on one route. */
#include "suite.h"

#include "base/text.h"
#include "flow/route.h"

#include <stdlib.h>
#include <time.h>

enum { COMMANDS = 4 };

/* A configuration of one route, filled in by each test. */
static struct conf conf;
static struct conf_route route_conf;
static struct conf_sink sink_conf;
static struct conf_source source_conf;
static struct conf_command writes[COMMANDS], deletes[COMMANDS];
static struct conf_text topic;
static struct routes *routes;
static struct conf_problems *problems;
static struct arena arena;
static struct rendering rendering;
static char said[4096];

static struct conf_text text(const char *value)
{
    return (struct conf_text){.text = value, .origin = {"test.conf", 1}};
}

static void given(const char *command)
{
    memset(&route_conf, 0, sizeof(route_conf));
    memset(writes, 0, sizeof(writes));
    memset(deletes, 0, sizeof(deletes));
    topic = text("rides");
    writes[0].cmd = text(command);
    route_conf = (struct conf_route){.name = "rides",
                                     .from = &source_conf,
                                     .to = &sink_conf,
                                     .topics = {&topic, 1},
                                     .format = text("json"),
                                     .do_ = {writes, 1, false},
                                     .del = {deletes, 0, false}};
    conf = (struct conf){.sources = &source_conf,
                         .source_count = 1,
                         .sinks = &sink_conf,
                         .sink_count = 1,
                         .routes = &route_conf,
                         .route_count = 1};
}

static void and_given(const char *when, const char *command)
{
    writes[route_conf.do_.count].when = text(when);
    writes[route_conf.do_.count++].cmd = text(command);
}

static void given_del(const char *when, const char *command)
{
    deletes[route_conf.del.count].when = text(when);
    deletes[route_conf.del.count++].cmd = text(command);
}

static size_t compiled(void)
{
    conf_problems_free(problems);
    routes_free(routes);
    problems = conf_problems_new();
    routes = routes_new(&conf, problems);
    return conf_problems_count(problems);
}

static const char *rendered_of(struct scope *scope)
{
    FILE *out;
    struct err err;

    arena_reset(&arena);
    if (!route_render(&routes->items[0], scope, &rendering, NULL, &err)) {
        snprintf(said, sizeof(said), "error: %.400s", err.text);
        return said;
    }
    said[0] = '\0';
    out = fmemopen(said, sizeof(said), "w");
    for (size_t i = 0; i < rendering.count; i++) {
        fputs(i ? "; " : "", out);
        for (size_t j = 0; j < rendering.items[i].count; j++) {
            fputs(j ? " " : "", out);
            text_quote(out, rendering.items[i].arguments[j]);
        }
    }
    fclose(out);
    return said;
}

static const char *rendered(struct record *record)
{
    struct scope scope = scope_of(record, &arena, 0);

    return rendered_of(&scope);
}

static const char *record(const char *key, const char *value)
{
    struct record one = {
        .key = slice_of(key), .value = slice_of(value), .topic = "rides", .timestamp_ms = 5};

    return rendered(&one);
}

static void a_set_carries_its_ttl_itself(void)
{
    given("SET ride:%{id} %{status}");
    route_conf.ttl = text("15m");
    CU_ASSERT_EQUAL(compiled(), 0);
    ASSERT_TEXT(record("k", "{\"id\":7,\"status\":\"done\"}"), "SET ride:7 done PX 900000");
}

static void a_command_whose_template_failed_has_no_arguments_of_another(void)
{
    given("SET ride:%{id} %{status}");
    CU_ASSERT_EQUAL(compiled(), 0);
    ASSERT_TEXT(record("k", "{\"id\":7,\"status\":\"done\"}"), "SET ride:7 done");
    ASSERT_TEXT(record("k", "{\"id\":7}"), "error: SET: missing field 'status'");
    CU_ASSERT_EQUAL_FATAL(rendering.count, 1);
    CU_ASSERT_EQUAL(rendering.items[0].count, 0);
    CU_ASSERT_PTR_NULL(rendering.items[0].arguments);
    CU_ASSERT_PTR_EQUAL(rendering.items[0].text, &writes[0].cmd);
}

static void a_ttl_follows_each_distinct_key_once(void)
{
    given("HSET ride:%{id} s %{status}");
    and_given(NULL, "MSET a:%{id} 1 a:%{id} 2 b:%{id} 3");
    and_given(NULL, "PUBLISH rides %{id}");
    and_given(NULL, "SREM gone %{id}");
    route_conf.all = true;
    route_conf.ttl = text("2s");
    CU_ASSERT_EQUAL(compiled(), 0);
    ASSERT_TEXT(record(NULL, "{\"id\":7,\"status\":\"x\"}"),
                "HSET ride:7 s x; PEXPIRE ride:7 2000; MSET a:7 1 a:7 2 b:7 3; PEXPIRE a:7 2000; "
                "PEXPIRE b:7 2000; PUBLISH rides 7; SREM gone 7");
}

/* {"f0":0,"f1":1,...} */
static char *wide_object(size_t fields)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    for (size_t i = 0; i < fields; i++)
        fprintf(out, "%s\"f%zu\":%zu", i ? "," : "{", i, i);
    fputc('}', out);
    fclose(out);
    return text;
}

/* Comparing each key with those before it took 37 s. */
static void a_ttl_of_many_keys_costs_no_more_for_each(void)
{
    enum { FIELDS = 90000 };
    char *value = wide_object(FIELDS);
    struct record one = {.key = SLICE("k"), .value = slice_of(value), .topic = "rides"};
    struct scope scope = scope_of(&one, &arena, 0);
    struct err err;

    given("MSET %{*} %{*}");
    route_conf.ttl = text("2s");
    CU_ASSERT_EQUAL(compiled(), 0);
    arena_reset(&arena);
    clock_t began = clock();
    CU_ASSERT_TRUE(route_render(&routes->items[0], &scope, &rendering, NULL, &err));
    CU_ASSERT(clock() - began < 3 * CLOCKS_PER_SEC);
    CU_ASSERT_EQUAL(rendering.count, 1 + FIELDS);
    CU_ASSERT(slice_is(rendering.items[FIELDS].arguments[1], "f89999"));
    free(value);
}

static void a_ttl_spares_the_keys_that_are_only_read(void)
{
    given("ZUNIONSTORE top:%{id} 2 day:%{id} week:%{id}");
    and_given(NULL, "COPY ride:%{id} last:%{id} REPLACE");
    route_conf.all = true;
    route_conf.ttl = text("2s");
    CU_ASSERT_EQUAL(compiled(), 0);
    ASSERT_TEXT(record(NULL, "{\"id\":7}"), "ZUNIONSTORE top:7 2 day:7 week:7; PEXPIRE top:7 2000; "
                                            "COPY ride:7 last:7 REPLACE; PEXPIRE last:7 2000");
}

static void a_ttl_does_not_override_the_time_in_a_command(void)
{
    given("EXPIRE ride:%{id} 60");
    route_conf.ttl = text("2s");
    CU_ASSERT_NOT_EQUAL(compiled(), 0);
}

static void a_ttl_may_come_from_the_record(void)
{
    given("SET ride:%{id} x");
    route_conf.ttl = text("%{ttl|default('5m')}");
    CU_ASSERT_EQUAL(compiled(), 0);
    ASSERT_TEXT(record(NULL, "{\"id\":7,\"ttl\":\"90s\"}"), "SET ride:7 x PX 90000");
    ASSERT_TEXT(record(NULL, "{\"id\":7}"), "SET ride:7 x PX 300000");
    ASSERT_TEXT(record(NULL, "{\"id\":7,\"ttl\":90}"),
                "error: ttl: not a duration such as 90s or 15m");
    ASSERT_TEXT(record(NULL, "{\"id\":7,\"ttl\":\"0s\"}"),
                "error: ttl: not a duration such as 90s or 15m");
}

static void a_ttl_that_nothing_can_carry_is_a_mistake_of_the_file(void)
{
    given("PUBLISH rides %{id}");
    route_conf.ttl = text("5s");
    CU_ASSERT_EQUAL(compiled(), 1);
    given("SET a b EX 5");
    route_conf.ttl = text("5s");
    CU_ASSERT_EQUAL(compiled(), 1);
    given("SET a b");
    route_conf.ttl = text("5");
    CU_ASSERT_EQUAL(compiled(), 1);
}

static void the_first_command_whose_condition_holds_runs(void)
{
    given("SET never here");
    writes[0].when = text("status == 'off'");
    and_given("status == 'on'", "SET a 1");
    and_given(NULL, "SET b 2");
    CU_ASSERT_EQUAL(compiled(), 0);
    ASSERT_TEXT(record(NULL, "{\"status\":\"on\"}"), "SET a 1");
    ASSERT_TEXT(record(NULL, "{\"status\":\"?\"}"), "SET b 2");
    route_conf.all = true;
    CU_ASSERT_EQUAL(compiled(), 0);
    ASSERT_TEXT(record(NULL, "{\"status\":\"on\"}"), "SET a 1; SET b 2");
}

static void a_condition_of_the_route_filters(void)
{
    given("SET a %{id}");
    route_conf.when = text("id > 5");
    CU_ASSERT_EQUAL(compiled(), 0);
    ASSERT_TEXT(record(NULL, "{\"id\":5}"), "");
    ASSERT_TEXT(record(NULL, "{\"id\":6}"), "SET a 6");
}

static void a_tombstone_unlinks_the_key_of_one_whole_key_write(void)
{
    given("SET ride:%{$key} %{status}");
    CU_ASSERT_EQUAL(compiled(), 0);
    ASSERT_TEXT(record("r 1", NULL), "UNLINK \"ride:r 1\"");
    ASSERT_TEXT(record(NULL, NULL), "error: UNLINK: missing field '$key'");
}

static void a_tombstone_passes_by_where_no_key_can_be_told(void)
{
    given("SET ride:%{id} x");
    CU_ASSERT_EQUAL(compiled(), 0);
    ASSERT_TEXT(record("r1", NULL), "");
    given("RPUSH ride:%{$key} x");
    CU_ASSERT_EQUAL(compiled(), 0);
    ASSERT_TEXT(record("r1", NULL), "");
    given("SET ride:%{$key} x");
    given_del(NULL, "none");
    CU_ASSERT_EQUAL(compiled(), 0);
    ASSERT_TEXT(record("r1", NULL), "");
}

static void del_runs_for_a_tombstone_alone(void)
{
    given("SET ride:%{$key} x");
    given_del("$key != 'keep'", "HDEL rides %{$key}");
    CU_ASSERT_EQUAL(compiled(), 0);
    ASSERT_TEXT(record("r1", NULL), "HDEL rides r1");
    ASSERT_TEXT(record("keep", NULL), "");
    ASSERT_TEXT(record("r1", "{}"), "SET ride:r1 x");
}

static void a_condition_on_the_value_does_not_apply_to_a_tombstone(void)
{
    given("SET ride:%{$key} x");
    route_conf.when = text("status == 'on'");
    CU_ASSERT_EQUAL(compiled(), 0);
    ASSERT_TEXT(record("r1", NULL), "UNLINK ride:r1");
    route_conf.when = text("$key != 'r1'");
    CU_ASSERT_EQUAL(compiled(), 0);
    ASSERT_TEXT(record("r1", NULL), "");
}

/* --- what changes a record changes its view ----------------------------------------------------
 */

static void expressions_read_the_view_and_the_record_stays(void)
{
    struct record one = {
        .key = SLICE("k"), .value = SLICE("v"), .topic = "rides", .timestamp_ms = 5};
    struct scope scope = scope_of(&one, &arena, 0);

    given("SET %{$topic}:%{$key} %{$value} PXAT %{$timestamp}");
    writes[0].when = text("$topic == 'drives' && $tombstone == false");
    CU_ASSERT_EQUAL(compiled(), 0);
    scope.view = (struct view){SLICE("other"), SLICE("w"), "drives", 6};
    ASSERT_TEXT(rendered_of(&scope), "SET drives:other w PXAT 6");
    ASSERT_TEXT(rendered(&one), "");
    CU_ASSERT(slice_is(one.value, "v"));
}

static void a_view_without_a_value_is_a_tombstone(void)
{
    struct record one = {
        .key = SLICE("k"), .value = SLICE("{\"id\":7}"), .topic = "rides", .timestamp_ms = 5};
    struct scope scope = scope_of(&one, &arena, 0);

    given("SET ride:%{$key} %{id}");
    writes[0].when = text("id == 7");
    given_del(NULL, "UNLINK ride:%{$key} %{$tombstone}");
    CU_ASSERT_EQUAL(compiled(), 0);
    ASSERT_TEXT(rendered_of(&scope), "SET ride:k 7");
    scope.view.value = (struct slice){0};
    ASSERT_TEXT(rendered_of(&scope), "UNLINK ride:k true");
}

static void an_empty_value_is_no_tombstone(void)
{
    given("SET ride:%{$key} %{$value}");
    CU_ASSERT_EQUAL(compiled(), 0);
    ASSERT_TEXT(record("r1", ""), "SET ride:r1 \"\"");
    given("SET ride:%{$key} %{x}");
    CU_ASSERT_EQUAL(compiled(), 0);
    CU_ASSERT_PTR_EQUAL(strstr(record("r1", ""), "error: SET: value: json:"), said);
}

static void a_command_that_cannot_run_is_a_mistake_of_the_file(void)
{
    static const char *const commands[] = {
        "SET a",    "GET a", "%{name} a b", "SET a b %{",   "SET a %{x|no}", "MULTI",
        "INCR a b", "",      "HSET a b",    "SET a \"open", "SET a 'b'c",    "SET a %{$nokey}",
    };

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        given(commands[i]);
        if (compiled() == 0)
            fprintf(stderr, "\naccepted: %s\n", commands[i]);
        CU_ASSERT_NOT_EQUAL(compiled(), 0);
    }
}

static void several_keys_of_a_command_need_one_connection(void)
{
    static const char *const several[] = {"MSET a 1 b 2", "UNLINK a b", "RENAME a b", "MSET %{*}",
                                          "EVAL script 2 a b"};
    static const char *const one[] = {"MSET a 1",          "UNLINK a",    "HSET a %{*}",
                                      "EVAL script 1 a b", "PUBLISH a b", "XADD a * %{*}"};

    sink_conf.name = "live";
    sink_conf.connections = 4;
    for (size_t i = 0; i < sizeof(several) / sizeof(several[0]); i++) {
        given(several[i]);
        CU_ASSERT_EQUAL(compiled(), 1);
    }
    for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++) {
        given(one[i]);
        CU_ASSERT_EQUAL(compiled(), 0);
    }
    sink_conf.connections = 1;
    given(several[0]);
    CU_ASSERT_EQUAL(compiled(), 0);
}

static void a_command_that_penstock_does_not_know_is_sent_with_a_warning(void)
{
    given("ZADDD a 1 b");
    CU_ASSERT_EQUAL(compiled(), 0);
    CU_ASSERT_EQUAL(conf_warnings_count(problems), 1);
    ASSERT_TEXT(record(NULL, "{}"), "ZADDD a 1 b");
}

static void fields_need_a_format_that_has_them(void)
{
    given("SET a %{id}");
    route_conf.format = text("raw");
    CU_ASSERT_EQUAL(compiled(), 1);
    given("SET a %{$value}");
    route_conf.format = text("raw");
    CU_ASSERT_EQUAL(compiled(), 0);
    ASSERT_TEXT(record(NULL, "\r\n"), "SET a \"\\r\\n\"");
}

static void a_pattern_matches_topics_from_its_source_alone(void)
{
    struct topic_routes *found;
    struct conf_source other;

    given("SET a b");
    topic = text("^rides\\..*");
    CU_ASSERT_EQUAL(compiled(), 0);
    found = routes_of_topic(routes, &source_conf, "rides.scl");
    CU_ASSERT_EQUAL(found->count, 1);
    topic_routes_free(found);
    found = routes_of_topic(routes, &source_conf, "old.rides.scl");
    CU_ASSERT_EQUAL(found->count, 0);
    topic_routes_free(found);
    found = routes_of_topic(routes, &other, "rides.scl");
    CU_ASSERT_EQUAL(found->count, 0);
    topic_routes_free(found);
}

/* What is said of the file. */
static const char *problems_said(void)
{
    FILE *out = fmemopen(said, sizeof(said), "w");

    said[0] = '\0';
    conf_problems_write(problems, CONF_NOTE, out);
    fclose(out);
    return said;
}

/* Whatever would follow from it sends its reader away from the mistake. */
static void one_mistake_is_one_error(void)
{
    given("STE k %{a}");
    route_conf.ttl = text("1h");
    CU_ASSERT_EQUAL(compiled(), 1);
    CU_ASSERT_EQUAL(conf_warnings_count(problems), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(problems_said(), "did you mean 'SET'?"));
    given("SET k %{a}");
    route_conf.ttl = text("1h");
    route_conf.do_.count = 0;
    route_conf.do_.refused = true;
    CU_ASSERT_EQUAL(compiled(), 0);
    given("SET k %{$key.id}");
    route_conf.format = text("raw");
    route_conf.format.refused = true;
    CU_ASSERT_EQUAL(compiled(), 0);
}

static void no_mistake_tells_a_secret(void)
{
    static const char *const commands[] = {"hunter2 k v", "SET k %{a|hunter2}",
                                           "SET k %{$hunter2}"};

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        given(commands[i]);
        writes[0].cmd.secret = true;
        writes[0].when = text("a == hunter2(1)");
        writes[0].when.secret = true;
        CU_ASSERT_EQUAL(compiled(), i ? 2 : 1);
        CU_ASSERT_PTR_NULL(strstr(problems_said(), "hunter2"));
        CU_ASSERT_PTR_NOT_NULL(strstr(said, "when: its text holds a secret"));
    }
    static const char *const times[] = {"hunter2", "%{a|hunter2}"};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        given("SET k v");
        route_conf.ttl = text(times[i]);
        route_conf.ttl.secret = true;
        CU_ASSERT_EQUAL(compiled(), 1);
        CU_ASSERT_PTR_NULL(strstr(problems_said(), "hunter2"));
    }
}

static void no_error_of_a_record_tells_a_secret_name(void)
{
    given("hunter2 k %{a}");
    writes[0].cmd.secret = true;
    CU_ASSERT_EQUAL(compiled(), 0);
    ASSERT_TEXT(record("k", "{}"), "error: ***: missing field 'a'");
    ASSERT_TEXT(record("k", "{\"a\":1}"), "hunter2 k 1");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_set_carries_its_ttl_itself),
        TEST(a_command_whose_template_failed_has_no_arguments_of_another),
        TEST(a_ttl_follows_each_distinct_key_once),
        TEST(a_ttl_of_many_keys_costs_no_more_for_each),
        TEST(a_ttl_spares_the_keys_that_are_only_read),
        TEST(a_ttl_does_not_override_the_time_in_a_command),
        TEST(a_ttl_may_come_from_the_record),
        TEST(a_ttl_that_nothing_can_carry_is_a_mistake_of_the_file),
        TEST(the_first_command_whose_condition_holds_runs),
        TEST(a_condition_of_the_route_filters),
        TEST(a_tombstone_unlinks_the_key_of_one_whole_key_write),
        TEST(a_tombstone_passes_by_where_no_key_can_be_told),
        TEST(one_mistake_is_one_error),
        TEST(no_mistake_tells_a_secret),
        TEST(no_error_of_a_record_tells_a_secret_name),
        TEST(del_runs_for_a_tombstone_alone),
        TEST(a_condition_on_the_value_does_not_apply_to_a_tombstone),
        TEST(expressions_read_the_view_and_the_record_stays),
        TEST(a_view_without_a_value_is_a_tombstone),
        TEST(an_empty_value_is_no_tombstone),
        TEST(a_command_that_cannot_run_is_a_mistake_of_the_file),
        TEST(several_keys_of_a_command_need_one_connection),
        TEST(a_command_that_penstock_does_not_know_is_sent_with_a_warning),
        TEST(fields_need_a_format_that_has_them),
        TEST(a_pattern_matches_topics_from_its_source_alone),
    };
    int status = SUITE("route", tests);

    routes_free(routes);
    conf_problems_free(problems);
    arena_free(&arena);
    free(rendering.items);
    return status;
}
