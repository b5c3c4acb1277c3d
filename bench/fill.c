/*
 * fill.c: fills a topic with what the measures read.
 *
 *      bench_fill BROKERS TOPIC RECORDS text|json [RATE]
 *
 * text: values of 128 bytes; json: objects of 310 bytes with 16 fields. Keys are
 * "key:000000012345", a hundred thousand of them in random order, always the same. lz4. With RATE
 * so many records a second, evenly, for the latency.
 */
#include <librdkafka/rdkafka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEYS = 100000, TEXT_BYTES = 128, JSON_BYTES = 310, VALUE_ROOM = 512 };

static uint64_t random_state = 88172645463325252ULL;

/* xorshift64 by Marsaglia */
static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static _Noreturn void fail(const char *what, const char *why)
{
    fprintf(stderr, "bench_fill: %s: %s\n", what, why);
    exit(1);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[512];

    if (rd_kafka_conf_set(conf, name, value, text, sizeof(text)))
        fail(name, text);
}

static size_t fill_text(char *value)
{
    for (int i = 0; i < TEXT_BYTES; i += 16)
        snprintf(value + i, 17, "%016" PRIx64, random_next());
    return TEXT_BYTES;
}

static size_t fill_json(char *value, unsigned key, int64_t number)
{
    uint64_t dice = random_next();
    int length = snprintf(
        value, VALUE_ROOM,
        "{\"driver_id\":\"d%05u\",\"city\":\"santiago\",\"lat\":-33.%06u,\"lon\":-70.%06u,"
        "\"status\":\"%s\",\"speed\":%u.%u,\"heading\":%u,\"accuracy_m\":%u,\"seq\":%010" PRId64
        ",\"vehicle\":{\"type\":\"sedan\",\"plate\":\"AB%04u\"},\"online\":true,\"battery\":0.%02u,"
        "\"trip\":null,\"app\":\"4.18.2\",\"device\":\"android\",\"note\":\"",
        key, (unsigned)(dice % 1000000), (unsigned)(dice / 7 % 1000000),
        dice & 1 ? "on_trip" : "waiting", (unsigned)(dice % 90) + 10, (unsigned)(dice % 10),
        (unsigned)(dice % 260) + 100, (unsigned)(dice % 9) + 1, number + 1000000000,
        (unsigned)(dice % 10000), (unsigned)(dice % 100));
    while (length < JSON_BYTES - 2)
        value[length++] = 'x';
    memcpy(value + length, "\"}", 2);
    return (size_t)length + 2;
}

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Waits until record @p number is due. */
static void pace(int64_t started_us, int64_t number, int64_t rate)
{
    int64_t due_us = started_us + number * 1000000 / rate, wait_us = due_us - now_us();

    if (wait_us > 200)
        nanosleep(&(struct timespec){wait_us / 1000000, wait_us % 1000000 * 1000}, NULL);
}

static void produce(rd_kafka_t *producer, rd_kafka_topic_t *topic, char *value, size_t length,
                    unsigned number)
{
    char key[32];
    size_t key_length = (size_t)snprintf(key, sizeof(key), "key:%012u", number);

    while (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, value, length, key,
                            key_length, NULL)) {
        if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            fail("produce", rd_kafka_err2str(rd_kafka_last_error()));
        rd_kafka_poll(producer, 10);
    }
}

int main(int argc, char **argv)
{
    char text[512], value[VALUE_ROOM + 1];

    if (argc < 5)
        fail("usage", "bench_fill BROKERS TOPIC RECORDS text|json [RATE]");
    int64_t records = atoll(argv[3]), rate = argc > 5 ? atoll(argv[5]) : 0;
    int json = strcmp(argv[4], "json") == 0;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", argv[1]);
    set(conf, "compression.codec", "lz4");
    set(conf, "linger.ms", rate ? "5" : "50"); /* rate: the default */
    set(conf, "batch.size", "262144");
    set(conf, "queue.buffering.max.messages", "500000");
    rd_kafka_t *producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (!producer)
        fail("producer", text);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(producer, argv[2], NULL);
    int64_t started_us = now_us();
    for (int64_t i = 0; i < records; i++) {
        unsigned key = (unsigned)(random_next() % KEYS);
        if (rate && i % 16 == 0)
            pace(started_us, i, rate);
        produce(producer, topic, value, json ? fill_json(value, key, i) : fill_text(value), key);
        if (i % 1000 == 0)
            rd_kafka_poll(producer, 0);
    }
    if (rd_kafka_flush(producer, 60000))
        fail("flush", "not everything was acknowledged in a minute");
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(producer);
    return 0;
}
