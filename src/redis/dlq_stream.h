/*
 * dlq_stream.h: dead letters into a Redis stream, by XADD.
 *
 * A connection of its own, so that they do not stand behind the commands that other records wait
 * for. As dlq_topic.h otherwise.
 */
#pragma once
#include "base/err.h"
#include "record/dlq_letter.h"

#include <stdint.h>

struct conf;
struct event_base;
struct dlq_stream;
struct metrics_worker;

/** Starts to connect. Errors: NULL and ERR_CONFIG. */
struct dlq_stream *dlq_stream_new(const struct conf *conf, const char *client_name,
                                  struct event_base *base, struct metrics_worker *metrics,
                                  const struct dlq_sender_events *events, struct err *err);

/** Takes NULL. */
void dlq_stream_free(struct dlq_stream *stream);

/** The longest value that a letter can have. */
size_t dlq_stream_limit(const struct dlq_stream *stream);

enum dlq_sending dlq_stream_send(struct dlq_stream *stream, const struct dlq_letter *letter,
                                 uint32_t ticket);

void dlq_stream_turn(struct dlq_stream *stream);

/** As sink_configure(), of the sink of @p conf; the stream is the same. */
bool dlq_stream_configure(struct dlq_stream *stream, const struct conf *conf, struct err *err);

/** As sink_trouble(). */
const char *dlq_stream_trouble(const struct dlq_stream *stream);
