/* test_conf.c: a configuration file as a checked struct. */
#include "conf_of_text.h"
#include "generated_page.h"

#include "codec/codec.h"
#include "conf/conf.h"
#include "conf/kind.h"
#include "conf/memory_budget.h"
#include "conf/option_page.h"

#include <stdlib.h>

static struct conf_problems *problems;
static struct conf *conf;

/* Loads @p text as a file; conf and problems hold what came of it. */
static void load(const char *text)
{
    problems = conf_problems_new();
    conf = conf_of_text(problems, "%s", text);
    CU_ASSERT_EQUAL(conf_problems_count(problems), 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
}

static void unload(void)
{
    conf_free(conf);
    conf_problems_free(problems);
}

#define SOURCES "version = 1; sources = { main = { brokers = \"k:9092\"; group = \"g\"; }; };\n"
#define SINKS   "sinks = { live = { url = \"redis://h:1/2\"; }; };\n"
#define ROUTE   "{ name = \"r\"; from = \"main\"; topics = \"t\"; to = \"live\"; do = \"SET a b\"; }"

static void memory_is_shared_by_the_workers_of_sources_that_are_read(void)
{
    load("version = 1; memory = \"60MiB\";\n"
         "sources = { main = { brokers = \"k:9092\"; group = \"g\"; workers = 3; };\n"
         "            other = { brokers = \"k:9092\"; group = \"h\"; workers = 2; }; };\n" SINKS
         "routes = ( " ROUTE " );");
    CU_ASSERT_EQUAL(memory_budget_share(conf), 20 << 20);
    unload();
}

static void units_have_their_part_of_memory(void)
{
    load("version = 1; memory = \"24MiB\";\n"
         "sources = { main = { brokers = \"b\"; group = \"g\"; }; };\n"
         "sinks = { live = { url = \"redis://h\"; }; };\n"
         "routes = ( { name = \"r\"; from = \"main\"; topics = [ \"t\" ]; to = \"live\";\n"
         "  delivery = \"exactly_once\"; do = \"SET a b\"; } );\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
    CU_ASSERT_EQUAL(conf->sinks[0].unit_bytes, 128 << 10); /* 256KiB at 48MiB and more */
    CU_ASSERT_EQUAL(conf->sinks[0].said.unit_bytes, 256 << 10);
    CU_ASSERT_EQUAL(conf->sinks[0].unit_records, 1000);
    unload();
}

static void many_windows_share_their_part_of_memory(void)
{
    load(
        SOURCES
        "memory = \"48MiB\"; sinks = { live = { url = \"redis://h\"; connections = 15;\n"
        "  window_bytes = \"1MiB\"; }; slow = { url = \"redis://s\"; window_bytes = 100000; }; };\n"
        "routes = ( " ROUTE " );");
    CU_ASSERT_EQUAL(conf->sinks[0].window_bytes, (48 << 20) / 12 / 16);
    CU_ASSERT_EQUAL(conf->sinks[0].said.window_bytes, 1 << 20);
    CU_ASSERT_EQUAL(conf->sinks[1].window_bytes, 100000);
    unload();
}

static void a_small_file_gets_every_default(void)
{
    load(SOURCES SINKS "routes = ( " ROUTE " );");
    CU_ASSERT_EQUAL(conf->memory, 48 << 20);
    CU_ASSERT_EQUAL(conf->max_record, 8 << 20);
    ASSERT_TEXT(conf->admin.listen.text, "127.0.0.1:9464");
    CU_ASSERT_EQUAL(conf->log.level, LOG_INFO);
    CU_ASSERT_EQUAL(conf->log.format, LOG_AUTO);
    CU_ASSERT_EQUAL(conf->sources[0].workers, 1);
    CU_ASSERT_EQUAL(conf->sources[0].start.kind, START_EARLIEST);
    CU_ASSERT_EQUAL(conf->sources[0].on_out_of_range, OUT_OF_RANGE_STOP);
    CU_ASSERT_EQUAL(conf->sources[0].commit_interval, 500);
    CU_ASSERT_EQUAL(conf->sources[0].drain_timeout, 30000);
    CU_ASSERT_EQUAL(conf->sinks[0].connections, 1);
    CU_ASSERT_EQUAL(conf->sinks[0].window_commands, 2048);
    CU_ASSERT_EQUAL(conf->sinks[0].window_bytes, 512 << 10);
    CU_ASSERT_EQUAL(conf->sinks[0].connect_timeout, 3000);
    CU_ASSERT_EQUAL(conf->sinks[0].response_timeout, 5000);
    ASSERT_TEXT(conf->routes[0].format.text, "raw");
    CU_ASSERT_PTR_NULL(conf->routes[0].key_format.text);
    CU_ASSERT_PTR_NULL(conf->routes[0].ttl.text);
    CU_ASSERT_FALSE(conf->routes[0].all);
    CU_ASSERT_EQUAL(conf->routes[0].on_error, ON_ERROR_STOP);
    unload();
}

static void every_kind_of_option_has_a_name_a_reader_and_a_writer(void)
{
    for (int i = 0; i < KINDS; i++) {
        CU_ASSERT_PTR_NOT_NULL(kinds[i].word);
        CU_ASSERT_PTR_NOT_NULL(kinds[i].read);
        CU_ASSERT_PTR_NOT_NULL(kinds[i].write);
        for (size_t j = 0; kinds[i].words && j < 2; j++)
            CU_ASSERT_PTR_NOT_NULL(kinds[i].words[j]); /* one word is no choice */
    }
}

static void a_route_may_name_every_format(void)
{
    size_t count;
    const struct codec *const *codecs = codec_all(&count);

    for (size_t i = 0; i < count; i++) {
        char text[512];
        snprintf(text, sizeof(text),
                 SOURCES SINKS "defaults = { format = \"%s\"; key_format = \"%s\"; };\n"
                               "routes = ( " ROUTE " );",
                 codecs[i]->name, codecs[i]->name);
        load(text);
        ASSERT_TEXT(conf->routes[0].format.text, codecs[i]->name);
        ASSERT_TEXT(conf->routes[0].key_format.text, codecs[i]->name);
        unload();
    }
}

static void a_route_names_its_source_and_sink(void)
{
    load(SOURCES SINKS "routes = ( " ROUTE " );");
    CU_ASSERT_PTR_EQUAL(conf->routes[0].from, &conf->sources[0]);
    CU_ASSERT_PTR_EQUAL(conf->routes[0].to, &conf->sinks[0]);
    ASSERT_TEXT(conf->sinks[0].host, "h");
    CU_ASSERT_EQUAL(conf->sinks[0].port, 1);
    CU_ASSERT_EQUAL(conf->sinks[0].database, 2);
    unload();
}

static void what_a_route_does_not_say_the_defaults_say(void)
{
    load(SOURCES SINKS
         "defaults = { from = \"main\"; to = \"live\"; ttl = \"5m\"; on_error = \"skip\"; };\n"
         "routes = ( { name = \"a\"; topics = \"t\"; do = \"SET a b\"; },\n"
         "{ name = \"b\"; topics = \"t\"; do = \"SET a b\"; ttl = \"1h\"; on_error = \"stop\"; } "
         ");");
    ASSERT_TEXT(conf->routes[0].ttl.text, "5m");
    CU_ASSERT_TRUE(conf->routes[0].ttl.inherited);
    CU_ASSERT_EQUAL(conf->routes[0].on_error, ON_ERROR_SKIP);
    ASSERT_TEXT(conf->routes[1].ttl.text, "1h");
    CU_ASSERT_FALSE(conf->routes[1].ttl.inherited);
    CU_ASSERT_EQUAL(conf->routes[1].on_error, ON_ERROR_STOP);
    unload();
}

static void commands_mix_strings_and_groups(void)
{
    load(SOURCES SINKS
         "routes = ( { name = \"r\"; from = \"main\"; topics = [ \"t\", \"^u\" ]; to = \"live\";\n"
         "do = ( { when = \"a == 1\"; cmd = \"SET a b\"; }, \"SET \" \"c d\" );\n"
         "del = [ \"UNLINK a\", \"UNLINK b\" ]; } );");
    CU_ASSERT_EQUAL(conf->routes[0].topics.count, 2);
    CU_ASSERT_EQUAL_FATAL(conf->routes[0].do_.count, 2);
    ASSERT_TEXT(conf->routes[0].do_.items[0].when.text, "a == 1");
    CU_ASSERT_PTR_NULL(conf->routes[0].do_.items[1].when.text);
    ASSERT_TEXT(conf->routes[0].do_.items[1].cmd.text, "SET c d");
    CU_ASSERT_EQUAL(conf->routes[0].del.count, 2);
    unload();
}

static void librdkafka_properties_become_text_with_dots(void)
{
    load("version = 1; sources = { main = { brokers = \"k\"; group = \"g\"; librdkafka = {\n"
         "fetch_wait_max_ms = 50; enable_ssl_x = true; ssl_key_password = \"p\"; }; };\n"
         "other = { brokers = \"k\"; group = \"g\"; librdkafka = ( \"debug = all\" ); }; };" SINKS
         "routes = ( " ROUTE " );");
    CU_ASSERT_EQUAL_FATAL(conf->sources[0].librdkafka.count, 3);
    ASSERT_TEXT(conf->sources[0].librdkafka.items[0].name, "fetch.wait.max.ms");
    ASSERT_TEXT(conf->sources[0].librdkafka.items[0].literal, "fetch_wait_max_ms");
    ASSERT_TEXT(conf->sources[0].librdkafka.items[0].value.text, "50");
    CU_ASSERT_EQUAL(conf->sources[0].librdkafka.items[0].value.origin.line, 2);
    ASSERT_TEXT(conf->sources[0].librdkafka.items[1].value.text, "true");
    CU_ASSERT_TRUE(conf->sources[0].librdkafka.items[2].value.secret);
    CU_ASSERT_EQUAL_FATAL(conf->sources[1].librdkafka.count, 1);
    ASSERT_TEXT(conf->sources[1].librdkafka.items[0].name, "debug");
    ASSERT_TEXT(conf->sources[1].librdkafka.items[0].value.text, "all");
    unload();
}

static void a_number_may_come_from_the_environment(void)
{
    setenv("PENSTOCK_TEST_WORKERS", "7", 1);
    load("version = 1; sources = { main = { brokers = \"k\"; group = \"g\";\n"
         "workers = \"${PENSTOCK_TEST_WORKERS}\"; instance_id = \"${PENSTOCK_TEST_NONE:-}\"; }; "
         "};" SINKS "routes = ( " ROUTE " );");
    CU_ASSERT_EQUAL(conf->sources[0].workers, 7);
    CU_ASSERT_PTR_NULL(conf->sources[0].instance_id.text);
    unload();
}

static void settings_beside_a_url_win_over_it(void)
{
    load(SOURCES "sinks = { live = { url = \"redis://u:p@h\"; password = \"q\"; }; };\n"
                 "routes = ( " ROUTE " );");
    ASSERT_TEXT(conf->sinks[0].username.text, "u");
    ASSERT_TEXT(conf->sinks[0].password.text, "q");
    CU_ASSERT_TRUE(conf->sinks[0].password.secret);
    CU_ASSERT_TRUE(conf->sinks[0].url.secret);
    unload();
}

#define OWN   "name = \"own\"; " REST
#define THIRD "name = \"third\"; " REST
#define DEAD  "name = \"r\"; " REST
#define REST  "from = \"main\"; topics = \"t\"; to = \"live\"; do = \"SET a b\"; "

static void dead_letters_go_to_a_topic_or_to_a_stream(void)
{
    load(SOURCES SINKS "dlq = { source = \"main\"; topic = \"dead\"; };\n"
                       "routes = ( { " DEAD "on_error = \"dlq\"; } );");
    CU_ASSERT_PTR_EQUAL(conf->dlq.source, conf->sources);
    ASSERT_TEXT(conf->dlq.topic.text, "dead");
    CU_ASSERT_PTR_NULL(conf->dlq.sink);
    CU_ASSERT_EQUAL(conf->routes[0].on_error, ON_ERROR_DLQ);
    unload();
    load(SOURCES SINKS "dlq = { sink = \"live\"; stream = \"dead\"; maxlen = 1000; };\n"
                       "routes = ( { " DEAD "on_error = \"dlq\"; } );");
    CU_ASSERT_PTR_EQUAL(conf->dlq.sink, conf->sinks);
    ASSERT_TEXT(conf->dlq.stream.text, "dead");
    CU_ASSERT_EQUAL(conf->dlq.maxlen, 1000);
    CU_ASSERT_PTR_NULL(conf->dlq.source);
    unload();
}

static void tolerance_and_retry_are_the_routes_own_or_those_of_the_defaults(void)
{
    load(SOURCES SINKS "defaults = { on_error = \"skip\"; retry = { timeout = \"90s\"; };\n"
                       "tolerance = { records = 100; per = \"1m\"; }; };\n"
                       "routes = ( { " DEAD "}, { " OWN "on_error = \"stop\"; },\n"
                       "{ " THIRD "tolerance = { records = 0; per = \"1h\"; };\n"
                       "retry = { timeout = \"250ms\"; }; } );");
    CU_ASSERT_EQUAL(conf->routes[0].tolerance.records, 100);
    CU_ASSERT_EQUAL(conf->routes[0].tolerance.per, 60000);
    CU_ASSERT_EQUAL(conf->routes[0].retry.timeout, 90000);
    CU_ASSERT_EQUAL(conf->routes[2].tolerance.records, 0);
    CU_ASSERT_EQUAL(conf->routes[2].tolerance.per, 3600000);
    CU_ASSERT_EQUAL(conf->routes[2].retry.timeout, 250);
    unload();
}

static void a_source_that_only_the_dlq_names_is_not_read(void)
{
    load("version = 1; sources = { main = { brokers = \"k\"; group = \"g\"; };\n"
         "far = { brokers = \"f\"; group = \"g\"; }; };\n" SINKS
         "dlq = { source = \"far\"; topic = \"t\"; };\n"
         "routes = ( { " DEAD "on_error = \"dlq\"; } );");
    CU_ASSERT_EQUAL(conf_warnings_count(problems), 0);
    CU_ASSERT_TRUE(conf_is_read(conf, &conf->sources[0]));
    CU_ASSERT_FALSE(conf_is_read(conf, &conf->sources[1]));
    unload();
}

/* --- what the rows say of themselves -----------------------------------------------------------
 */

static void the_reference_page_is_not_stale(void)
{
    ASSERT_PAGE(option_page_write, SOURCE_DIR "/docs/reference/configuration.md");
}

static void the_list_of_options_has_a_line_for_each_one(void)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    option_page_list(out);
    fclose(out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "source.workers INTEGER default \"1\"  change restart  "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "route.do COMMANDS required "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "log.format auto|logfmt|json default \"auto\" "));
    free(text);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_small_file_gets_every_default),
        TEST(every_kind_of_option_has_a_name_a_reader_and_a_writer),
        TEST(a_route_may_name_every_format),
        TEST(a_route_names_its_source_and_sink),
        TEST(what_a_route_does_not_say_the_defaults_say),
        TEST(commands_mix_strings_and_groups),
        TEST(librdkafka_properties_become_text_with_dots),
        TEST(a_number_may_come_from_the_environment),
        TEST(settings_beside_a_url_win_over_it),
        TEST(dead_letters_go_to_a_topic_or_to_a_stream),
        TEST(tolerance_and_retry_are_the_routes_own_or_those_of_the_defaults),
        TEST(a_source_that_only_the_dlq_names_is_not_read),
        TEST(memory_is_shared_by_the_workers_of_sources_that_are_read),
        TEST(units_have_their_part_of_memory),
        TEST(many_windows_share_their_part_of_memory),
        TEST(the_reference_page_is_not_stale),
        TEST(the_list_of_options_has_a_line_for_each_one),
    };

    return SUITE("conf", tests);
}
