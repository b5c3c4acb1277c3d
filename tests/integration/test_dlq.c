/* test_dlq.c: dead letters of the whole pipe, into a topic of a mock cluster and into a stream.
 */
#include "suite.h"

#include "base/log.h"
#include "dlq_fixture.h"
#include "gave_up_after.h"

#include <stdlib.h>

enum { TIMESTAMP = 1700000000 };

static bool is_bytes(const void *bytes, size_t length, struct slice wanted)
{
    return (bytes != NULL) == (wanted.data != NULL) &&
           slice_equal((struct slice){bytes, length}, wanted);
}

/* --- as it was -------------------------------------------------------------------------------- */

/* Names that repeat, values that are null, empty and no text. */
static rd_kafka_headers_t *many_headers(int count)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new((size_t)count);
    char name[32], value[32];

    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "name-%d", i % 7);
        snprintf(value, sizeof(value), "%d\xff", i);
        rd_kafka_header_add(headers, name, -1, i % 5 ? value : NULL, i % 3 ? -1 : 0);
    }
    return headers;
}

/* Header @p i of many_headers(). */
static const char *many_text(int i)
{
    static char text[64];

    if (i % 5)
        snprintf(text, sizeof(text), "name-%d=%.*s", i % 7, i % 3 ? 20 : 0, "");
    else
        snprintf(text, sizeof(text), "name-%d", i % 7);
    if (i % 5 && i % 3)
        snprintf(text, sizeof(text), "name-%d=%d\xff", i % 7, i);
    return text;
}

static void a_letter_is_the_record_byte_for_byte_and_says_why(void)
{
    static const char key[] = "\0key\r\n\xff", value[] = "{\"broken\0\xfe\r\n";

    bridge_open_servers();
    cluster_topic("bytes");
    cluster_topic("dead");
    cluster_produce("bytes", 1, 0, 3);
    cluster_produce_record("bytes", 1, (struct slice){key, sizeof(key)},
                           (struct slice){value, sizeof(value)}, TIMESTAMP, many_headers(1000));
    cluster_produce("bytes", 1, 4, 6);
    bridge_open_two(
        "bytes", TOPIC_DLQ("dead"),
        BRIDGE_ROUTE("near", "bytes", JSON "do = \"RPUSH seen:1 %{$offset} %{*|json}\"; "));
    read_letters("dead", 1);
    CU_ASSERT_EQUAL_FATAL(letter_count, 1);
    const rd_kafka_message_t *letter = letters[0];
    CU_ASSERT_TRUE(is_bytes(letter->key, letter->key_len, (struct slice){key, sizeof(key)}));
    CU_ASSERT_TRUE(is_bytes(letter->payload, letter->len, (struct slice){value, sizeof(value)}));
    CU_ASSERT_EQUAL(rd_kafka_message_timestamp(letter, NULL), TIMESTAMP);
    CU_ASSERT_EQUAL(header_count(letter), 1000 + DLQ_FACT_REFERENCE);
    for (int i = 0; i < 1000; i++)
        ASSERT_TEXT(header_text(letter, (size_t)i), many_text(i));
    ASSERT_TEXT(header_text(letter, 1000 + DLQ_FACT_TOPIC), "__connect.errors.topic=bytes");
    ASSERT_TEXT(header_text(letter, 1000 + DLQ_FACT_PARTITION), "__connect.errors.partition=1");
    ASSERT_TEXT(header_text(letter, 1000 + DLQ_FACT_OFFSET), "__connect.errors.offset=3");
    ASSERT_TEXT(header_text(letter, 1000 + DLQ_FACT_ROUTE), "__penstock.route=near");
    ASSERT_TEXT(header_text(letter, 1000 + DLQ_FACT_CLASS), "__penstock.class=decode");
    ASSERT_TEXT(header_text(letter, 1000 + DLQ_FACT_STAGE),
                "__connect.errors.stage=VALUE_CONVERTER");
    close_letters();
    bridge_stop();
    CU_ASSERT_EQUAL(cluster_committed("bytes", "bytes", 1), 6);
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_DEAD_LETTERED), 1);
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_WRITTEN), 5);
    ASSERT_TEXT(redis_ask(here, "LRANGE seen:1 0 -1"), "[0 0 1 1 2 2 4 4 5 5]");
    bridge_close_two();
}

/* --- why -------------------------------------------------------------------------------------- */

