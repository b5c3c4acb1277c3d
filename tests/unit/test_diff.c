/* test_diff.c: what differs between two configurations. */
#include "conf_of_text.h"
#include "suite.h"

#include "base/mem.h"
#include "conf/diff.h"

#include <stdlib.h>

static struct conf *load(const char *text)
{
    struct conf_problems *problems = conf_problems_new();
    struct conf *conf = conf_of_text(problems, "%s", text);

    CU_ASSERT_EQUAL_FATAL(conf_problems_count(problems), 0);
    conf_problems_free(problems);
    return conf;
}

static void add_line(void *context, const struct difference *difference)
{
    fprintf(context, "%s: %s -> %s (%s)\n", difference->setting,
            difference->was ? difference->was : "nothing",
            difference->is ? difference->is : "nothing", option_changes[difference->change].word);
}

/* One line a difference; free() frees them. */
static char *differences(const char *before, const char *after)
{
    struct conf *old_conf = load(before), *new_conf = load(after);
    char *text = NULL;
    size_t length = 0, lines = 0;
    FILE *out = open_memstream(&text, &length);
    size_t count = diff_confs(old_conf, new_conf, add_line, out);

    fclose(out);
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    CU_ASSERT_EQUAL(lines, count);
    conf_free(old_conf);
    conf_free(new_conf);
    return text;
}

#define SOURCE(more) "sources = { main = { brokers = \"k:9092\"; group = \"g\"; " more "}; };\n"
#define SINK(more)   "sinks = { live = { url = \"redis://h:1/2\"; " more "}; };\n"
#define ROUTE(name, more)                                                                          \
    "{ name = \"" name "\"; from = \"main\"; topics = \"t\"; to = \"live\"; " more "}"
#define DO "do = \"SET a b\"; "
#define WITH(source, sink, routes, more)                                                           \
    "version = 1;\n" SOURCE(source) SINK(sink) "routes = ( " routes " );\n" more
#define PLAIN WITH("", "", ROUTE("r", DO), "")

/* That the change from PLAIN to @p after is the one line @p expected, and the way back another. */
static void expect(const char *after, const char *expected)
{
    char *there = differences(PLAIN, after), *back = differences(after, PLAIN);

    ASSERT_TEXT(there, expected);
    CU_ASSERT_TRUE(*back != '\0' || *expected == '\0');
    free(there);
    free(back);
}

static void the_same_written_in_another_way_is_no_difference(void)
{
    expect("/* a comment */ memory = \"49152KiB\"; version = 1;\n"
           "sinks = { live = { connections = 1; url = \"redis://h:1/2\"; }; };\n"
           "defaults = { from = \"main\"; to = \"live\"; on_error = \"stop\"; };\n" SOURCE(
               "start = \"earliest\"; ") "routes = ( { topics = [ \"t\" ]; name = \"r\"; do = ( "
                                         "\"SET a \" \"b\" ); } );\n",
           "");
}

static void each_kind_of_setting_is_shown_as_the_file_says_it(void)
{
    expect(WITH("workers = 3; ", "", ROUTE("r", DO), ""),
           "sources.main.workers: 1 -> 3 (restart)\n");
    expect(WITH("commit_interval = \"1500ms\"; ", "", ROUTE("r", DO), ""),
           "sources.main.commit_interval: 500ms -> 1500ms (live)\n");
    expect(WITH("start = \"@2026-01-31T01:00:00.5+01:00\"; ", "", ROUTE("r", DO), ""),
           "sources.main.start: earliest -> @2026-01-31T00:00:00.500Z (live)\n");
    expect(WITH("on_out_of_range = \"latest\"; ", "", ROUTE("r", DO), ""),
           "sources.main.on_out_of_range: stop -> latest (live)\n");
    expect(WITH("instance_id = \"i\"; ", "", ROUTE("r", DO), ""),
           "sources.main.instance_id:  -> i (rejoin)\n");
    expect(WITH("librdkafka = { b_c = 1; a_b = \"x y\"; }; ", "", ROUTE("r", DO), ""),
           "sources.main.librdkafka:  -> a.b=\"x y\", b.c=1 (rejoin)\n");
    expect(WITH("", "window_bytes = \"1MiB\"; ", ROUTE("r", DO), ""),
           "sinks.live.window_bytes: 512KiB -> 1MiB (live)\n");
    expect(WITH("", "durable = \"waitaof(1, 2, 2s)\"; ", ROUTE("r", DO), ""),
           "sinks.live.durable: none -> waitaof(1, 2, 2s) (rejoin)\n");
    expect(WITH("", "", ROUTE("r", DO "all = true; "), ""), "routes.r.all: false -> true (live)\n");
    expect(WITH("", "", ROUTE("r", DO "ttl = \"5m\"; "), ""), "routes.r.ttl:  -> 5m (live)\n");
    expect(WITH("", "", ROUTE("r", DO "format = \"json\"; "), ""),
           "routes.r.format: raw -> json (live)\n");
    expect(
        WITH("", "", ROUTE("r", "do = ( { when = \"$offset > 5\"; cmd = \"SET a c\"; } ); "), ""),
        "routes.r.do: \"SET a b\" -> \"SET a c\" when \"$offset > 5\" (live)\n");
    expect(WITH("", "", ROUTE("r", DO), "admin = { hosts = [ \"a\", \"b c\" ]; };"),
           "admin.hosts:  -> a, \"b c\" (restart)\n");
    expect(WITH("", "", ROUTE("r", DO), "log = { level = \"debug\"; };"),
           "log.level: info -> debug (live)\n");
    expect(WITH("", "", ROUTE("r", DO), "memory = \"1GiB\";"), "memory: 48MiB -> 1GiB (rejoin)\n");
}

