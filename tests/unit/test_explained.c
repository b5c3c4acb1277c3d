/* test_explained.c: what a route makes of one record, as text and as JSON. */
#include "conf_of_text.h"
#include "explained_text.h"
#include "suite.h"

#include "record/headers.h"

#include <jansson.h>
#include <stdlib.h>

/* A configuration of the routes @p rows, and what is said of one record. */
static struct conf *conf;
static struct routes *routes;
static struct conf_problems *problems;
static struct header header;
static struct headers headers;
static char *text, *line;
static json_t *json;

static void given(const char *rows)
{
    problems = conf_problems_new();
    conf = conf_of_text(problems,
                        "version = 1; max_record = \"1KiB\";\n"
                        "sources = { main = { brokers = \"k:9092\"; group = \"g\"; }; };\n"
                        "sinks = { live = { url = \"redis://h\"; }; };\n"
                        "dlq = { source = \"main\"; topic = \"letters\"; };\n"
                        "routes = ( %s );\n",
                        rows);
    routes = routes_new(conf, problems);
    CU_ASSERT_EQUAL_FATAL(conf_problems_count(problems), 0);
}

static void end(void)
{
    routes_free(routes);
    conf_free(conf);
    conf_problems_free(problems);
    free(text);
    free(line);
    json_decref(json);
    text = line = NULL;
    json = NULL;
}

static void explain(const char *route, struct record record)
{
    struct explained explained;

    headers = (struct headers){&header, header.name.data ? 1 : 0};
    record.headers = headers_of(&headers);
    record.timestamp_ms = 1700000000000;
    explained_make(&explained, routes_find(routes, route), &record, conf->max_record);
    free(text);
    free(line);
    json_decref(json);
    text = explained_text(&explained, explained_write_text);
    line = explained_text(&explained, explained_write_json);
    json = json_loads(line, JSON_ALLOW_NUL, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    CU_ASSERT_PTR_EQUAL(strchr(line, '\n'), line + strlen(line) - 1);
    explained_clear(&explained);
}

static void explain_value(const char *route, const char *value)
{
    explain(route, (struct record){.value = slice_of(value)});
}

/* Whether the member @p name is @p expected, and how it is if it is not. */
static void has(const char *name, const char *expected)
{
    json_t *wanted = json_loads(expected, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    char *got = json_dumps(json_object_get(json, name), JSON_ENCODE_ANY | JSON_COMPACT);

    if (!json_equal(wanted, json_object_get(json, name)))
        ASSERT_TEXT(got, expected);
    free(got);
    json_decref(wanted);
}

#define ROUTE(name, rest)                                                                          \
    "{ name = \"" name "\"; from = \"main\"; topics = [ \"" name "\", \"^more\\\\.\" ]; "          \
    "to = \"live\"; " rest " }"
#define JSON "format = \"json\"; "

static void a_record_that_is_written_has_commands_and_keys(void)
{
    given(ROUTE("rides", JSON "when = \"kind != 'x'\"; ttl = \"1h\"; "
                              "do = ( { when = \"off\"; cmd = \"ZREM d %{id}\"; }, "
                              "{ cmd = \"HSET ride:%{id} fare %{fare} note %{note|default('')}\"; "
                              "} );"));
    explain_value("rides", "{\"kind\":\"y\",\"id\":7,\"fare\":1.50}");
    has("route", "\"rides\"");
    has("line", "5");
    has("topics", "[\"rides\",\"^more\\\\.\"]");
    has("sink", "\"live\"");
    has("delivery", "\"at_least_once\"");
    has("format", "\"json\"");
    has("matched", "true");
    has("why", "null");
    has("outcome", "\"written\"");
    has("conditions", "[{\"when\":\"kind != 'x'\",\"holds\":true},{\"when\":\"off\","
                      "\"holds\":false}]");
    has("commands", "[[\"HSET\",\"ride:7\",\"fare\",\"1.50\",\"note\",\"\"],"
                    "[\"PEXPIRE\",\"ride:7\",\"3600000\"]]");
    has("keys", "[\"ride:7\"]");
    has("error", "null");
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "  command   HSET ride:7 fare 1.50 note \"\"\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "  keys      ride:7\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "  reads     kind off(missing) id fare note(missing)  "
                                        "(json)\n"));
    end();
}

