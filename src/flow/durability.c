/*
 * durability.c: offsets are committed once replicas, or a disk, have what Redis answered.
 *
 *      1. mark: the source notes what was answered so far
 *      2. barrier: a write behind all of it, and WAIT
 *      3. reached: what was noted may be committed
 *
 * A barrier says something about the server that it was run on. It counts for the answers only if
 * they came from the same one: the same process (run_id) all along, with the same replication
 * history (else it was a replica in between, and threw away what it alone had). Where the data
 * connections come to another server, what was answered and not confirmed may be gone, and the
 * source reads it again:
 *      1. A answers records 1 to 9, which no replica has yet; A dies, B is promoted
 *      2. the connections come to B; a barrier there would be reached at once
 *      3. 1 to 9 are on A alone
 */
#include "flow/durability.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "flow/route.h"
#include "kafka/source.h"
#include "redis/sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RETRY_FIRST_MS = 50, RETRY_LONGEST_MS = 1000 };

/* --- trouble ---------------------------------------------------------------------------------- */

static void set_trouble(struct durable_sink *sink, const char *text)
{
    int64_t now_ms = clock_ms();

    if (!sink->troubled)
        sink->trouble_since_ms = now_ms;
    sink->troubled = true;
    snprintf(sink->trouble, sizeof(sink->trouble), "%s", text);
    if (log_limit_admits(&sink->log_limit, text, now_ms))
        log_warn_each("writes are not confirmed: no offset is committed",
                      LOG_STR("sink", sink->name), LOG_STR("error", text),
                      LOG_SOME("lasts_ms", now_ms - sink->trouble_since_ms));
}

static void clear_trouble(struct durable_sink *sink)
{
    backoff_reset(&sink->retry);
    sink->retry_ms = 0;
    if (!sink->troubled)
        return;
    sink->troubled = false;
    log_limit_end(&sink->log_limit);
    log_info("writes are confirmed again", LOG_STR("sink", sink->name),
             LOG_INT("after_ms", clock_ms() - sink->trouble_since_ms));
}

static void try_later(struct durable_sink *sink, const char *text, int64_t now_ms)
{
    set_trouble(sink, text);
    sink->retry_ms = now_ms + backoff_next(&sink->retry);
}

/* --- whose answers ---------------------------------------------------------------------------- */

static void forget_history(struct durable_sink *sink)
{
    free(sink->history);
    sink->history = NULL;
}

/* Whether the data connections and the barrier's lead to one server; complains where that does not
 * come by itself. */
static bool is_one_server(struct durable_sink *sink, int64_t now_ms)
{
    const char *run = sink_run(sink->sink);

    if (run && *run && strcmp(run, barrier_run(sink->barrier)) == 0)
        return true;
    if (sink_trouble(sink->sink)) /* it will be known */
        return false;
    if (run && !*run) {
        try_later(sink, "the server does not tell who it is: the right to INFO is needed", now_ms);
        return false;
    }
    try_later(sink, "the connections of the sink lead to different servers", now_ms);
    if (run)
        barrier_reconnect(sink->barrier, "another server than that of the data");
    return false;
}

static unsigned number_of(const struct durable_sink *sink)
{
    return (unsigned)(sink - sink->durability->sinks);
}

/* What was answered may be gone with its server, or with its past. */
static void lose(struct durable_sink *sink)
{
    sink->moved = sink->counts = false;
    forget_history(sink);
    source_rewind(sink->durability->source, number_of(sink));
}

/* Of connections that do not repeat anything on their own, there are several: all of them first. */
static void note_move(void *context, bool repeats)
{
    struct durable_sink *sink = context;

    sink->moved = true;
    sink->counts = false;
    if (repeats)
        lose(sink);
}

static bool history_is_the_same(const struct durable_sink *sink)
{
    return !sink->history || strcmp(sink->history, barrier_history(sink->barrier)) == 0;
}

/* --- barriers --------------------------------------------------------------------------------- */

static void reach(struct durable_sink *sink)
{
    if (!sink->history)
        sink->history = mem_text(barrier_history(sink->barrier));
    clear_trouble(sink);
    source_mark_reached(sink->durability->source, number_of(sink));
}

static void take_end(struct durable_sink *sink, enum barrier_outcome outcome, int64_t now_ms)
{
    if (outcome != BARRIER_REACHED)
        try_later(sink, barrier_text(sink->barrier), now_ms);
    else if (!history_is_the_same(sink))
        lose(sink);
    else if (sink->counts && is_one_server(sink, now_ms))
        reach(sink);
}

