/*
 * exactly.c: records that are carried out exactly once.
 *
 * What a partition's checkpoint says is compared with what comes: the record right below the offset
 * to go on at is its witness, and what else lies below it was carried out, but for its holes. Of a
 * hole only those commands are put that failed before; a route whose commands were all carried out
 * does not count the record again.
 *
 * A claim ends with its partition, with a hold, or when it is found to be somebody else's; what
 * follows is a claim of its own. So nothing here tries to know what Redis may have done: the next
 * claim reads it.
 *
 * Out of scope: where a partition starts (kafka/resume.c), what a unit is (redis/units.h).
 */
#include "flow/exactly.h"

#include "base/log.h"
#include "base/mem.h"
#include "flow/agreement.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A partition from its claim to its end. */
struct claimed {
    struct worker *worker;
    struct source_partition *partition;
    struct units *units;
    struct claim *claim; /* NULL: it was taken away */
    bool found, readable;
    int64_t written; /* the offset that the checkpoint says */
    int64_t next;    /* records below it were carried out, but for the holes */
    struct checkpoint_witness witness;
    struct checkpoint_hole *holes;
    size_t hole_count;
    /* Of the record in hand: */
    unsigned place;  /* of its next command, among those of all routes */
    uint64_t wanted; /* the places that are to be carried out */
    uint64_t kept;   /* those that could not be rendered and are to be remembered */
    bool put;        /* others were put */
    struct claimed *following;
};

static void claimed_free(struct claimed *claimed)
{
    free(claimed->holes);
    free(claimed);
}

void exactly_close(struct worker *worker)
{
    while (worker->claims) {
        struct claimed *claimed = worker->claims;
        worker->claims = claimed->following;
        claimed_free(claimed);
    }
}

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

static void claim_make(struct worker *worker, struct source_partition *partition,
                       const struct topic_routes *routes)
{
    struct claimed *claimed = mem_new(struct claimed);
    const struct claim_name name = {worker->options.source->group.text,
                                    source_partition_topic(partition),
                                    source_partition_number(partition), routes_fingerprint(routes)};

    claimed->worker = worker;
    claimed->partition = partition;
    claimed->units = sink_units(worker->sinks[routes->items[0]->sink_index]);
    claimed->following = worker->claims;
    worker->claims = claimed;
    source_partition_set_claim(partition, claimed);
    claimed->claim = units_claim(claimed->units, &name, claimed);
}

bool exactly_claim(void *context, struct source_partition *partition)
{
    struct worker *worker = context;
    const struct topic_routes *routes = source_partition_routes(partition);
    struct err err;

    if (!agreement_of_topic(routes, source_partition_topic(partition), &err)) {
        source_hold(partition, HOLD_RECORD, err.text);
        worker->status_changed = true;
        return true;
    }
    if (routes->delivery != EXACTLY_ONCE)
        return false;
    claim_make(worker, partition, routes);
    return true;
}

static void claimed_keep(struct claimed *claimed, const struct checkpoint *checkpoint)
{
    claimed->found = checkpoint->found;
    claimed->readable = checkpoint->readable;
    claimed->written = checkpoint->next;
    claimed->witness = checkpoint->witness;
    claimed->hole_count = checkpoint->found && checkpoint->readable ? checkpoint->hole_count : 0;
    claimed->holes = mem_array(claimed->hole_count, sizeof(*claimed->holes));
    if (claimed->hole_count)
        memcpy(claimed->holes, checkpoint->holes, claimed->hole_count * sizeof(*claimed->holes));
}

void exactly_claimed(void *context, void *owner, const struct checkpoint *checkpoint)
{
    struct claimed *claimed = owner;
    const struct topic_routes *routes = source_partition_routes(claimed->partition);

    (void)context;
    claimed_keep(claimed, checkpoint);
    source_claimed(claimed->partition,
                   &(struct source_checkpoint){
                       .found = checkpoint->found,
                       .readable = checkpoint->readable,
                       .same_routes = checkpoint->routes == routes_fingerprint(routes),
                       .unreadable = checkpoint->error,
                       .next = checkpoint->next,
                       .log = checkpoint->log,
                       .oldest_hole = claimed->hole_count ? claimed->holes[0].offset : -1,
                   });
}

void exactly_starts(void *context, struct source_partition *partition, int64_t next, bool another)
{
    struct claimed *claimed = source_partition_claim(partition);
    char log[SOURCE_LOG_BYTES];

    (void)context;
    source_partition_log(partition, log);
    units_identify(claimed->claim, log);
    claimed->next = next;
    if (!claimed->found || (claimed->readable && next == claimed->written && !another))
        return;
    claimed->hole_count = 0;
    claimed->witness.known = false;
    units_restart(claimed->claim, next);
}

void exactly_fenced(void *context, void *owner, bool taken)
{
    struct worker *worker = context;
    struct claimed *claimed = owner;
    struct claim *claim = claimed->claim;

    claimed->claim = NULL;
    worker->metrics->source.fenced += taken;
    worker->status_changed = true;
    if (taken) {
        holds_until(&worker->holds, claimed->partition, worker->now_ms + HOLD_RETRY_MS,
                    &(struct source_reason){.text = "another member has taken it over"});
        source_rejoin(worker->source);
    } else {
        holds_until(&worker->holds, claimed->partition, worker->now_ms,
                    &(struct source_reason){.text = "Redis has lost what it kept of it"});
    }
    units_drop(claim);
}