static void a_refused_command_is_told_by_its_template_and_redis_own_words(void)
{
    bridge_open_servers();
    redis_ask(here, "SET string-2 x");
    cluster_topic("refused");
    cluster_topic("dead.refused");
    cluster_produce("refused", 1, 0, 5);
    bridge_open_two(
        "refused", TOPIC_DLQ("dead.refused"),
        BRIDGE_ROUTE("near", "refused",
                     "on_error = \"dlq\"; all = true; do = ( \"RPUSH seen:1 %{$offset}\",\n"
                     "\"APPEND string-%{$key} y\", \"RPUSH string-%{$key} %{$offset}\" ); "
                     "when = \"$key != '4'\"; "));
    read_letters("dead.refused", 4);
    CU_ASSERT_EQUAL(letter_count, 4); /* APPEND made a string of each */
    for (size_t i = 0; i < letter_count; i++) {
        size_t own = header_count(letters[i]) - DLQ_FACT_REFERENCE;
        CU_ASSERT_EQUAL(own, 1);
        ASSERT_TEXT(header_text(letters[i], own + DLQ_FACT_COMMAND),
                    "__penstock.command=RPUSH string-%{$key} %{$offset}");
        ASSERT_TEXT(header_text(letters[i], own + DLQ_FACT_CLASS), "__penstock.class=reject");
        ASSERT_TEXT(header_text(letters[i], own + DLQ_FACT_STAGE),
                    "__connect.errors.stage=TASK_PUT");
        ASSERT_TEXT(header_text(letters[i], own + DLQ_FACT_EXCEPTION),
                    "__connect.errors.exception.class.name=redis.WRONGTYPE");
        ASSERT_TEXT(header_text(letters[i], own + DLQ_FACT_ERROR),
                    "__penstock.error=WRONGTYPE Operation against a key holding the wrong kind of "
                    "value");
        ASSERT_TEXT(header_text(letters[i], own + DLQ_FACT_ATTEMPTS), "__penstock.attempts=1");
    }
    close_letters();
    bridge_stop();
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_DEAD_LETTERED), 4);
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_FILTERED), 1);
    CU_ASSERT_EQUAL(cluster_committed("refused", "refused", 1), 5);
    ASSERT_TEXT(redis_ask(here, "LRANGE seen:1 0 -1"), "[0 1 2 3]");
    bridge_close_two();
}

static void what_is_null_stays_null_and_what_is_empty_stays_empty(void)
{
    struct slice none = {0}, empty = {"", 0}, text = SLICE("x");

    bridge_open_servers();
    redis_ask(here, "SET string x");
    cluster_topic("nulls");
    cluster_topic("dead.nulls");
    cluster_produce_record("nulls", 1, none, empty, TIMESTAMP, rd_kafka_headers_new(0));
    cluster_produce_record("nulls", 1, empty, none, TIMESTAMP, rd_kafka_headers_new(0));
    cluster_produce_record("nulls", 1, text, text, TIMESTAMP, rd_kafka_headers_new(0));
    bridge_open_two(
        "nulls", TOPIC_DLQ("dead.nulls"),
        BRIDGE_ROUTE("near", "nulls",
                     "on_error = \"dlq\"; do = \"RPUSH string 1\"; del = \"RPUSH string 1\"; "));
    read_letters("dead.nulls", 3);
    CU_ASSERT_EQUAL_FATAL(letter_count, 3);
    for (size_t i = 0; i < letter_count; i++) {
        const rd_kafka_message_t *letter = letters[i];
        const char *offset =
            header_text(letter, DLQ_FACT_OFFSET) + strlen("__connect.errors.offset=");
        bool first = strcmp(offset, "0") == 0, second = strcmp(offset, "1") == 0;
        CU_ASSERT_TRUE(is_bytes(letter->key, letter->key_len,
                                first    ? none
                                : second ? empty
                                         : text));
        CU_ASSERT_TRUE(is_bytes(letter->payload, letter->len,
                                first    ? empty
                                : second ? none
                                         : text));
    }
    close_letters();
    bridge_stop();
    bridge_close_two();
}

static void a_value_above_the_topics_limit_goes_by_reference(void)
{
    bridge_open_servers();
    cluster_topic("large");
    cluster_topic("dead.large");
    cluster_produce_large("large", 2, 1200000);
    cluster_produce("large", 2, 1, 3);
    bridge_open_two(
        "large", TOPIC_DLQ("dead.large"),
        BRIDGE_ROUTE("near", "large", JSON "do = \"RPUSH seen:2 %{$offset} %{*|json}\"; "));
    read_letters("dead.large", 1);
    CU_ASSERT_EQUAL_FATAL(letter_count, 1);
    CU_ASSERT_PTR_NULL(letters[0]->payload);
    CU_ASSERT_TRUE(is_bytes(letters[0]->key, letters[0]->key_len, SLICE("1")));
    CU_ASSERT_EQUAL(header_count(letters[0]), 1 + DLQ_FACTS);
    ASSERT_TEXT(header_text(letters[0], 0), "number=1");
    ASSERT_TEXT(header_text(letters[0], 1 + DLQ_FACT_REFERENCE), "__penstock.reference=large[2]@0");
    close_letters();
    bridge_stop();
    CU_ASSERT_EQUAL(cluster_committed("large", "large", 2), 3);
    bridge_close_two();
}

