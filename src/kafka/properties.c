/* properties.c: a source's configuration as librdkafka takes it. */
#include "kafka/properties.h"

#include "conf/memory_budget.h"
#include "kafka/login.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_BYTES = 64, ERR_BYTES = 512 };

/* --- defaults --------------------------------------------------------------------------------- */

struct preset {
    const char *name, *value;
    bool classic; /* refused with group.protocol=consumer */
};

enum { ANY = false, CLASSIC = true };

/* One that this librdkafka does not know is passed over. */
static const struct preset presets[] = {
#define PRESET(name, value, protocol, why) {name, value, protocol},
#include "kafka/presets.def"
#undef PRESET
};

/* What penstock's promises hang on; set last. */
static const struct preset forced[] = {
    {"enable.auto.commit", "false", false},  {"enable.auto.offset.store", "false", false},
    {"enable.partition.eof", "true", false}, {"auto.offset.reset", "error", false},
    {"statistics.interval.ms", "0", false},  {"log.queue", "true", false},
};

/* The same for the producer of dead letters. Nothing but a report ends the wait for one. */
static const struct preset producer_presets[] = {
#define PRESET(name, value, protocol, why) {name, value, protocol},
#include "kafka/producer.def"
#undef PRESET
};

static const struct preset producer_forced[] = {
    {"enable.idempotence", "true", false},
    {"message.timeout.ms", "0", false},
    {"statistics.interval.ms", "0", false},
    {"log.queue", "true", false},
};

enum {
    PRODUCER_PRESETS = sizeof(producer_presets) / sizeof(producer_presets[0]),
    PRODUCER_FORCED = sizeof(producer_forced) / sizeof(producer_forced[0]),
    PRESETS = sizeof(presets) / sizeof(presets[0]),
    FORCED = sizeof(forced) / sizeof(forced[0])
};

/* The group protocol of KIP-848 leaves assignor and timeouts to the broker. */
static bool is_classic(const struct conf_source *source)
{
    const char *protocol = conf_property(&source->librdkafka, "group.protocol");

    return !protocol || strcmp(protocol, "consumer") != 0;
}

static void set_presets(rd_kafka_conf_t *kafka, const struct preset *rows, size_t count,
                        bool classic)
{
    for (size_t i = 0; i < count; i++)
        if (classic || !rows[i].classic)
            rd_kafka_conf_set(kafka, rows[i].name, rows[i].value, NULL, 0);
}

void properties_preset(rd_kafka_conf_t *kafka, const struct conf_source *source)
{
    set_presets(kafka, presets, PRESETS, is_classic(source));
}

void properties_force(rd_kafka_conf_t *kafka)
{
    set_presets(kafka, forced, FORCED, true);
}

/* --- memory ---------------------------------------------------------------------------- */

enum {
    RECORD_BYTES = 512, /* a queued record of ordinary size, librdkafka's part included */
    LEAST_QUEUED = 2000,
    MOST_QUEUED = 50000,
    FETCHES = 512, /* in a share: lz4 makes up to half of one of a response */
    LEAST_FETCH = 16 * 1024,
    MOST_FETCH = 8 * 1024 * 1024,
    FETCH_PARTS = 3, /* partitions that share one response, so that none waits for the others */
    LEAST_RECEIVE = 16 * 1024 * 1024, /* of metadata, too, where a cluster is large */
    RECEIVE_SLACK = 1024 * 1024,
    LETTER_BYTES = 4096, /* a small one in the producer's queue, which does not count headers */
    LEAST_LETTERS = 100,
    MOST_LETTERS = 100000
};

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    if (value < least)
        return least;
    return value > most ? most : value;
}

static void set_number(rd_kafka_conf_t *kafka, const char *name, int64_t value)
{
    char text[VALUE_BYTES];

    snprintf(text, sizeof(text), "%" PRId64, value);
    rd_kafka_conf_set(kafka, name, text, NULL, 0);
}

/*
 * How much one consumer may read ahead. librdkafka counts only the values of what it has queued,
 * and a whole response is unpacked, however full the queue is; Kafka counts packed bytes. So a
 * response is a small part of the share. A batch larger than that still comes, alone, up to the
 * largest response that is accepted.
 */
static void set_memory(rd_kafka_conf_t *kafka, const struct conf *conf)
{
    int64_t share = memory_budget_share(conf);
    int64_t fetch = clamp(share / FETCHES, LEAST_FETCH, MOST_FETCH);

    set_number(kafka, "queued.min.messages",
               clamp(share / 6 / RECORD_BYTES, LEAST_QUEUED, MOST_QUEUED));
    set_number(kafka, "queued.max.messages.kbytes", clamp(share / 6 / 1024, 1024, 1024 * 1024));
    set_number(kafka, "fetch.max.bytes", fetch);
    set_number(kafka, "fetch.message.max.bytes", fetch / FETCH_PARTS);
    set_number(kafka, "message.max.bytes", fetch); /* fetch.max.bytes' least */
    set_number(kafka, "receive.message.max.bytes",
               clamp(2 * conf->max_record, LEAST_RECEIVE, INT32_MAX - RECEIVE_SLACK) +
                   RECEIVE_SLACK);
}