static void fields_keep_their_type_and_all_their_digits(void)
{
    given(ROUTE("all", JSON "do = \"RPUSH k %{a} %{b} %{c|json} %{d} %{e|default('')} "
                            "%{f|default('')} %{$key} %{$header.h} %{$partition}\"; "
                            "ttl = \"%{ttl}\";"));
    header = (struct header){SLICE("h"), SLICE("\xff")};
    explain("all", (struct record){.value = SLICE("{\"a\":9223372036854775807,\"b\":\"x\\u0000\","
                                                  "\"c\":{\"n\": [1]},\"d\":true,\"e\":null,"
                                                  "\"ttl\":\"1s\"}"),
                                   .key = SLICE("")});
    header = (struct header){0};
    CU_ASSERT_PTR_NOT_NULL(
        strstr(line, "{\"name\":\"a\",\"found\":true,\"value\":9223372036854775807}"));
    char *fields = strstr(line, "{\"name\":\"b\"");
    ASSERT_TEXT(fields ? strtok(fields, "]") : "none",
                "{\"name\":\"b\",\"found\":true,\"value\":\"x\\u0000\"},"
                "{\"name\":\"c\",\"found\":true,\"value\":{\"n\": [1");
    has("error", "null");
    json_t *list = json_object_get(json, "fields");
    static const char *const rest[] = {
        "{\"name\":\"d\",\"found\":true,\"value\":true}",
        "{\"name\":\"e\",\"found\":true,\"value\":null}",
        "{\"name\":\"f\",\"found\":false,\"value\":null}",
        "{\"name\":\"$key\",\"found\":true,\"value\":\"\"}",
        "{\"name\":\"$header.h\",\"found\":true,\"value\":{\"base64\":\"/w==\"}}",
        "{\"name\":\"$partition\",\"found\":true,\"value\":0}",
        "{\"name\":\"ttl\",\"found\":true,\"value\":\"1s\"}",
    };
    CU_ASSERT_EQUAL(json_array_size(list), 10);
    for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++) {
        char *got = json_dumps(json_array_get(list, i + 3), JSON_COMPACT);
        ASSERT_TEXT(got, rest[i]);
        free(got);
    }
    end();
}

static void bytes_that_are_not_utf8_are_base64(void)
{
    given(ROUTE("raw", "do = \"SET r:%{$key} %{$value}\"; del = \"none\";"));
    explain("raw", (struct record){.key = SLICE("\xfe"), .value = SLICE("a\x01\"\n\x7f\0b")});
    has("commands", "[[\"SET\",{\"base64\":\"cjr+\"},\"a\\u0001\\\"\\n\\u007f\\u0000b\"]]");
    has("keys", "[{\"base64\":\"cjr+\"}]");
    explain("raw", (struct record){.key = SLICE(""), .value = SLICE("")});
    has("commands", "[[\"SET\",\"r:\",\"\"]]");
    end();
}

static void what_a_spread_leaves_out_is_told(void)
{
    given(ROUTE("all", JSON "do = \"HSET k %{*}\";"));
    explain_value("all", "{\"a\": 1, \"b\": null, \"c\": {\"d\": 1}, \"e\\n\": [], \"b\": null}");
    has("commands", "[[\"HSET\", \"k\", \"a\", \"1\"]]");
    has("left_out",
        "[{\"name\": \"b\", \"type\": \"null\"}, {\"name\": \"c\", \"type\": \"object\"}, "
        "{\"name\": \"e\\n\", \"type\": \"array\"}]");
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "  left out  b (null), c (object), \"e\\n\" (array): %{*} writes"));
    end();
    given(ROUTE("json", JSON "do = \"SET k %{*|json}\";"));
    explain_value("json", "{\"a\": 1, \"b\": null}");
    has("left_out", "[]");
    end();
}

static void a_record_that_is_filtered_says_why(void)
{
    given(ROUTE("one", JSON "when = \"a == 1\"; do = \"SET k %{b}\";") ", " ROUTE(
        "two", JSON "do = ( { when = \"a == 1\"; cmd = \"SET k %{b}\"; } );"));
    explain_value("one", "{\"a\":2}");
    has("matched", "false");
    has("outcome", "\"filtered\"");
    has("why", "\"the route's condition is false\"");
    has("commands", "[]");
    has("keys", "[]");
    explain_value("two", "{\"a\":2}");
    has("why", "\"the condition of each command is false\"");
    CU_ASSERT_PTR_NOT_NULL(strstr(
        text, "outcome   filtered: no command runs: the condition of each command is false\n"));
    explain("one", (struct record){.key = SLICE("7")});
    has("why", "\"a tombstone, and the route has no command for it\"");
    has("conditions", "[{\"when\":\"a == 1\",\"holds\":null}]");
    end();
}

