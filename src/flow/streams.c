/* streams.c: whether a stream that refuses an id has that very entry already. */
#include "flow/streams.h"

#include "base/mem.h"
#include "flow/failure.h"
#include "redis/comparison.h"
#include "redis/xadd.h"

#include <stdio.h>
#include <stdlib.h>

/* A refusal of which the stream is asked. */
struct refusal {
    uint32_t ticket;    /* the delivery */
    uint32_t to_come;   /* its answers that were to come, this one among them */
    char *run_id;       /* the server that refused */
    char *text;         /* its words; NULL: a free place */
    uint32_t next_free; /* 1 + the next one; 0: none */
};

/* Of one sink. */
struct streams {
    struct worker *worker;
    struct sink *sink;
    struct comparison *comparison;
    struct refusal *refusals;
    size_t count, capacity;
    uint32_t free; /* 1 + the first free place; 0: none */
};

static uint32_t refusal_place(struct streams *streams)
{
    if (streams->free) {
        uint32_t place = streams->free - 1;
        streams->free = streams->refusals[place].next_free;
        return place;
    }
    streams->refusals =
        mem_grow(streams->refusals, streams->count, &streams->capacity, sizeof(*streams->refusals));
    return (uint32_t)streams->count++;
}

static void refusal_free(struct streams *streams, uint32_t place)
{
    struct refusal *refusal = &streams->refusals[place];

    free(refusal->run_id);
    free(refusal->text);
    *refusal = (struct refusal){.next_free = streams->free};
    streams->free = place + 1;
}

/* --- what the answer says --------------------------------------------------------------------- */

/* The entry was asked for where it need not be: a server that took over may have lost what stood in
 * the way, or the entry. */
static bool is_another_server(const struct streams *streams, const struct refusal *refusal)
{
    const char *run_id = comparison_run_id(streams->comparison);

    return *run_id && *refusal->run_id && strcmp(run_id, refusal->run_id) != 0;
}

static void refuse(struct worker *worker, const struct refusal *refusal, const char *finding)
{
    char text[ERR_TEXT_BYTES];

    snprintf(text, sizeof(text), "%.200s; %s", refusal->text, finding);
    worker_reject(worker, refusal->ticket, refusal->to_come, REPLY_REJECT, text);
}

static void cannot_tell(struct worker *worker, const struct refusal *refusal, const char *why)
{
    char text[ERR_TEXT_BYTES];

    snprintf(text, sizeof(text),
             "%.200s; whether its entry is there cannot be asked: XRANGE: %.200s", refusal->text,
             why);
    worker_reject(worker, refusal->ticket, refusal->to_come, REPLY_CONFIG, text);
}

static void settle(struct streams *streams, const struct refusal *refusal,
                   enum comparison_answer answer, const char *text)
{
    struct worker *worker = streams->worker;

    delivery_at(&worker->deliveries, refusal->ticket)->contested--;
    if (is_another_server(streams, refusal)) {
        worker_read_again(worker, refusal->ticket,
                          "another server than the one that refused an id is asked for its entry");
        return;
    }
    switch (answer) {
    case COMPARISON_SAME:
        delivery_done(worker, refusal->ticket);
        break;
    case COMPARISON_EMPTY:
        refuse(worker, refusal, "the stream has no entry of this id (any more)");
        break;
    case COMPARISON_OTHER:
        refuse(worker, refusal, "the stream has another entry of this id");
        break;
    case COMPARISON_REFUSED:
        cannot_tell(worker, refusal, text);
        break;
    }
}

static void streams_answered(void *context, uint32_t place, enum comparison_answer answer,
                             const char *text)
{
    struct streams *streams = context;
    struct refusal refusal = streams->refusals[place];

    streams->refusals[place].run_id = streams->refusals[place].text = NULL;
    refusal_free(streams, place);
    settle(streams, &refusal, answer, text);
    free(refusal.run_id);
    free(refusal.text);
}

/* --- asking ----------------------------------------------------------------------------------- */

static struct streams *streams_of(struct worker *worker, size_t sink)
{
    struct streams **streams = &worker->streams[sink];

    if (*streams)
        return *streams;
    *streams = mem_new(struct streams);
    (*streams)->worker = worker;
    (*streams)->sink = worker->sinks[sink];
    (*streams)->comparison = comparison_new(
        sink_setup(worker->sinks[sink]), &(struct comparison_events){*streams, streams_answered});
    return *streams;
}

static void ask(struct streams *streams, const struct xadd_entry *entry, uint32_t place)
{
    const struct slice words[] = {SLICE("XRANGE"),     entry->key,     slice_of(entry->id),
                                  slice_of(entry->id), SLICE("COUNT"), SLICE("1")};

    comparison_ask(streams->comparison, words, sizeof(words) / sizeof(words[0]), xadd_answer(entry),
                   place);
}

bool streams_contest(void *context, uint32_t ticket, const char *text, struct slice command)
{
    struct worker *worker = context;
    struct delivery *delivery = delivery_at(&worker->deliveries, ticket);
    const struct route *route = &worker->options.routes->items[delivery->route];
    struct xadd_entry entry;

    if (route->conf->delivery != AT_LEAST_ONCE || !xadd_is_old_id(text) ||
        !source_ticket_is_current(delivery->record) || !xadd_read(command, &entry))
        return false;
    struct streams *streams = streams_of(worker, route->sink_index);
    const char *run_id = sink_run_id(streams->sink);
    uint32_t place = refusal_place(streams);
    streams->refusals[place] = (struct refusal){.ticket = ticket,
                                                .to_come = delivery->pending - delivery->contested,
                                                .run_id = mem_text(run_id ? run_id : ""),
                                                .text = mem_text(text)};
    delivery->contested++;
    ask(streams, &entry, place);
    return true;
}

void streams_turn(struct worker *worker, size_t sink)
{
    if (worker->streams[sink])
        comparison_turn(worker->streams[sink]->comparison);
}

bool streams_have_room(const struct worker *worker, size_t sink)
{
    return !worker->streams[sink] || comparison_has_room(worker->streams[sink]->comparison);
}

const char *streams_trouble(const struct worker *worker, size_t sink)
{
    return worker->streams[sink] ? comparison_trouble(worker->streams[sink]->comparison) : NULL;
}

void streams_close(struct worker *worker)
{
    for (size_t i = 0; worker->streams && i < worker->options.conf->sink_count; i++) {
        struct streams *streams = worker->streams[i];
        if (!streams)
            continue;
        comparison_free(streams->comparison);
        for (uint32_t place = 0; place < streams->count; place++)
            if (streams->refusals[place].text)
                refusal_free(streams, place);
        free(streams->refusals);
        free(streams);
    }
    free(worker->streams);
}