/* --- making ---------------------------------------------------------------------------- */

rd_kafka_conf_res_t properties_set(rd_kafka_conf_t *kafka, const struct conf_property *property,
                                   struct err *err)
{
    char text[ERR_BYTES] = "";
    rd_kafka_conf_res_t result =
        rd_kafka_conf_set(kafka, property->name, property->value.text, text, sizeof(text));

    /* The text is also filled on success. */
    if (result == RD_KAFKA_CONF_OK)
        return result;
    text[strcspn(text, "\n")] = '\0';
    if (property->value.secret)
        snprintf(text, sizeof(text), "librdkafka refuses the value of \"%s\"", property->name);
    err_set(err, ERR_CONFIG, "%s", text);
    return result;
}

static bool set_text(rd_kafka_conf_t *kafka, char *name, struct conf_text value, struct err *err)
{
    struct conf_property property = {.name = name, .value = value};

    return !value.text || properties_set(kafka, &property, err) == RD_KAFKA_CONF_OK;
}

/* What makes one consumer a member of the group. */
static bool set_member(rd_kafka_conf_t *kafka, const struct conf_source *source, unsigned worker,
                       struct err *err)
{
    char text[ERR_BYTES];
    struct conf_text instance = source->instance_id;

    snprintf(text, sizeof(text), "%s-%u", instance.text ? instance.text : "", worker);
    instance.text = instance.text && *instance.text ? text : NULL;
    return set_text(kafka, (char[]){"bootstrap.servers"}, source->brokers, err) &&
           set_text(kafka, (char[]){"group.id"}, source->group, err) &&
           set_text(kafka, (char[]){"group.instance.id"}, instance, err);
}

static bool set_user_properties(rd_kafka_conf_t *kafka, const struct conf_source *source,
                                struct err *err)
{
    for (size_t i = 0; i < source->librdkafka.count; i++)
        if (properties_set(kafka, &source->librdkafka.items[i], err) != RD_KAFKA_CONF_OK)
            return false;
    return true;
}

static int64_t get_number(rd_kafka_conf_t *kafka, const char *name)
{
    char text[VALUE_BYTES] = "";
    size_t size = sizeof(text);

    if (rd_kafka_conf_get(kafka, name, text, &size) != RD_KAFKA_CONF_OK)
        return 0;
    return strtoll(text, NULL, 10);
}

bool properties_make(struct properties *properties, const struct conf *conf,
                     const struct conf_source *source, unsigned worker, struct err *err)
{
    rd_kafka_conf_t *kafka = rd_kafka_conf_new();

    properties_preset(kafka, source);
    set_memory(kafka, conf);
    if (!set_user_properties(kafka, source, err))
        goto fail;
    properties_force(kafka);
    login_prepare(kafka, source);
    if (!set_member(kafka, source, worker, err))
        goto fail;
    rd_kafka_conf_set_events(kafka, RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT |
                                        RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG);
    properties->kafka = kafka;
    properties->queue_records = (size_t)get_number(kafka, "queued.min.messages");
    properties->queue_bytes = (size_t)get_number(kafka, "queued.max.messages.kbytes") * 1024;
    properties->sleeps = get_number(kafka, "fetch.queue.backoff.ms") == 0;
    properties->longest_poll_ms = get_number(kafka, "max.poll.interval.ms");
    return true;
fail:
    rd_kafka_conf_destroy(kafka);
    return false;
}

rd_kafka_conf_t *properties_make_producer(const struct conf_source *source, size_t memory_bytes,
                                          size_t *limit, struct err *err)
{
    rd_kafka_conf_t *kafka = rd_kafka_conf_new();

    properties_preset(kafka, source);
    set_presets(kafka, producer_presets, PRODUCER_PRESETS, true);
    set_number(kafka, "queue.buffering.max.kbytes",
               clamp((int64_t)memory_bytes / 1024, 1024, INT32_MAX));
    set_number(kafka, "queue.buffering.max.messages",
               clamp((int64_t)memory_bytes / LETTER_BYTES, LEAST_LETTERS, MOST_LETTERS));
    if (!set_user_properties(kafka, source, err) ||
        !set_text(kafka, (char[]){"bootstrap.servers"}, source->brokers, err)) {
        rd_kafka_conf_destroy(kafka);
        return NULL;
    }
    set_presets(kafka, producer_forced, PRODUCER_FORCED, true);
    login_prepare(kafka, source);
    *limit = (size_t)get_number(kafka, "message.max.bytes");
    rd_kafka_conf_set_events(kafka, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG);
    return kafka;
}