static void a_topic_that_the_route_does_not_take_is_told(void)
{
    given(ROUTE("one", JSON "do = \"SET k:%{$topic} %{a}\";"));
    explain("one", (struct record){.value = SLICE("{\"a\":2}"), .topic = "other"});
    has("matched", "false");
    has("outcome", "\"not_taken\"");
    has("why", "\"the route does not read that topic\"");
    has("commands", "[]");
    explain("one", (struct record){.value = SLICE("{\"a\":2}"), .topic = "more.x"});
    has("keys", "[\"k:more.x\"]");
    explain("one", (struct record){.value = SLICE("{\"a\":2}")});
    has("keys", "[\"k:one\"]");
    end();
}

static void an_array_as_one_member_is_told(void)
{
    given(ROUTE("cart", JSON "do = \"SADD cart:%{id} %{items} %{items|json}\";") ", " ROUTE(
        "text", JSON "do = \"SET cart:%{id} %{items}\";"));
    explain_value("cart", "{\"id\": 1, \"items\": [1, 2]}");
    has("arrays", "[{\"name\":\"items\",\"command\":\"SADD\",\"argument\":\"member\"}]");
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "  note      items is an array: SADD gets its JSON text as one member\n"));
    explain_value("cart", "{\"id\": 1, \"items\": 3}");
    has("arrays", "[]");
    explain_value("text", "{\"id\": 1, \"items\": [1, 2]}");
    has("arrays", "[]");
    end();
}

static void a_tombstone_unlinks_or_runs_del(void)
{
    given(ROUTE("one", JSON "do = \"SET one:%{$topic}:%{$key} %{a}\";") ", " ROUTE(
        "two", JSON "do = \"SET k:%{a} b\"; del = \"ZREM z %{$key}\";"));
    explain("one", (struct record){.key = SLICE("7")});
    has("commands", "[[\"UNLINK\",\"one:one:7\"]]");
    has("fields", "[{\"name\":\"$topic\",\"found\":true,\"value\":\"one\"},"
                  "{\"name\":\"$key\",\"found\":true,\"value\":\"7\"}]");
    explain("two", (struct record){.key = SLICE("7")});
    has("commands", "[[\"ZREM\",\"z\",\"7\"]]");
    explain("two", (struct record){0});
    has("error", "{\"stage\":\"template\",\"text\":\"ZREM: missing field '$key'\"}");
    end();
}

static void an_error_has_its_stage_and_what_becomes_of_the_record(void)
{
    char large[2048];

    given(ROUTE("stop",
                JSON "do = ( { cmd = \"SET k v\"; }, { cmd = \"SET k %{a}\"; } ); "
                     "all = true;") ", " ROUTE("skip",
                                               JSON "do = \"SET k %{a}\"; on_error = "
                                                    "\"skip\";") ", " ROUTE("dlq", JSON
                                                                            "do = \"SET k %{a}\"; "
                                                                            "on_error = \"dlq\";"));
    explain_value("stop", "{}");
    has("matched", "true");
    has("outcome", "\"held\"");
    has("error", "{\"stage\":\"template\",\"text\":\"SET: missing field 'a'\"}");
    has("commands", "[]");
    has("keys", "[]");
    explain_value("skip", "{\"a\":");
    has("outcome", "\"dropped\"");
    has("fields", "[{\"name\":\"a\",\"found\":false,\"value\":null}]");
    json_t *error = json_object_get(json, "error");
    ASSERT_TEXT(json_string_value(json_object_get(error, "stage")), "decode");
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "  reads     a  (json)\n"));
    memset(large, ' ', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    explain_value("dlq", large);
    has("outcome", "\"dead_lettered\"");
    has("error", "{\"stage\":\"limit\",\"text\":\"record of 2047 bytes is above max_record\"}");
    end();
}

/* --- secrets ---------------------------------------------------------------------------------- */

static void shows_no_secret(void)
{
    if (strstr(text, "hunter2") || strstr(line, "hunter2"))
        fprintf(stderr, "\n%s%s", text, line);
    CU_ASSERT_PTR_NULL(strstr(text, "hunter2"));
    CU_ASSERT_PTR_NULL(strstr(line, "hunter2"));
}

static void given_secret(const char *rows)
{
    setenv("PENSTOCK_TEST_PASSWORD", "hunter2", 1);
    given(rows);
}

#define SECRET "${PENSTOCK_TEST_PASSWORD}"