static bool is_due(const struct durable_sink *sink, int64_t now_ms)
{
    if (now_ms < sink->retry_ms || !barrier_is_ready(sink->barrier))
        return false;
    if (sink->moved)
        return false;
    return now_ms >= sink->due_ms ||
           source_mark_is_urgent(sink->durability->source, number_of(sink));
}

static void begin(struct durable_sink *sink, int64_t now_ms)
{
    sink->due_ms = now_ms + sink->durability->interval_ms;
    if (!source_mark(sink->durability->source, number_of(sink))) {
        clear_trouble(sink); /* nothing waits */
        return;
    }
    if (!is_one_server(sink, now_ms))
        return;
    sink->counts = true;
    barrier_begin(sink->barrier);
}

static void sink_step(struct durable_sink *sink, int64_t now_ms)
{
    enum barrier_outcome outcome;

    if (sink->moved && sink_run(sink->sink))
        lose(sink);
    if (barrier_take(sink->barrier, &outcome))
        take_end(sink, outcome, now_ms);
    if (is_due(sink, now_ms))
        begin(sink, now_ms);
}

void durability_turn(struct durability *durability, int64_t now_ms)
{
    for (unsigned i = 0; i < durability->count; i++)
        sink_step(&durability->sinks[i], now_ms);
}

const char *durability_trouble(const struct durability *durability, size_t index)
{
    for (unsigned i = 0; i < durability->count; i++) {
        const struct durable_sink *sink = &durability->sinks[i];
        if (sink->index != index)
            continue;
        const char *trouble = barrier_trouble(sink->barrier);
        return !trouble && sink->troubled ? sink->trouble : trouble;
    }
    return NULL;
}

/* --- the file ----------------------------------------------------------------------------------
 */

void durability_check(const struct conf_route *route, struct conf_problems *problems)
{
    if (route->delivery == AT_MOST_ONCE && route->to && route->to->durable.kind != DURABLE_NONE)
        conf_warning(problems, route->origin, NULL,
                     "route '%s': at_most_once commits before it writes, so 'durable' of sink '%s' "
                     "does nothing for it",
                     route->name, route->to->name);
}

/* --- life ------------------------------------------------------------------------------------- */

static bool topic_has(void *context, const void *routes, unsigned barrier)
{
    const struct durability *durability = context;
    const struct topic_routes *topic = routes;

    if (topic->delivery == AT_MOST_ONCE)
        return false; /* it is committed before anything is written */
    for (size_t i = 0; i < topic->count; i++)
        if (topic->items[i]->sink_index == durability->sinks[barrier].index)
            return true;
    return false;
}

void durability_key(const struct conf_sink *sink, const struct conf_source *source, unsigned worker,
                    char key[DURABILITY_KEY_BYTES])
{
    snprintf(key, DURABILITY_KEY_BYTES, "%.200s:{%.200s}:barrier:%u", sink->checkpoint_prefix.text,
             source->group.text, worker);
}

static struct durable_sink sink_open(const struct conf_sink *conf, unsigned index,
                                     const struct conf_source *options, unsigned worker,
                                     struct sink *sink)
{
    char key[DURABILITY_KEY_BYTES];

    durability_key(conf, options, worker, key);
    return (struct durable_sink){
        .index = index,
        .name = conf->name,
        .sink = sink,
        .barrier = barrier_new(sink_setup(sink), key),
        .retry = {.first_ms = RETRY_FIRST_MS, .longest_ms = RETRY_LONGEST_MS},
    };
}

void durability_open(struct durability *durability, const struct conf *conf,
                     const struct conf_source *options, unsigned worker, struct source *source,
                     struct sink **sinks)
{
    struct source_barriers barriers = {.context = durability, .has = topic_has};

    *durability = (struct durability){.source = source, .interval_ms = options->commit_interval};
    durability->sinks = mem_array(conf->sink_count, sizeof(*durability->sinks));
    for (unsigned i = 0; i < conf->sink_count; i++) {
        if (!sinks[i] || conf->sinks[i].durable.kind == DURABLE_NONE)
            continue;
        struct durable_sink *sink = &durability->sinks[durability->count++];
        *sink = sink_open(&conf->sinks[i], i, options, worker, sinks[i]);
        sink->durability = durability;
        sink_watch_moves(sinks[i], note_move, sink);
    }
    barriers.count = durability->count;
    if (barriers.count)
        source_set_barriers(source, &barriers);
}

void durability_close(struct durability *durability)
{
    for (unsigned i = 0; i < durability->count; i++) {
        barrier_free(durability->sinks[i].barrier);
        forget_history(&durability->sinks[i]);
    }
    free(durability->sinks);
    *durability = (struct durability){0};
}
