/*
 * exactly.c: records that are carried out exactly once.
 *
 * The claim (redis/claim.h) knows which commands of a record were carried out before; a route all
 * of whose commands were does not count the record again.
 *
 * A claim ends with its partition, with a hold, or when another worker has claimed the partition;
 * the next one is a new claim. So nothing here tries to know what Redis may have done: the next
 * claim reads it.
 *
 * Out of scope: where a partition starts (kafka/resume.c), what a unit is (redis/units.h).
 */
#include "flow/exactly.h"

#include "base/log.h"
#include "flow/agreement.h"
#include "flow/claimed_routes.h"
#include "flow/remembered.h"

#include <string.h>

/* --- a claim's life --------------------------------------------------------------------------- */

/* FNV-1a over the names, in their order: places of commands are counted over all routes. */
static uint64_t routes_fingerprint(const struct topic_routes *routes)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < routes->count; i++) {
        const char *name = routes->items[i]->conf->name;
        for (size_t j = 0; j <= strlen(name); j++)
            hash = (hash ^ (unsigned char)name[j]) * UINT64_C(1099511628211);
    }
    return hash;
}

bool exactly_claim(void *context, struct source_partition *partition)
{
    struct worker *worker = context;
    const struct topic_routes *routes = source_partition_routes(partition);
    const struct claim_name name = {worker->options.source->group.text,
                                    source_partition_topic(partition),
                                    source_partition_number(partition), routes_fingerprint(routes)};
    struct err err;

    if (!agreement_of_topic(routes, source_partition_topic(partition), &err)) {
        source_hold(partition, HOLD_RECORD, err.text);
        worker->status_changed = true;
        return true;
    }
    if (routes->delivery != EXACTLY_ONCE)
        return false;
    claimed_routes_add(worker->options.claimed, name.topic, name.routes);
    struct units *units = sink_units(worker->sinks[routes->items[0]->sink_index]);
    source_partition_set_claim(partition, units_claim(units, &name, partition));
    return true;
}

/* Whether the routes that wrote the checkpoint are ours, or were before the configuration was read
 * again. A gap counts places over their commands: then they must be ours. */
static bool are_known(const struct worker *worker, const struct source_partition *partition,
                      const struct checkpoint *checkpoint, bool gaps)
{
    if (checkpoint->routes == routes_fingerprint(source_partition_routes(partition)))
        return true;
    return !gaps && claimed_routes_have(worker->options.claimed, source_partition_topic(partition),
                                        checkpoint->routes);
}

void exactly_claimed(void *context, void *owner, const struct checkpoint *checkpoint)
{
    struct source_partition *partition = owner;
    const struct worker *worker = context;
    bool gaps = checkpoint->found && checkpoint->readable && checkpoint->gap_count;

    source_claimed(partition, &(struct source_checkpoint){
                                  .found = checkpoint->found,
                                  .readable = checkpoint->readable,
                                  .same_routes = are_known(worker, partition, checkpoint, gaps),
                                  .unreadable = checkpoint->error,
                                  .next = checkpoint->next,
                                  .log = checkpoint->log,
                                  .record = remembered(checkpoint),
                                  .oldest_gap = gaps ? checkpoint->gaps[0].offset : -1,
                              });
}

void exactly_starts(void *context, struct source_partition *partition, int64_t next, bool another)
{
    char log[SOURCE_LOG_BYTES];

    (void)context;
    source_partition_log(partition, log);
    claim_set_routes(source_partition_claim(partition),
                     routes_fingerprint(source_partition_routes(partition)));
    claim_start(source_partition_claim(partition), next, another, log);
}

void exactly_fenced(void *context, void *owner, bool taken)
{
    struct worker *worker = context;
    struct source_partition *partition = owner;
    struct claim *claim = source_partition_claim(partition);

    source_partition_set_claim(partition, NULL);
    worker->metrics->source.fenced += taken;
    worker->status_changed = true;
    if (taken) {
        holds_until(&worker->holds, partition, worker->now_ms + HOLD_RETRY_MS,
                    &(struct source_reason){.text = "another member has taken it over"});
        source_rejoin(worker->source);
    } else {
        holds_until(&worker->holds, partition, worker->now_ms,
                    &(struct source_reason){.text = "Redis has lost what it kept of it"});
    }
    claim_drop(claim);
}

bool exactly_is_settled(const struct source_partition *partition)
{
    const struct claim *claim = source_partition_claim(partition);

    return !claim || claim_is_settled(claim);
}

void exactly_gone(struct source_partition *partition)
{
    struct claim *claim = source_partition_claim(partition);

    source_partition_set_claim(partition, NULL);
    if (claim)
        claim_drop(claim);
}

/* --- the record in hand ----------------------------------------------------------------------- */

bool exactly_has_room(struct worker *worker, struct source_partition *partition)
{
    const struct claim *claim = source_partition_claim(partition);
    const struct topic_routes *routes = source_partition_routes(partition);

    if (!claim || claim_has_room(claim))
        return true;
    if (holds_for_sink(&worker->holds, routes->items[0]->sink_index, partition, worker->now_ms))
        worker->status_changed = true;
    return false;
}

static size_t witnessed_length(struct slice bytes)
{
    return bytes.data ? bytes.length : SIZE_MAX;
}

bool exactly_takes(struct worker *worker, const struct record *record)
{
    struct source_partition *partition = record->owner;
    struct claim *claim = source_partition_claim(partition);
    const struct unit_record unit = {record->offset,
                                     record->leader_epoch,
                                     {true, record->timestamp_ms, witnessed_length(record->key),
                                      witnessed_length(record->value)}};

    worker->claim = claim;
    if (claim_differs(claim, &unit) && source_mismatches(partition))
        return false;
    if (claim_begin(claim, &unit))
        return true;
    source_pass_over(partition, record);
    return false;
}

/* Whether another letter of the record waits: it has one for each route that failed. */
static bool another_waits(const struct worker *worker, uint32_t ticket)
{
    const struct delivery *items = worker->deliveries.items;

    for (uint32_t i = 0; i < worker->deliveries.count; i++)
        if (i != ticket && items[i].open && items[i].dead && items[i].pending &&
            items[i].offset == items[ticket].offset &&
            items[i].record.partition == items[ticket].record.partition)
            return true;
    return false;
}

void exactly_mend(struct worker *worker, uint32_t ticket)
{
    const struct delivery *delivery = delivery_at(&worker->deliveries, ticket);
    struct claim *claim = source_partition_claim(delivery->record.partition);

    if (claim && source_ticket_is_current(delivery->record) && !another_waits(worker, ticket))
        claim_mend(claim, delivery->offset);
}