static void a_limit_that_memory_lowers_is_not_a_difference_of_its_own(void)
{
    expect(WITH("", "", ROUTE("r", DO), "memory = \"16MiB\"; max_record = \"8MiB\";"),
           "memory: 48MiB -> 16MiB (rejoin)\n");
}

static void a_secret_is_compared_and_not_shown(void)
{
    expect(WITH("", "password = \"hush\"; ", ROUTE("r", DO), ""),
           "sinks.live.password:  -> *** (reconnect)\n");
    char *text = differences(
        "version = 1;\n" SOURCE(
            "librdkafka = { ssl_key_password = \"one\"; }; ") "sinks = { live = { url = "
                                                              "\"redis://u:one@h\"; }; };\nroutes "
                                                              "= ( " ROUTE("r", DO) " );",
        "version = 1;\n" SOURCE(
            "librdkafka = { ssl_key_password = \"two\"; }; ") "sinks = { live = { url = "
                                                              "\"redis://u:two@h\"; }; };\nroutes "
                                                              "= ( " ROUTE("r", DO) " );");
    ASSERT_TEXT(text,
                "sources.main.librdkafka: ssl.key.password=*** -> ssl.key.password=*** (rejoin)\n"
                "sinks.live.url: redis://u:***@h -> redis://u:***@h (reconnect)\n");
    free(text);
    setenv("PENSTOCK_TEST_PASSWORD", "redis://u:hush@h", 1);
    text = differences(
        PLAIN, "version = 1;\n" SOURCE(
                   "") "sinks = { live = { url = "
                       "\"${PENSTOCK_TEST_PASSWORD}\"; }; };\nroutes = ( " ROUTE("r", DO) " );");
    ASSERT_TEXT(text, "sinks.live.url: redis://h:1/2 -> *** (reconnect)\n");
    free(text);
}

static void another_login_to_kafka_needs_no_new_member(void)
{
    static const char login[] = WITH("librdkafka = { sasl_username = \"u\"; sasl_password = \"p\"; "
                                     "fetch_wait_max_ms = 5; }; ",
                                     "", ROUTE("r", DO), "");
    static const struct {
        const char *after, *expected;
    } rows[] = {
        {"librdkafka = { sasl_username = \"u\"; fetch_wait_max_ms = 5; sasl_password = \"q\"; }; ",
         "(live)\n"},
        {"librdkafka = { sasl_username = \"v\"; fetch_wait_max_ms = 5; sasl_password = \"q\"; }; ",
         "(live)\n"},
        {"librdkafka = { sasl_username = \"u\"; fetch_wait_max_ms = 6; sasl_password = \"q\"; }; ",
         "(rejoin)\n"},
        {"librdkafka = { sasl_username = \"u\"; fetch_wait_max_ms = 5; }; ", "(rejoin)\n"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *after = mem_format("version = 1;\nsources = { main = { brokers = \"k:9092\"; "
                                 "group = \"g\"; %s}; };\n" SINK("") "routes = ( %s );\n",
                                 rows[i].after, ROUTE("r", DO));
        char *text = differences(login, after);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, rows[i].expected));
        CU_ASSERT_PTR_NULL(strchr(text, 'q'));
        free(text);
        free(after);
    }
}

