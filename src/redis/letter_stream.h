/*
 * letter_stream.h: dead letters into a Redis stream, by XADD.
 *
 * A connection of its own, so that they do not stand behind the commands that other records wait
 * for. As letter_topic.h otherwise.
 */
#pragma once
#include "base/err.h"
#include "record/letter.h"

#include <stdint.h>

struct conf;
struct event_base;
struct letter_stream;
struct metrics_worker;

/** Starts to connect. Errors: NULL and ERR_CONFIG. */
struct letter_stream *letter_stream_new(const struct conf *conf, const char *client_name,
                                        struct event_base *base, struct metrics_worker *metrics,
                                        const struct letter_events *events, struct err *err);

/** Takes NULL. */
void letter_stream_free(struct letter_stream *stream);

/** The longest value that a letter can have. */
size_t letter_stream_limit(const struct letter_stream *stream);

enum letter_sending letter_stream_send(struct letter_stream *stream, const struct letter *letter,
                                       uint32_t ticket);

void letter_stream_turn(struct letter_stream *stream);

/** As sink_reload(). */
void letter_stream_reload(struct letter_stream *stream);

/** As sink_trouble(). */
const char *letter_stream_trouble(const struct letter_stream *stream);
