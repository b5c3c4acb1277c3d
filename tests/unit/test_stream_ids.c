/* test_stream_ids.c: what the ids of a stream's entries are made of, and what is said at load. */
#include "suite.h"

#include "flow/stream_ids.h"

#include <stdlib.h>

enum { ROUTES = 2 };

static struct conf conf;
static struct conf_route route_confs[ROUTES];
static struct conf_source source;
static struct conf_sink sinks[2];
static struct conf_text topics[ROUTES][2];
static struct conf_command commands[ROUTES][2];

static struct conf_text text(const char *value)
{
    return (struct conf_text){.text = value, .origin = {"test.conf", 1}};
}

/* Route @p index takes the topic "rides". */
static void given_route(size_t index, const char *cmd)
{
    topics[index][0] = text("rides");
    commands[index][0].cmd = text(cmd);
    route_confs[index] = (struct conf_route){.name = index ? "two" : "one",
                                             .from = &source,
                                             .to = &sinks[0],
                                             .topics = {topics[index], 1},
                                             .do_ = {commands[index], 1, false},
                                             .origin = {"test.conf", 1}};
    conf.route_count = index + 1;
}

static void given(const char *cmd)
{
    for (size_t i = 0; i < 2; i++)
        sinks[i] = (struct conf_sink){
            .name = "live", .url = text("redis://a"), .window_commands = 2048, .connections = 1};
    conf = (struct conf){.sources = &source,
                         .source_count = 1,
                         .sinks = sinks,
                         .sink_count = 2,
                         .routes = route_confs};
    given_route(0, cmd);
}

static void and_given(const char *topic, const char *cmd)
{
    given_route(1, cmd);
    topics[1][0] = text(topic);
}

/* All that is said of the file, each with its kind. */
static const char *said(void)
{
    static char out[4000];
    struct conf_problems *problems = conf_problems_new();
    struct routes *routes = routes_new(&conf, problems);
    FILE *file = fmemopen(out, sizeof(out), "w");

    out[0] = '\0';
    conf_problems_write(problems, CONF_NOTE, file);
    fclose(file);
    routes_free(routes);
    conf_problems_free(problems);
    return out;
}

static enum stream_id id_of(const char *cmd)
{
    struct err err;
    struct template *template = template_new(cmd, true, &err);
    enum stream_id id = stream_id_of(template);

    template_free(template);
    return id;
}

