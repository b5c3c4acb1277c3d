/* stream_refusals.c: whether a stream that refuses an id has that very entry already. */
#include "flow/stream_refusals.h"

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
struct stream_refusals {
    struct worker *worker;
    struct sink *sink;
    struct comparison *comparison;
    struct refusal *items;
    size_t count, capacity;
    uint32_t free; /* 1 + the first free place; 0: none */
};

static uint32_t refusal_place(struct stream_refusals *refusals)
{
    if (refusals->free) {
        uint32_t place = refusals->free - 1;
        refusals->free = refusals->items[place].next_free;
        return place;
    }
    refusals->items =
        mem_grow(refusals->items, refusals->count, &refusals->capacity, sizeof(*refusals->items));
    return (uint32_t)refusals->count++;
}

static void refusal_free(struct stream_refusals *refusals, uint32_t place)
{
    struct refusal *refusal = &refusals->items[place];

    free(refusal->run_id);
    free(refusal->text);
    *refusal = (struct refusal){.next_free = refusals->free};
    refusals->free = place + 1;
}

/* --- what the answer says --------------------------------------------------------------------- */

/* The question may have gone to another server: one that took over may have lost what stood in
 * the way, or the entry. */
static bool is_another_server(const struct stream_refusals *refusals, const struct refusal *refusal)
{
    const char *run_id = comparison_run_id(refusals->comparison);

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

static void settle(struct stream_refusals *refusals, const struct refusal *refusal,
                   enum comparison_answer answer, const char *text)
{
    struct worker *worker = refusals->worker;

    delivery_at(&worker->deliveries, refusal->ticket)->contested--;
    if (is_another_server(refusals, refusal)) {
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

static void stream_refusals_answered(void *context, uint32_t place, enum comparison_answer answer,
                                     const char *text)
{
    struct stream_refusals *refusals = context;
    struct refusal refusal = refusals->items[place];

    refusals->items[place].run_id = refusals->items[place].text = NULL;
    refusal_free(refusals, place);
    settle(refusals, &refusal, answer, text);
    free(refusal.run_id);
    free(refusal.text);
}

/* --- asking ----------------------------------------------------------------------------------- */

static struct stream_refusals *stream_refusals_of(struct worker *worker, size_t sink)
{
    struct stream_refusals **refusals = &worker->stream_refusals[sink];

    if (*refusals)
        return *refusals;
    *refusals = mem_new(struct stream_refusals);
    (*refusals)->worker = worker;
    (*refusals)->sink = worker->sinks[sink];
    (*refusals)->comparison =
        comparison_new(sink_setup(worker->sinks[sink]),
                       &(struct comparison_events){*refusals, stream_refusals_answered});
    return *refusals;
}

static void ask(struct stream_refusals *refusals, const struct xadd_entry *entry, uint32_t place)
{
    const struct slice words[] = {SLICE("XRANGE"),     entry->key,     slice_of(entry->id),
                                  slice_of(entry->id), SLICE("COUNT"), SLICE("1")};

    comparison_ask(refusals->comparison, words, sizeof(words) / sizeof(words[0]),
                   xadd_answer(entry), place);
}

bool stream_refusals_contest(void *context, uint32_t ticket, const char *text, struct slice command)
{
    struct worker *worker = context;
    struct delivery *delivery = delivery_at(&worker->deliveries, ticket);
    const struct route *route = delivery_route(delivery);
    struct xadd_entry entry;

    if (route->conf->delivery != AT_LEAST_ONCE || !xadd_is_old_id(text) ||
        !source_ticket_is_current(delivery->record) || !xadd_read(command, &entry))
        return false;
    struct stream_refusals *refusals = stream_refusals_of(worker, route->sink_index);
    const char *run_id = sink_run_id(refusals->sink);
    uint32_t place = refusal_place(refusals);
    refusals->items[place] = (struct refusal){.ticket = ticket,
                                              .to_come = delivery->pending - delivery->contested,
                                              .run_id = mem_text(run_id ? run_id : ""),
                                              .text = mem_text(text)};
    delivery->contested++;
    ask(refusals, &entry, place);
    return true;
}

void stream_refusals_turn(struct worker *worker, size_t sink)
{
    if (worker->stream_refusals[sink])
        comparison_turn(worker->stream_refusals[sink]->comparison);
}

bool stream_refusals_have_room(const struct worker *worker, size_t sink)
{
    return !worker->stream_refusals[sink] ||
           comparison_has_room(worker->stream_refusals[sink]->comparison);
}

void stream_refusals_renew(const struct worker *worker, size_t sink)
{
    if (worker->stream_refusals[sink])
        comparison_renew(worker->stream_refusals[sink]->comparison);
}

const char *stream_refusals_trouble(const struct worker *worker, size_t sink)
{
    return worker->stream_refusals[sink]
               ? comparison_trouble(worker->stream_refusals[sink]->comparison)
               : NULL;
}

void stream_refusals_close(struct worker *worker)
{
    for (size_t i = 0; worker->stream_refusals && i < worker_conf(worker)->sink_count; i++) {
        struct stream_refusals *refusals = worker->stream_refusals[i];
        if (!refusals)
            continue;
        comparison_free(refusals->comparison);
        for (uint32_t place = 0; place < refusals->count; place++)
            if (refusals->items[place].text)
                refusal_free(refusals, place);
        free(refusals->items);
        free(refusals);
    }
    free(worker->stream_refusals);
}
