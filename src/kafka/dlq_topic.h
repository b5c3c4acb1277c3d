/*
 * dlq_topic.h: dead letters into a Kafka topic.
 *
 * An idempotent producer, one a worker. A letter is delivered when Kafka's report says so; the
 * sender is told of the others, keeps them and sends them again. Everything runs on the worker's
 * thread and its event loop and never blocks.
 */
#pragma once
#include "base/err.h"
#include "record/dlq_letter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf_dlq;
struct event_base;
struct dlq_topic;
struct source_counters;

/** Starts to connect; brokers may come later. @p counters: of the worker, borrowed.
 * Errors: NULL and ERR_CONFIG. */
struct dlq_topic *dlq_topic_new(const struct conf_dlq *conf, size_t memory_bytes,
                                struct event_base *base, struct source_counters *counters,
                                const struct dlq_sender_events *events, struct err *err);

/** From now on @p conf, which says the same but for the login's name and password, is borrowed. */
void dlq_topic_configure(struct dlq_topic *topic, const struct conf_dlq *conf);

/** Ends it; what was not reported is not delivered. Takes NULL. */
void dlq_topic_free(struct dlq_topic *topic);

/** The longest value that a letter can have. */
size_t dlq_topic_limit(const struct dlq_topic *topic);

/** Sends a copy of it; its report comes by the events. */
enum dlq_sending dlq_topic_send(struct dlq_topic *topic, const struct dlq_letter *letter,
                                uint32_t ticket);

/** Serves the reports that came. */
void dlq_topic_turn(struct dlq_topic *topic);

/** Why the topic cannot be written, found before there was a letter; NULL: it can, or Kafka did not
 * answer yet. */
const char *dlq_topic_missing(const struct dlq_topic *topic);

/** What Kafka said last that was no report of a delivery; NULL: nothing since. */
const char *dlq_topic_trouble(const struct dlq_topic *topic);