static void groups_are_added_and_removed_by_their_names(void)
{
    expect(WITH("", "", ROUTE("s", DO), ""), "routes.r:  -> nothing (live)\n"
                                             "routes.s: nothing ->  (live)\n");
    expect(WITH("", "",
                ROUTE("r", DO "on_error = \"skip\"; "
                              "tolerance = { records = 5; per = \"1m\"; }; "),
                ""),
           "routes.r.on_error: stop -> skip (live)\nroutes.r.tolerance: nothing ->  (live)\n");
    expect(WITH("", "", ROUTE("r", DO "retry = { timeout = \"1m\"; }; "), ""),
           "routes.r.retry: nothing ->  (live)\n");
    expect(WITH("", "", ROUTE("r", DO "on_error = \"dlq\"; "),
                "dlq = { sink = \"live\"; stream = \"s\"; };"),
           "routes.r.on_error: stop -> dlq (live)\ndlq: nothing ->  (rejoin)\n");
}

static void a_route_is_a_rejoin_only_if_other_topics_are_read(void)
{
    expect(WITH("", "", ROUTE("r", DO) ", " ROUTE("s", DO), ""), "routes.s: nothing ->  (live)\n");
    expect(WITH("", "",
                ROUTE("r", DO) ", { name = \"s\"; from = \"main\"; topics = [ \"t\", \"u\" ]; "
                               "to = \"live\"; do = \"SET a b\"; }",
                ""),
           "routes.s: nothing ->  (rejoin)\n");
}

/* A worker opens a sink when it begins, and asks a durable one for its confirmations from then on.
 */
static void so_it_is_if_no_other_route_writes_to_its_sink(void)
{
#define TWO_SINKS(routes)                                                                          \
    "version = 1;\n" SOURCE("") "sinks = { live = { url = \"redis://h\"; }; "                      \
                                "safe = { url = \"redis://i\"; durable = \"wait(1, 1s)\"; }; };\n" \
                                "routes = ( " routes " );"
#define TO_SAFE                                                                                    \
    "{ name = \"s\"; from = \"main\"; topics = \"t\"; to = \"safe\"; do = \"SET a b\"; }"
    char *comes = differences(TWO_SINKS(ROUTE("r", DO)), TWO_SINKS(ROUTE("r", DO) ", " TO_SAFE)),
         *goes = differences(TWO_SINKS(ROUTE("r", DO) ", " TO_SAFE), TWO_SINKS(ROUTE("r", DO)));

    ASSERT_TEXT(comes, "routes.s: nothing ->  (rejoin)\n");
    ASSERT_TEXT(goes, "routes.s:  -> nothing (rejoin)\n");
    free(comes);
    free(goes);
}

static void routes_in_another_order_are_a_difference(void)
{
    char *text =
        differences(WITH("", "", ROUTE("a", DO) ", " ROUTE("b", DO) ", " ROUTE("gone", DO), ""),
                    WITH("", "", ROUTE("b", DO) ", " ROUTE("new", DO) ", " ROUTE("a", DO), ""));

    ASSERT_TEXT(text, "routes.gone:  -> nothing (live)\nroutes.new: nothing ->  (live)\n"
                      "routes: a, b -> b, a (live)\n");
    free(text);
}

/* What a kind writes is what it reads: by the defaults of all rows. */
static void a_default_is_written_as_its_row_has_it(void)
{
    struct conf *conf = load(PLAIN);
    const void *const structs[OPTION_GROUPS] = {[GROUP_top] = conf,
                                                [GROUP_source] = &conf->sources[0],
                                                [GROUP_sink] = &conf->sinks[0],
                                                [GROUP_tls] = &conf->sinks[0].tls,
                                                [GROUP_route] = &conf->routes[0],
                                                [GROUP_admin] = &conf->admin,
                                                [GROUP_log] = &conf->log};
    size_t count, written = 0;
    const struct option *options = option_all(&count);

    for (size_t i = 0; i < count; i++) {
        const struct option *option = &options[i];
        const char *group = structs[option->group];
        char text[128] = "";
        if (!group || option->section || !option->default_text ||
            option->default_text == option_required)
            continue;
        FILE *out = fmemopen(text, sizeof(text), "w");
        kinds[option->kind].write(option, group + option->offset, false, out);
        fclose(out);
        ASSERT_TEXT(text, option->default_text);
        written++;
    }
    CU_ASSERT_TRUE(written > 20);
    conf_free(conf);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(the_same_written_in_another_way_is_no_difference),
        TEST(each_kind_of_setting_is_shown_as_the_file_says_it),
        TEST(a_limit_that_memory_lowers_is_not_a_difference_of_its_own),
        TEST(a_secret_is_compared_and_not_shown),
        TEST(another_login_to_kafka_needs_no_new_member),
        TEST(groups_are_added_and_removed_by_their_names),
        TEST(a_route_is_a_rejoin_only_if_other_topics_are_read),
        TEST(so_it_is_if_no_other_route_writes_to_its_sink),
        TEST(routes_in_another_order_are_a_difference),
        TEST(a_default_is_written_as_its_row_has_it),
    };

    return SUITE("diff", tests);
}