static void an_id_that_rises_with_the_offset_is_recognised(void)
{
    static const char *const lines[] = {
        "XADD s:%{$partition} %{$offset}-1 a b",
        "xadd s maxlen ~ 1000 limit 10 %{$offset}-1 a b",
        "XADD s NOMKSTREAM MINID = %{$offset} %{$offset}-15 a b",
        "XADD s MAXLEN 1000 %{$offset}-0 a b",
        "XADD s %{$offset} a b",
        "XADD s 7-%{$offset} a b",
        "XADD s %{$partition}-%{$offset} a b",
        "XADD s %{$offset}-%{$partition} %{*}",
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        CU_ASSERT_EQUAL(id_of(lines[i]), STREAM_ID_OF_OFFSET);
}

static void each_form_of_a_stream_id_is_recognised(void)
{
    CU_ASSERT_EQUAL(id_of("SET s %{$offset}-1"), STREAM_ID_NONE);
    CU_ASSERT_EQUAL(id_of("XADD s"), STREAM_ID_NONE);
    CU_ASSERT_EQUAL(id_of("XADD s * offset %{$offset}-1"), STREAM_ID_OF_REDIS);
    CU_ASSERT_EQUAL(id_of("XADD s %{$offset}-* a b"), STREAM_ID_HALF);
    CU_ASSERT_EQUAL(id_of("XADD s 5-* a b"), STREAM_ID_HALF);
    CU_ASSERT_EQUAL(id_of("XADD s %{$timestamp}-%{$offset} a b"), STREAM_ID_OF_RECORD);
    CU_ASSERT_EQUAL(id_of("XADD s %{$offset|default('1')}-1 a b"), STREAM_ID_OF_RECORD);
    CU_ASSERT_EQUAL(id_of("XADD s 1%{$offset}-1 a b"), STREAM_ID_OF_RECORD);
    CU_ASSERT_EQUAL(id_of("XADD s 0-1%{$offset} a b"), STREAM_ID_OF_RECORD);
    CU_ASSERT_EQUAL(id_of("XADD s 5-1 a b"), STREAM_ID_OF_RECORD);
}

#define EXPECT_SAID(part) CU_ASSERT_PTR_NOT_NULL(strstr(said(), part))
#define EXPECT_NOTHING()  ASSERT_TEXT(said(), "")

static void the_usual_way_is_right_as_it_stands(void)
{
    given("XADD s:%{$partition} MAXLEN ~ 100000 %{$offset}-1 a b");
    EXPECT_NOTHING();
    given("XADD s:%{$topic}:%{$partition} MINID ~ 5 %{$offset}-1 a b");
    topics[0][1] = text("walks");
    route_confs[0].topics.count = 2;
    EXPECT_NOTHING();
}

static void offsets_of_partitions_and_topics_must_not_meet(void)
{
    given("XADD s %{$offset}-1 a b");
    EXPECT_SAID("warning: this stream's ids are offsets, and each partition counts its own");
    given("XADD s:%{$partition} %{$offset}-1 a b");
    topics[0][0] = text("^rides");
    EXPECT_SAID("warning: this stream's ids are offsets, and each partition counts its own");
}

static void an_id_of_zeros_is_told(void)
{
    static const char part[] =
        "warning: the record at offset 0 has the id 0-0, which Redis refuses";
    static const char partition[] =
        "warning: the record at offset 0 of partition 0 has the id 0-0, which Redis refuses";

    given("XADD s:%{$partition} %{$offset} a b");
    EXPECT_SAID(part);
    given("XADD s:%{$partition} %{$offset}-0 a b");
    EXPECT_SAID(part);
    given("XADD s:%{$partition} 0-%{$offset} a b");
    EXPECT_SAID(part);
    given("XADD s:%{$partition} %{$partition}-%{$offset} a b");
    EXPECT_SAID(partition);
    given("XADD s:%{$partition} 7-%{$offset} a b");
    EXPECT_NOTHING();
}

static void ids_that_may_fall_are_told(void)
{
    given("XADD s %{$timestamp}-1 a b");
    EXPECT_SAID("warning: route 'one': Redis takes a stream's ids only in rising order: a record");
    CU_ASSERT_PTR_NULL(strstr(said(), "may run twice"));
    given("XADD s %{$timestamp}-* a b");
    EXPECT_SAID("only in rising order");
    EXPECT_SAID("warning: route 'one': after a crash XADD may run twice");
}

static void a_stream_shorter_than_what_is_written_again_is_told(void)
{
    given("XADD s:%{$partition} MAXLEN ~ 6143 %{$offset}-1 a b");
    EXPECT_SAID("after a crash up to 6144 records are written again, and the stream keeps 6143");
    given("XADD s:%{$partition} MAXLEN = 6144 %{$offset}-1 a b");
    EXPECT_NOTHING();
    given("XADD s:%{$partition} MAXLEN 10 %{$offset}-1 a b");
    route_confs[0].delivery = EXACTLY_ONCE;
    EXPECT_NOTHING();
}

static void two_topics_in_one_stream_are_an_error(void)
{
    given("XADD s:%{$partition} %{$offset}-1 a b");
    and_given("walks", "XADD s:%{$partition} %{$offset}-2 a b");
    EXPECT_SAID("error: routes 'one' and 'two' write to one stream, with the offsets of different "
                "topics for ids: Redis refuses those that are behind");
    route_confs[1].to = &sinks[1]; /* the same server */
    EXPECT_SAID("error: routes 'one' and 'two' write to one stream");
    sinks[1].url = text("redis://b");
    EXPECT_NOTHING();
}

static void where_the_records_tell_it_is_a_warning(void)
{
    given("XADD s:%{tenant}:%{$partition} %{$offset}-1 a b");
    and_given("walks", "XADD s:%{tenant}:%{$partition} %{$offset}-2 a b");
    route_confs[0].format = route_confs[1].format = text("json");
    EXPECT_SAID("warning: routes 'one' and 'two' write to one stream, with the offsets");
    given("XADD s:%{$topic}:%{$partition} %{$offset}-1 a b");
    and_given("walks", "XADD s:%{$topic}:%{$partition} %{$offset}-2 a b");
    EXPECT_NOTHING();
}

static void ids_of_redis_do_not_go_with_offsets(void)
{
    given("XADD s:%{$partition} * a b");
    route_confs[0].delivery = EXACTLY_ONCE;
    and_given("rides", "XADD s:%{$partition} %{$offset}-1 a b");
    route_confs[1].delivery = EXACTLY_ONCE;
    EXPECT_SAID("error: routes 'one' and 'two' write to one stream: the ids that Redis makes (*)");
    commands[0][0].cmd = text("XADD t:%{$partition} * a b");
    EXPECT_NOTHING();
}

static void letters_do_not_go_with_offsets(void)
{
    given("XADD s %{$offset}-1 a b");
    conf.dlq.sink = &sinks[1];
    conf.dlq.stream = text("s");
    EXPECT_SAID("error: route 'one' writes to the dlq's stream");
    conf.dlq.stream = text("dead");
    CU_ASSERT_PTR_NULL(strstr(said(), "error: "));
}

static void one_record_has_one_entry_of_an_id(void)
{
    given("XADD s:%{$partition} %{$offset}-1 a b");
    and_given("rides", "XADD s:%{$partition} %{$offset}-1 c d");
    EXPECT_SAID("warning: routes 'one' and 'two' write entries of one id to one stream");
    commands[1][0].cmd = text("XADD s:%{$partition} %{$offset}-2 c d");
    EXPECT_NOTHING();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(an_id_that_rises_with_the_offset_is_recognised),
        TEST(each_form_of_a_stream_id_is_recognised),
        TEST(the_usual_way_is_right_as_it_stands),
        TEST(offsets_of_partitions_and_topics_must_not_meet),
        TEST(an_id_of_zeros_is_told),
        TEST(ids_that_may_fall_are_told),
        TEST(a_stream_shorter_than_what_is_written_again_is_told),
        TEST(two_topics_in_one_stream_are_an_error),
        TEST(where_the_records_tell_it_is_a_warning),
        TEST(ids_of_redis_do_not_go_with_offsets),
        TEST(letters_do_not_go_with_offsets),
        TEST(one_record_has_one_entry_of_an_id),
    };

    return SUITE("stream_ids", tests);
}
