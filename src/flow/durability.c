/*
 * durability.c: offsets are committed once replicas, or a disk, have what Redis answered.
 *
 *      1. mark: the source notes what was answered so far
 *      2. confirm: a write behind all of it, and WAIT (redis/confirm.h)
 *      3. reached: what was noted may be committed
 *
 * If what was answered may be gone with a server, the source reads it again.
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

/* --- marks ------------------------------------------------------------------------------------ */

static unsigned number_of(const struct durable_sink *sink)
{
    return (unsigned)(sink - sink->durability->sinks);
}

static void lose(void *context)
{
    const struct durable_sink *sink = context;

    source_rewind(sink->durability->source, number_of(sink));
}

static void take_end(struct durable_sink *sink, enum barrier_outcome outcome, int64_t now_ms)
{
    if (outcome != BARRIER_REACHED) {
        try_later(sink, confirm_text(sink->confirm), now_ms);
        return;
    }
    clear_trouble(sink);
    source_mark_reached(sink->durability->source, number_of(sink));
}

static bool is_due(const struct durable_sink *sink, int64_t now_ms)
{
    if (now_ms < sink->retry_ms || !confirm_is_ready(sink->confirm))
        return false;
    return now_ms >= sink->due_ms ||
           source_mark_is_urgent(sink->durability->source, number_of(sink));
}

static void begin(struct durable_sink *sink, int64_t now_ms)
{
    sink->due_ms = now_ms + sink->durability->interval_ms;
    if (!source_mark(sink->durability->source, number_of(sink)))
        clear_trouble(sink); /* nothing waits */
    else if (!confirm_begin(sink->confirm) && *confirm_text(sink->confirm))
        try_later(sink, confirm_text(sink->confirm), now_ms);
}

static void sink_step(struct durable_sink *sink, int64_t now_ms)
{
    enum barrier_outcome outcome;

    if (confirm_take(sink->confirm, &outcome))
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
        const char *trouble = confirm_trouble(sink->confirm);
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

void durability_open(struct durability *durability, const struct conf *conf,
                     const struct conf_source *options, unsigned worker, struct source *source,
                     struct sink **sinks)
{
    struct source_barriers barriers = {.context = durability, .has = topic_has};
    char key[DURABILITY_KEY_BYTES];

    *durability = (struct durability){.source = source, .interval_ms = options->commit_interval};
    durability->sinks = mem_array(conf->sink_count, sizeof(*durability->sinks));
    for (unsigned i = 0; i < conf->sink_count; i++) {
        if (!sinks[i] || conf->sinks[i].durable.kind == DURABLE_NONE)
            continue;
        struct durable_sink *sink = &durability->sinks[durability->count++];
        durability_key(&conf->sinks[i], options, worker, key);
        *sink = (struct durable_sink){
            .durability = durability,
            .index = i,
            .name = conf->sinks[i].name,
            .confirm = sink_confirm(sinks[i], key, &(struct confirm_events){sink, lose}),
            .retry = {.first_ms = RETRY_FIRST_MS, .longest_ms = RETRY_LONGEST_MS},
        };
    }
    barriers.count = durability->count;
    if (barriers.count)
        source_set_barriers(source, &barriers);
}

void durability_adopt(struct durability *durability, const struct conf *conf,
                      const struct conf_source *options)
{
    durability->interval_ms = options->commit_interval;
    for (unsigned i = 0; i < durability->count; i++)
        durability->sinks[i].name = conf->sinks[durability->sinks[i].index].name;
}

void durability_close(struct durability *durability)
{
    free(durability->sinks);
    *durability = (struct durability){0};
}