static void a_record_that_waited_too_long_is_a_letter_that_says_how_often_it_was_sent(void)
{
    bridge_open_servers();
    redis_ask(here, "CONFIG SET min-replicas-to-write 1");
    cluster_topic("later");
    cluster_topic("dead.later");
    cluster_produce("later", 3, 0, 1);
    bridge_open_two(
        "later", TOPIC_DLQ("dead.later"),
        BRIDGE_ROUTE("near", "later",
                     "on_error = \"dlq\"; retry = { timeout = \"500ms\"; }; do = \"SET a b\"; "));
    read_letters("dead.later", 1);
    CU_ASSERT_EQUAL_FATAL(letter_count, 1);
    int64_t tried_ms = gave_up_after_ms(header_text(letters[0], 1 + DLQ_FACT_ERROR));
    CU_ASSERT_TRUE(tried_ms >= 500 && tried_ms < AT_ONCE_MS);
    CU_ASSERT_TRUE(
        atoi(header_text(letters[0], 1 + DLQ_FACT_ATTEMPTS) + strlen("__penstock.attempts=")) > 2);
    close_letters();
    bridge_stop();
    CU_ASSERT_EQUAL(cluster_committed("later", "later", 3), 1);
    bridge_close_two();
}

/* --- into a stream ---------------------------------------------------------------------------- */

/* A field of the only entry of the stream. */
static const char *field(const char *name)
{
    return redis_ask(there, "EVAL %s 0 %s",
                     "local e = redis.call('XRANGE', 'dead', '-', '+')[1][2] "
                     "for i = 1, #e, 2 do if e[i] == ARGV[1] then return e[i + 1] end end "
                     "return '(none)'",
                     name);
}

static void a_stream_takes_letters_as_well(void)
{
    static const char key[] = "\0k\xff";

    bridge_open_servers();
    cluster_topic("stream");
    rd_kafka_headers_t *headers = rd_kafka_headers_new(3);
    rd_kafka_header_add(headers, "a", -1, "\"1\"", -1);
    rd_kafka_header_add(headers, "a", -1, NULL, 0);
    rd_kafka_header_add(headers, "b", -1, "\xff", 1);
    cluster_produce_record("stream", 0, (struct slice){key, 3}, SLICE("{"), TIMESTAMP, headers);
    bridge_open_two("stream", "dlq = { sink = \"there\"; stream = \"dead\"; maxlen = 1000; };\n",
                    BRIDGE_ROUTE("near", "stream", JSON "do = \"SET x %{a}\"; "));
    CU_ASSERT_TRUE(committed_comes("stream", "stream", 0, 1));
    bridge_stop();
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_DEAD_LETTERED), 1);
    ASSERT_TEXT(redis_ask(there, "XLEN dead"), "1");
    ASSERT_TEXT(field("value"), "{");
    ASSERT_TEXT(field("headers"),
                "[[\"a\",\"\\\"1\\\"\"],[\"a\",null],[\"b\",{\"base64\":\"/w==\"}]]");
    ASSERT_TEXT(field("timestamp"), "1700000000");
    ASSERT_TEXT(field("__connect.errors.topic"), "stream");
    ASSERT_TEXT(field("__penstock.class"), "decode");
    ASSERT_TEXT(field("__penstock.reference"), "(none)");
    ASSERT_TEXT(redis_ask(there, "EVAL %s 0 %b",
                          "local e = redis.call('XRANGE', 'dead', '-', '+')[1][2] "
                          "return e[1] == 'key' and e[2] == ARGV[1] and 'same' or 'other'",
                          key, (size_t)3),
                "same");
    bridge_close_two();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_letter_is_the_record_byte_for_byte_and_says_why),
        TEST(a_refused_command_is_told_by_its_template_and_redis_own_words),
        TEST(what_is_null_stays_null_and_what_is_empty_stays_empty),
        TEST(a_value_above_the_topics_limit_goes_by_reference),
        TEST(a_record_that_waited_too_long_is_a_letter_that_says_how_often_it_was_sent),
        TEST(a_stream_takes_letters_as_well),
    };
    int status;

    log_configure(LOG_ERROR, LOG_LOGFMT);
    cluster_start();
    status = SUITE_APART("dlq", tests);
    cluster_end();
    return status;
}