bool exactly_is_settled(const struct source_partition *partition)
{
    const struct claimed *claimed = source_partition_claim(partition);

    return !claimed || !claimed->claim || units_are_settled(claimed->claim);
}

void exactly_gone(struct source_partition *partition)
{
    struct claimed *claimed = source_partition_claim(partition), **at;

    if (!claimed)
        return;
    source_partition_set_claim(partition, NULL);
    if (claimed->claim)
        units_drop(claimed->claim);
    for (at = &claimed->worker->claims; *at != claimed; at = &(*at)->following)
        continue;
    *at = claimed->following;
    claimed_free(claimed);
}

/* --- the record in hand ----------------------------------------------------------------------- */

bool exactly_has_room(struct worker *worker, struct source_partition *partition)
{
    const struct claimed *claimed = source_partition_claim(partition);
    const struct topic_routes *routes = source_partition_routes(partition);

    if (!claimed->claim || units_have_room(claimed->claim))
        return true;
    if (holds_for_sink(&worker->holds, routes->items[0]->sink_index, partition, worker->now_ms))
        worker->status_changed = true;
    return false;
}

static size_t witnessed_length(struct slice bytes)
{
    return bytes.data ? bytes.length : SIZE_MAX;
}

static struct checkpoint_witness witness_of(const struct record *record)
{
    return (struct checkpoint_witness){true, record->timestamp_ms, witnessed_length(record->key),
                                       witnessed_length(record->value)};
}

static bool is_other_record(const struct claimed *claimed, const struct record *record)
{
    struct checkpoint_witness witness = witness_of(record);

    if (record->offset != claimed->next - 1 || !claimed->witness.known)
        return false;
    return witness.timestamp_ms != claimed->witness.timestamp_ms ||
           witness.key_length != claimed->witness.key_length ||
           witness.value_length != claimed->witness.value_length;
}

/* The places that were left out of a record below next; 0: none. */
static uint64_t hole_at(const struct claimed *claimed, int64_t offset)
{
    for (size_t i = 0; i < claimed->hole_count; i++)
        if (claimed->holes[i].offset == offset)
            return claimed->holes[i].commands;
    return 0;
}

bool exactly_takes(struct worker *worker, const struct record *record)
{
    struct source_partition *partition = record->owner;
    struct claimed *claimed = source_partition_claim(partition);

    worker->claimed = claimed;
    claimed->place = 0;
    claimed->wanted = CHECKPOINT_WHOLE;
    claimed->kept = 0;
    claimed->put = false;
    if (record->offset >= claimed->next)
        return true;
    if (is_other_record(claimed, record) && source_mismatches(partition))
        return false;
    claimed->wanted = hole_at(claimed, record->offset);
    if (!claimed->wanted)
        source_pass_over(partition, record);
    return claimed->wanted != 0;
}

size_t exactly_wants(const struct claimed *claimed, size_t count)
{
    size_t wanted = 0;

    for (size_t i = 0; i < count; i++)
        wanted += (claimed->wanted & checkpoint_place(claimed->place + (unsigned)i)) != 0;
    return wanted;
}

bool exactly_passes(struct claimed *claimed, size_t count)
{
    if (claimed->wanted == CHECKPOINT_WHOLE || exactly_wants(claimed, count))
        return false;
    claimed->place += (unsigned)count;
    return true;
}

void exactly_put(struct claimed *claimed, const struct rendering *rendering, uint32_t number)
{
    struct delivery *delivery = delivery_at(&claimed->worker->deliveries, number);

    for (size_t i = 0; i < rendering->count; i++, claimed->place++) {
        const struct rendered *rendered = &rendering->items[i];
        if (!(claimed->wanted & checkpoint_place(claimed->place))) {
            delivery->left_out |= i < 64 ? UINT64_C(1) << i : 0;
            continue;
        }
        claimed->put = true;
        units_put(claimed->claim, claimed->place, rendered->arguments, rendered->count,
                  rendered->command, number);
    }
}

void exactly_fails(struct claimed *claimed, bool keep)
{
    if (!claimed)
        return;
    if (keep)
        claimed->kept |= checkpoint_place(claimed->place);
    claimed->place++;
}

void exactly_complete(struct claimed *claimed, const struct record *record)
{
    const struct unit_record unit = {record->offset, record->leader_epoch, witness_of(record)};

    if (claimed->kept && !claimed->put && claimed->wanted == CHECKPOINT_WHOLE)
        claimed->kept = CHECKPOINT_WHOLE; /* whatever it becomes when it is tried again */
    units_record(claimed->claim, &unit, claimed->kept);
}

/* Whether another letter of the record waits: it has one for each route that failed. */
static bool another_waits(const struct worker *worker, uint32_t number)
{
    const struct delivery *items = worker->deliveries.items;

    for (uint32_t i = 0; i < worker->deliveries.count; i++)
        if (i != number && items[i].open && items[i].dead && items[i].pending &&
            items[i].offset == items[number].offset &&
            items[i].record.partition == items[number].record.partition)
            return true;
    return false;
}

void exactly_mend(struct worker *worker, uint32_t number)
{
    const struct delivery *delivery = delivery_at(&worker->deliveries, number);
    const struct claimed *claimed = source_partition_claim(delivery->record.partition);

    if (claimed && claimed->claim && source_ticket_is_current(delivery->record) &&
        !another_waits(worker, number))
        units_mend(claimed->claim, delivery->offset);
}

void exactly_take_back(struct claimed *claimed)
{
    units_rollback(claimed->claim);
}
