/*
 * handle.h: ends a librdkafka handle, within a limit of time.
 *
 * librdkafka can hang at its end, for ever if a broker is silent, so it is ended in a thread of its
 * own.
 */
#pragma once
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

/** rd_kafka_destroy(); false if that takes longer than @p wait_ms: then the thread is left to
 * finish it. */
bool handle_destroy(rd_kafka_t *kafka, int64_t wait_ms);

/** @p owner, and what of librdkafka it has, is left alone for good: it stays reachable until the
 * end of the process, and source_was_abandoned() will say so. Any thread. */
void handle_abandon(void *owner);
