/*
 * floor.c: what librdkafka alone costs: a consumer that takes every record of a topic and does
 * nothing with it.
 *
 *      bench_floor BROKERS TOPIC RECORDS SKIP [PROPERTY=VALUE]...
 *
 * Takes RECORDS records from the beginning of every partition, from one queue as penstock does, and
 * prints: records a second between the first and the last, CPU of the whole process a record, and
 * how old the records were when they came (Kafka's timestamp to now, milliseconds), the first SKIP
 * left out.
 */
#include <librdkafka/rdkafka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 1000, AGES = 100000, SILENCE_S = 60 };

static int64_t now_us(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t cpu_us(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static _Noreturn void fail(const char *what, const char *why)
{
    fprintf(stderr, "bench_floor: %s: %s\n", what, why);
    exit(1);
}

static rd_kafka_t *consumer_new(const char *brokers, char **properties, int count)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char text[512];

    if (rd_kafka_conf_set(conf, "bootstrap.servers", brokers, text, sizeof(text)) ||
        rd_kafka_conf_set(conf, "group.id", "bench-floor", text, sizeof(text)) ||
        rd_kafka_conf_set(conf, "enable.auto.commit", "false", text, sizeof(text)))
        fail("conf", text);
    for (int i = 0; i < count; i++) {
        char *equals = strchr(properties[i], '=');
        if (!equals)
            fail(properties[i], "PROPERTY=VALUE expected");
        *equals = '\0';
        if (rd_kafka_conf_set(conf, properties[i], equals + 1, text, sizeof(text)) ==
            RD_KAFKA_CONF_INVALID)
            fail(properties[i], text);
    }
    rd_kafka_t *consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
    if (!consumer)
        fail("consumer", text);
    rd_kafka_poll_set_consumer(consumer);
    return consumer;
}

/* How many partitions the topic has; a fresh one may take a moment to be known. */
static int partition_count(rd_kafka_t *consumer, rd_kafka_topic_t *topic)
{
    const struct rd_kafka_metadata *metadata;

    for (int tries = 0; tries < 100; tries++) {
        rd_kafka_resp_err_t error = rd_kafka_metadata(consumer, 0, topic, &metadata, 10000);
        if (error)
            fail("metadata", rd_kafka_err2str(error));
        int count = metadata->topics[0].partition_cnt;
        rd_kafka_metadata_destroy(metadata);
        if (count)
            return count;
        nanosleep(&(struct timespec){0, 100000000}, NULL);
    }
    fail("topic", "it has no partitions");
}

/* Every partition of the topic from its beginning, all into one queue. */
static void consumer_assign(rd_kafka_t *consumer, const char *topic, rd_kafka_queue_t *queue)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(consumer, topic, NULL);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    int count = partition_count(consumer, handle);

    for (int i = 0; i < count; i++) {
        rd_kafka_topic_partition_list_add(list, topic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
        rd_kafka_queue_t *partition = rd_kafka_queue_get_partition(consumer, topic, i);
        rd_kafka_queue_forward(partition, queue);
        rd_kafka_queue_destroy(partition);
    }
    rd_kafka_resp_err_t error = rd_kafka_assign(consumer, list);
    if (error)
        fail("assign", rd_kafka_err2str(error));
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_topic_destroy(handle);
}

static int64_t ages[AGES + 1]; /* how many records were so many milliseconds old */

static int64_t age_at(double share, int64_t records)
{
    int64_t seen = 0;

    for (int64_t i = 0; i <= AGES; i++)
        if ((seen += ages[i]) >= (int64_t)(share * (double)records))
            return i;
    return AGES;
}

static void count_batch(rd_kafka_message_t **messages, ssize_t count, int64_t *records,
                        int64_t skip)
{
    int64_t now_ms = now_us(CLOCK_REALTIME) / 1000;

    for (ssize_t i = 0; i < count; i++) {
        if (!messages[i]->err) {
            int64_t age = now_ms - rd_kafka_message_timestamp(messages[i], NULL);
            if ((*records)++ >= skip)
                ages[age < 0 ? 0 : age > AGES ? AGES : age]++;
        }
        rd_kafka_message_destroy(messages[i]);
    }
}

/* What is there, as soon as something is: a batch call alone would wait until it is full. */
static ssize_t take(rd_kafka_queue_t *queue, rd_kafka_message_t **messages)
{
    messages[0] = rd_kafka_consume_queue(queue, 100);
    if (!messages[0])
        return 0;
    ssize_t more = rd_kafka_consume_batch_queue(queue, 0, messages + 1, BATCH - 1);
    return more > 0 ? more + 1 : 1;
}

int main(int argc, char **argv)
{
    if (argc < 5)
        fail("usage", "bench_floor BROKERS TOPIC RECORDS SKIP [PROPERTY=VALUE]...");
    int64_t wanted = atoll(argv[3]), skip = atoll(argv[4]), records = 0, first_us = 0,
            heard_us = now_us(CLOCK_MONOTONIC);
    rd_kafka_t *consumer = consumer_new(argv[1], argv + 5, argc - 5);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(consumer);
    static rd_kafka_message_t *messages[BATCH];

    consumer_assign(consumer, argv[2], queue);
    while (records < wanted) {
        ssize_t count = take(queue, messages);
        if (count > 0) {
            heard_us = now_us(CLOCK_MONOTONIC);
            first_us = first_us ? first_us : heard_us;
            count_batch(messages, count, &records, skip);
        } else if (now_us(CLOCK_MONOTONIC) - heard_us > SILENCE_S * 1000000LL) {
            fail("records", "none came for a minute");
        }
    }
    int64_t took_us = now_us(CLOCK_MONOTONIC) - first_us, used_us = cpu_us();
    printf("records %" PRId64 "\nrate %.0f\ncpu_ns %.0f\nage_p50_ms %" PRId64
           "\nage_p99_ms %" PRId64 "\n",
           records, (double)records * 1e6 / (double)(took_us ? took_us : 1),
           (double)used_us * 1e3 / (double)records, age_at(0.5, records - skip),
           age_at(0.99, records - skip));
    fflush(stdout);
    _exit(0); /* closing would cost time that is nobody's */
}
