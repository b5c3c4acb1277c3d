/* dlq_stream.c: dead letters into a Redis stream, by XADD. */
#include "redis/dlq_stream.h"

#include "base/mem.h"
#include "codec/dlq_fields.h"
#include "conf/conf.h"
#include "redis/sink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARGUMENTS_MOST = 6 + DLQ_FIELDS_MOST /* XADD key MAXLEN ~ N * */ };

struct dlq_stream {
    struct conf_sink options[2]; /* the sink's, with one connection; and those before */
    unsigned current;            /* which of them */
    struct sink *sink;
    struct dlq_sender_events events;
    struct slice key;
    char maxlen[24]; /* "": all are kept */
    size_t limit;
    const struct command *command;
};

static void stream_done(void *context, uint32_t ticket)
{
    struct dlq_stream *stream = context;

    stream->events.delivered(stream->events.context, ticket);
}

static void stream_refused(void *context, uint32_t ticket, enum reply_class class, const char *text)
{
    struct dlq_stream *stream = context;
    char why[ERR_TEXT_BYTES];

    (void)class; /* whatever it is, the letter is kept and tried again */
    snprintf(why, sizeof(why), "stream %.100s: %.300s", stream->key.data, text);
    stream->events.failed(stream->events.context, ticket, why, false);
}

static bool stream_wanted(void *context, uint32_t ticket)
{
    (void)context, (void)ticket;
    return true;
}

static void stream_dropped(void *context, uint32_t ticket)
{
    (void)context, (void)ticket; /* all of them are wanted */
}

/* What concerns the stream alone is the same in each configuration. */
static struct conf_sink *stream_options(struct dlq_stream *stream, const struct conf_dlq *dlq)
{
    struct conf_sink *options = &stream->options[stream->current ^= 1];

    *options = *dlq->sink;
    options->connections = 1;
    stream->key = slice_of(dlq->stream.text);
    return options;
}

struct dlq_stream *dlq_stream_new(const struct conf *conf, const char *client_name,
                                  struct event_base *base, struct metrics_worker *metrics,
                                  const struct dlq_sender_events *events, struct err *err)
{
    const struct conf_dlq *dlq = &conf->dlq;
    struct dlq_stream *stream = mem_new(struct dlq_stream);
    const struct sink_events sink_events = {.context = stream,
                                            .done = stream_done,
                                            .refused = stream_refused,
                                            .wanted = stream_wanted,
                                            .dropped = stream_dropped};
    const struct conf_sink *options = stream_options(stream, dlq);

    stream->events = *events;
    stream->limit = (size_t)conf->max_record;
    stream->command = command_find(SLICE("XADD"));
    if (dlq->maxlen)
        snprintf(stream->maxlen, sizeof(stream->maxlen), "%" PRId64, dlq->maxlen);
    stream->sink =
        sink_new(&(struct sink_options){.conf = options,
                                        .client_name = client_name,
                                        .base = base,
                                        .counters = metrics_sink(metrics, dlq->sink->name),
                                        .events = &sink_events},
                 err);
    if (stream->sink)
        return stream;
    dlq_stream_free(stream);
    err_wrap(err, "dlq");
    return NULL;
}

void dlq_stream_free(struct dlq_stream *stream)
{
    if (!stream)
        return;
    sink_free(stream->sink);
    free(stream);
}

size_t dlq_stream_limit(const struct dlq_stream *stream)
{
    return stream->limit;
}

enum dlq_sending dlq_stream_send(struct dlq_stream *stream, const struct dlq_letter *letter,
                                 uint32_t ticket)
{
    struct slice arguments[ARGUMENTS_MOST] = {SLICE("XADD"), stream->key};
    struct dlq_fields fields;
    size_t count = 2;

    if (letter->record.value.length > stream->limit)
        return DLQ_TOO_LARGE;
    if (!sink_has_room(stream->sink))
        return DLQ_NOT_NOW;
    if (stream->maxlen[0]) {
        arguments[count++] = SLICE("MAXLEN");
        arguments[count++] = SLICE("~");
        arguments[count++] = slice_of(stream->maxlen);
    }
    arguments[count++] = SLICE("*");
    dlq_fields_make(&fields, letter);
    for (size_t i = 0; i < fields.count; i++)
        arguments[count++] = fields.items[i];
    sink_put(stream->sink, arguments, count, stream->command, stream->key, ticket);
    sink_commit(stream->sink);
    free(fields.headers);
    return DLQ_SENT;
}

void dlq_stream_turn(struct dlq_stream *stream)
{
    sink_turn(stream->sink);
}

bool dlq_stream_configure(struct dlq_stream *stream, const struct conf *conf, struct err *err)
{
    struct conf_sink *options = stream_options(stream, &conf->dlq);
    bool renewed;

    return sink_configure(stream->sink, options, &renewed, err) || err_wrap(err, "dlq");
}

const char *dlq_stream_trouble(const struct dlq_stream *stream)
{
    return sink_trouble(stream->sink);
}
