/* test_letters.c: dead letters of the whole pipe, into a topic of a mock cluster and into a stream.
 */
#include "suite.h"

#include "base/clock.h"
#include "base/log.h"
#include "bridge.h"
#include "kafka_member.h"
#include "record/letter.h"
#include "redis_server.h"

#include <poll.h>
#include <stdlib.h>

enum { READ_MS = 15000, SILENCE_MS = 500, LETTERS_MOST = 64, TIMESTAMP = 1700000000 };

#define ROUTE(name, topic, rest)                                                                   \
    "{ name = \"" name "\"; from = \"main\"; topics = [ \"" topic "\" ]; to = \"here\"; " rest "}"
#define TOPIC_DLQ  "dlq = { source = \"main\"; topic = \"dead\"; };\n"
#define STREAM_DLQ "dlq = { sink = \"there\"; stream = \"dead\"; };\n"
#define JSON       "format = \"json\"; on_error = \"dlq\"; "

static struct redis_server *here, *there; /* the sinks of these names */

/* --- the pipe --------------------------------------------------------------------------------- */

static void open_pipe(const char *group, const char *dlq, const char *routes)
{
    char path[300];

    snprintf(path, sizeof(path), "%s/penstock.conf", redis_server_folder(here));
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fprintf(file,
            "version = 1;\n"
            "sources = { main = { brokers = \"%s\"; group = \"%s\"; start = \"earliest\";\n"
            "    commit_interval = \"50ms\"; drain_timeout = \"500ms\";\n"
            "    librdkafka = { session_timeout_ms = 6000; heartbeat_interval_ms = 100;\n"
            "        fetch_wait_max_ms = 10; topic_metadata_refresh_interval_ms = 730; }; }; };\n"
            "sinks = { here = { url = \"redis://127.0.0.1:%d\"; };\n"
            "    there = { url = \"redis://127.0.0.1:%d\"; }; };\n"
            "%sroutes = ( %s );\n",
            rd_kafka_mock_cluster_bootstraps(cluster), group, redis_server_port(here),
            redis_server_port(there), dlq, routes);
    fclose(file);
    bridge_start(path);
}

static void open_servers(void)
{
    here = redis_server_start(NULL);
    there = redis_server_start(NULL);
}

static void close_all(void)
{
    bridge_free();
    redis_server_free(here);
    redis_server_free(there);
}

static uint64_t outcome_of(size_t route, enum outcome outcome)
{
    return metrics_worker(bridge.metrics, 0)->routes[route].outcomes[outcome];
}

/* --- the topic -------------------------------------------------------------------------------- */

static rd_kafka_t *reader;
static rd_kafka_message_t *letters[LETTERS_MOST];
static size_t letter_count;

/* Reads @p topic from its beginning until it has given @p wanted records and is silent. */
static void read_letters(const char *topic, size_t wanted)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(MEMBER_PARTITIONS);
    int64_t until_ms = clock_ms() + READ_MS;
    rd_kafka_message_t *message = NULL;

    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster), NULL,
                      0);
    rd_kafka_conf_set(conf, "group.id", "reader", NULL, 0);
    rd_kafka_conf_set(conf, "fetch.wait.max.ms", "10", NULL, 0);
    reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, NULL, 0);
    for (int32_t i = 0; i < MEMBER_PARTITIONS; i++)
        rd_kafka_topic_partition_list_add(all, topic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(reader, all);
    rd_kafka_topic_partition_list_destroy(all);
    letter_count = 0;
    while (clock_ms() < until_ms && letter_count < LETTERS_MOST) {
        message = rd_kafka_consumer_poll(reader, SILENCE_MS);
        if (message && !message->err)
            letters[letter_count++] = message;
        else if (message)
            rd_kafka_message_destroy(message);
        else if (letter_count >= wanted)
            break;
    }
}

static void close_letters(void)
{
    while (letter_count)
        rd_kafka_message_destroy(letters[--letter_count]);
    rd_kafka_destroy(reader);
}

static size_t header_count(const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers;

    return rd_kafka_message_headers(message, &headers) ? 0 : rd_kafka_header_cnt(headers);
}

/* Header @p index as "name=value", "name" where it is null. */
static const char *header_text(const rd_kafka_message_t *message, size_t index)
{
    static char text[600];
    rd_kafka_headers_t *headers;
    const char *name;
    const void *value;
    size_t length;

    if (rd_kafka_message_headers(message, &headers) ||
        rd_kafka_header_get_all(headers, index, &name, &value, &length))
        return "(none)";
    snprintf(text, sizeof(text), "%s%s%.*s", name, value ? "=" : "", (int)length,
             value ? (const char *)value : "");
    return text;
}

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

    open_servers();
    cluster_topic("bytes");
    cluster_topic("dead");
    cluster_produce("bytes", 1, 0, 3);
    cluster_produce_record("bytes", 1, (struct slice){key, sizeof(key)},
                           (struct slice){value, sizeof(value)}, TIMESTAMP, many_headers(1000));
    cluster_produce("bytes", 1, 4, 6);
    open_pipe("bytes", TOPIC_DLQ,
              ROUTE("near", "bytes", JSON "do = \"RPUSH seen:1 %{$offset} %{*|json}\"; "));
    read_letters("dead", 1);
    CU_ASSERT_EQUAL_FATAL(letter_count, 1);
    const rd_kafka_message_t *letter = letters[0];
    CU_ASSERT_TRUE(is_bytes(letter->key, letter->key_len, (struct slice){key, sizeof(key)}));
    CU_ASSERT_TRUE(is_bytes(letter->payload, letter->len, (struct slice){value, sizeof(value)}));
    CU_ASSERT_EQUAL(rd_kafka_message_timestamp(letter, NULL), TIMESTAMP);
    CU_ASSERT_EQUAL(header_count(letter), 1000 + LETTER_REFERENCE);
    for (int i = 0; i < 1000; i++)
        ASSERT_TEXT(header_text(letter, (size_t)i), many_text(i));
    ASSERT_TEXT(header_text(letter, 1000 + LETTER_TOPIC), "__connect.errors.topic=bytes");
    ASSERT_TEXT(header_text(letter, 1000 + LETTER_PARTITION), "__connect.errors.partition=1");
    ASSERT_TEXT(header_text(letter, 1000 + LETTER_OFFSET), "__connect.errors.offset=3");
    ASSERT_TEXT(header_text(letter, 1000 + LETTER_ROUTE), "__penstock.route=near");
    ASSERT_TEXT(header_text(letter, 1000 + LETTER_CLASS), "__penstock.class=decode");
    ASSERT_TEXT(header_text(letter, 1000 + LETTER_STAGE), "__connect.errors.stage=VALUE_CONVERTER");
    close_letters();
    bridge_stop();
    CU_ASSERT_EQUAL(cluster_committed("bytes", "bytes", 1), 6);
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_DEAD_LETTERED), 1);
    CU_ASSERT_EQUAL(outcome_of(0, OUTCOME_WRITTEN), 5);
    ASSERT_TEXT(redis_ask(here, "LRANGE seen:1 0 -1"), "[0 0 1 1 2 2 4 4 5 5]");
    close_all();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_letter_is_the_record_byte_for_byte_and_says_why),
    };
    int status;

    log_configure(getenv("V") ? LOG_DEBUG : LOG_ERROR, LOG_LOGFMT);
    cluster_start();
    status = SUITE("letters", tests);
    cluster_end();
    return status;
}
