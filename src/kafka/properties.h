/*
 * properties.h: a source's configuration as librdkafka takes it.
 *
 * Some properties are penstock's own, since a promise hangs on them; others have a better default
 * than librdkafka's, which the source's "librdkafka" group may overrule.
 */
#pragma once
#include "base/err.h"
#include "conf/conf.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct properties {
    rd_kafka_conf_t *kafka;
    size_t queue_records;    /* queued.min.messages */
    size_t queue_bytes;      /* queued.max.messages.kbytes */
    bool sleeps;             /* a broker thread sleeps when the queue is full; see wakeup.c */
    int64_t longest_poll_ms; /* max.poll.interval.ms */
};

/**
 * The properties of member @p worker of the source's group.
 * Errors:  ERR_CONFIG; nothing is left to free.
 */
bool properties_make(struct properties *properties, const struct conf *conf,
                     const struct conf_source *source, unsigned worker, struct err *err);

/**
 * The properties of a producer of dead letters on the source's brokers, which queues at most @p
 * memory_bytes; @p limit: the longest record it sends. Errors: NULL and ERR_CONFIG.
 */
rd_kafka_conf_t *properties_make_producer(const struct conf_source *source, size_t memory_bytes,
                                          size_t *limit, struct err *err);

/** Sets one property of the user's. @p err is set where the answer is not RD_KAFKA_CONF_OK; it
 * never shows a secret. */
rd_kafka_conf_res_t properties_set(rd_kafka_conf_t *kafka, const struct conf_property *property,
                                   struct err *err);

/** Sets what the user may overrule, and what nobody may. */
void properties_preset(rd_kafka_conf_t *kafka, const struct conf_source *source);
void properties_force(rd_kafka_conf_t *kafka);

/** Writes the reference page of what penstock sets (docs/reference/librdkafka.md). */
void properties_write_reference(FILE *out);