static void a_secret_in_a_command_is_not_shown(void)
{
    given_secret(ROUTE("one", JSON "do = ( { cmd = \"SET " SECRET ":%{$key} %{a}\"; }, "
                                   "{ cmd = \"SET open:%{$key} %{a}\"; } ); all = true; "
                                   "ttl = \"1s\"; del = \"UNLINK " SECRET "\";"));
    explain("one", (struct record){.key = SLICE("7"), .value = SLICE("{\"a\":1}")});
    shows_no_secret();
    has("commands", "[[\"SET\",\"***\",\"***\",\"***\",\"***\"],"
                    "[\"SET\",\"open:7\",\"1\",\"PX\",\"1000\"]]");
    has("keys", "[\"***\",\"open:7\"]");
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "  command   SET *** *** *** ***\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "  keys      *** open:7\n"));
    explain("one", (struct record){.key = SLICE("7")});
    shows_no_secret();
    has("commands", "[[\"UNLINK\",\"***\"]]");
    end();
}

static void a_key_that_a_tombstone_unlinks_is_not_shown(void)
{
    given_secret(ROUTE("one", JSON "do = \"SET " SECRET ":%{$topic}:%{$key} %{a}\";"));
    explain("one", (struct record){.key = SLICE("7")});
    shows_no_secret();
    has("commands", "[[\"UNLINK\",\"***\"]]");
    has("keys", "[\"***\"]");
    end();
}

static void a_secret_as_the_name_of_a_command_is_not_shown(void)
{
    given_secret(ROUTE("one", JSON "do = \"" SECRET " k %{a}\";"));
    explain_value("one", "{\"a\":1}");
    shows_no_secret();
    has("commands", "[[\"***\",\"***\",\"***\"]]");
    explain_value("one", "{}");
    shows_no_secret();
    has("error", "{\"stage\":\"template\",\"text\":\"***\"}");
    end();
}

static void a_secret_as_the_name_of_a_field_is_not_shown(void)
{
    given_secret(ROUTE("one", JSON "do = \"SET k %{" SECRET "}\";"));
    explain_value("one", "{}");
    shows_no_secret();
    has("fields", "[{\"name\":\"***\",\"found\":true,\"value\":\"***\"}]");
    has("error", "{\"stage\":\"template\",\"text\":\"***\"}");
    end();
}

static void a_secret_in_a_condition_is_not_shown(void)
{
    given_secret(ROUTE("one", JSON "when = \"a != '" SECRET "'\"; "
                                   "do = ( { when = \"" SECRET " == 1\"; cmd = \"SET k %{a}\"; } "
                                   ");"));
    explain_value("one", "{\"a\":1,\"hunter2\":1}");
    shows_no_secret();
    has("conditions", "[{\"when\":\"***\",\"holds\":true},{\"when\":\"***\",\"holds\":true}]");
    explain_value("one", "{\"a\":");
    shows_no_secret();
    has("error", "{\"stage\":\"decode\",\"text\":\"***\"}");
    end();
}

static void a_secret_in_a_ttl_or_a_topic_is_not_shown(void)
{
    setenv("PENSTOCK_TEST_SECRET", "1h", 1);
    given_secret(ROUTE(
        "one",
        JSON "do = \"HSET k a %{a}\"; ttl = \"${PENSTOCK_TEST_SECRET}\";") ", "
                                                                           "{ name = \"two\"; from "
                                                                           "= \"main\"; topics = [ "
                                                                           "\"" SECRET
                                                                           "\" ]; to = \"live\"; "
                                                                           "do = \"SET k:%{$topic} "
                                                                           "%{$value}\"; }");
    explain_value("one", "{\"a\":1}");
    CU_ASSERT_PTR_NULL(strstr(text, "3600000"));
    CU_ASSERT_PTR_NULL(strstr(line, "3600000"));
    explain_value("two", "x");
    shows_no_secret();
    has("topics", "[\"***\"]");
    has("commands", "[[\"SET\",\"***\",\"***\"]]");
    end();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_record_that_is_written_has_commands_and_keys),
        TEST(fields_keep_their_type_and_all_their_digits),
        TEST(bytes_that_are_not_utf8_are_base64),
        TEST(what_a_spread_leaves_out_is_told),
        TEST(a_record_that_is_filtered_says_why),
        TEST(a_topic_that_the_route_does_not_take_is_told),
        TEST(an_array_as_one_member_is_told),
        TEST(a_tombstone_unlinks_or_runs_del),
        TEST(an_error_has_its_stage_and_what_becomes_of_the_record),
        TEST(a_secret_in_a_command_is_not_shown),
        TEST(a_key_that_a_tombstone_unlinks_is_not_shown),
        TEST(a_secret_as_the_name_of_a_command_is_not_shown),
        TEST(a_secret_as_the_name_of_a_field_is_not_shown),
        TEST(a_secret_in_a_condition_is_not_shown),
        TEST(a_secret_in_a_ttl_or_a_topic_is_not_shown),
    };

    return SUITE("explained", tests);
}
