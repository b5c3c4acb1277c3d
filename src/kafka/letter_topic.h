/*
 * letter_topic.h: dead letters into a Kafka topic.
 *
 * An idempotent producer, one a worker. A letter is delivered when Kafka's report says so; the
 * sender is told of the others, keeps them and sends them again. Everything runs on the worker's
 * thread and its event loop and never blocks.
 */
#pragma once
#include "base/err.h"
#include "record/letter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf_dlq;
struct event_base;
struct letter_topic;

/** Starts to connect; brokers may come later. Errors: NULL and ERR_CONFIG. */
struct letter_topic *letter_topic_new(const struct conf_dlq *conf, size_t memory_bytes,
                                      struct event_base *base, const struct letter_events *events,
                                      struct err *err);

/** Ends it; what was not reported is not delivered. Takes NULL. */
void letter_topic_free(struct letter_topic *topic);

/** The longest value that a letter can have. */
size_t letter_topic_limit(const struct letter_topic *topic);

/** Sends a copy of it; its report comes by the events. */
enum letter_sending letter_topic_send(struct letter_topic *topic, const struct letter *letter,
                                      uint32_t ticket);

/** Serves the reports that came. */
void letter_topic_turn(struct letter_topic *topic);

/** Why the topic cannot be written, found before there was a letter; NULL: it can, or Kafka did not
 * answer yet. */
const char *letter_topic_missing(const struct letter_topic *topic);

/** What Kafka said last that was no report of a delivery; NULL: nothing since. */
const char *letter_topic_trouble(const struct letter_topic *topic);
