/* dlq_retry.c: sends a dead letter through its route again. */
#include "base/clock.h"
#include "base/mem.h"
#include "cli/dlq_parts.h"
#include "cli/shown.h"
#include "kafka/dlq_reader.h"
#include "redis/dialogue.h"
#include "redis/xadd.h"

#include <stdio.h>
#include <stdlib.h>

struct dlq_retry {
    const struct loaded *loaded;
    bool dry_run;
    struct dialogue **dialogues;  /* by the sinks' order; opened when they are needed */
    struct dlq_reader **fetchers; /* by the sources' order */
    struct headers headers;       /* of the record in hand: the letter's own */
    struct header *items;
    size_t capacity;
};

struct dlq_retry *dlq_retry_new(const struct loaded *loaded, bool dry_run)
{
    struct dlq_retry *retry = mem_new(struct dlq_retry);

    retry->loaded = loaded;
    retry->dry_run = dry_run;
    retry->dialogues = mem_array(loaded->conf->sink_count, sizeof(*retry->dialogues));
    retry->fetchers = mem_array(loaded->conf->source_count, sizeof(*retry->fetchers));
    return retry;
}

void dlq_retry_free(struct dlq_retry *retry)
{
    if (!retry)
        return;
    for (size_t i = 0; i < retry->loaded->conf->sink_count; i++)
        dialogue_close(retry->dialogues[i]);
    for (size_t i = 0; i < retry->loaded->conf->source_count; i++)
        dlq_reader_free(retry->fetchers[i]);
    free(retry->dialogues);
    free(retry->fetchers);
    free(retry->items);
    free(retry);
}

const struct route *dlq_route(const struct loaded *loaded, const struct dlq_item *item,
                              struct err *err)
{
    struct slice fact = item->letter.facts[DLQ_FACT_ROUTE];
    char *name = mem_copy(fact.data ? fact.data : "", fact.length);
    const struct route *route = routes_find(loaded->routes, name);

    if (!route)
        err_set(err, ERR_RECORD, "the file has no route '%s' any more", name);
    free(name);
    return route;
}

/* --- the record ------------------------------------------------------------------------------- */

/* The first headers of the letter are the record's own. */
static void retry_take_headers(struct dlq_retry *retry, const struct dlq_letter *letter)
{
    size_t count = 0;

    for (; count < letter->header_count; count++) {
        retry->items = mem_grow(retry->items, count, &retry->capacity, sizeof(*retry->items));
        letter->record.headers.at(&letter->record, count, &retry->items[count].name,
                                  &retry->items[count].value);
    }
    retry->headers = (struct headers){retry->items, count};
}

static bool retry_fetch(struct dlq_retry *retry, const struct dlq_item *item,
                        const struct route *route, struct record *record, struct err *err)
{
    const struct conf *conf = retry->loaded->conf;
    struct dlq_reader **fetcher = &retry->fetchers[route->conf->from - conf->sources];

    if (!*fetcher && !(*fetcher = dlq_reader_fetcher(conf, route->conf->from, err)))
        return false;
    return dlq_reader_fetch(*fetcher, item->topic, item->letter.record.partition,
                            item->letter.record.offset, record, err);
}

bool dlq_retry_record(struct dlq_retry *retry, const struct dlq_item *item,
                      const struct route *route, struct record *record, struct err *err)
{
    if (item->letter.facts[DLQ_FACT_REFERENCE].data)
        return retry_fetch(retry, item, route, record, err);
    retry_take_headers(retry, &item->letter);
    *record = item->letter.record;
    record->headers = headers_of(&retry->headers);
    return true;
}

/* --- sending ---------------------------------------------------------------------------------- */

static struct dialogue *retry_dialogue(struct dlq_retry *retry, const struct route *route,
                                       struct err *err)
{
    struct dialogue **dialogue = &retry->dialogues[route->sink_index];
    const struct conf_sink *sink = route->conf->to;

    if (!*dialogue && !(*dialogue = dialogue_with_sink(sink, sink->database, "penstock-dlq", err)))
        err_wrap(err, "sink %s", sink->name);
    return *dialogue;
}

static bool retry_run(struct dialogue *dialogue, const struct rendered *rendered, struct err *err)
{
    return dialogue_run(dialogue, rendered->command, rendered->arguments, rendered->count, err) ||
           (xadd_is_old_id(err->text) && /* perhaps of a retry that was not marked */
            xadd_is_there(dialogue, rendered->arguments, rendered->count));
}

static bool retry_write(struct dlq_retry *retry, const struct route *route,
                        const struct rendering *rendering, struct err *err)
{
    struct dialogue *dialogue = rendering->count ? retry_dialogue(retry, route, err) : NULL;

    for (size_t i = 0; i < rendering->count; i++) {
        if (!dialogue || !retry_run(dialogue, &rendering->items[i], err))
            return false;
    }
    return true;
}

static void retry_show(const struct route *route, const struct rendering *rendering)
{
    for (size_t i = 0; i < rendering->count; i++)
        shown_command("  ", route->conf, &rendering->items[i]);
}

static bool retry_render(struct dlq_retry *retry, const struct dlq_item *item,
                         const struct route *route, struct arena *arena,
                         struct rendering *rendering, struct err *err)
{
    struct record record;
    struct scope scope;

    if (!dlq_retry_record(retry, item, route, &record, err))
        return false;
    scope = scope_of(&record, arena, clock_wall_ms());
    if (!route_render(route, &scope, rendering, NULL, err))
        return false;
    if (!retry->dry_run)
        return retry_write(retry, route, rendering, err);
    printf("%s would be sent:\n", item->id);
    retry_show(route, rendering);
    return true;
}

bool dlq_retry_send(struct dlq_retry *retry, const struct dlq_item *item, struct err *err)
{
    struct arena arena = {0};
    struct rendering rendering = {0};
    const struct route *route = dlq_route(retry->loaded, item, err);
    bool good = route && retry_render(retry, item, route, &arena, &rendering, err);

    if (!good)
        printf("%s %s: %s\n", item->id, err->kind == ERR_RECORD ? "stays" : "not sent", err->text);
    else if (!retry->dry_run)
        printf("%s %s\n", item->id, rendering.count ? "written" : "filtered");
    free(rendering.items);
    arena_free(&arena);
    return good;
}
