/* exact.c: exactly once: lane.c, driven as units.c and the worker drive it. */
#include "base/mem.h"
#include "command_counters.h"
#include "member.h"
#include "metrics/metrics.h"
#include "redis/lane.h"

#include <assert.h>
#include <stdlib.h>

enum { TICKETS = WORLD_RECORDS * WORLD_COMMANDS * 8, UNIT_RECORDS = 4 };

struct ticket {
    struct place place;
    uint32_t life, slot;
};

struct exact_partition {
    struct claim *claim;
    bool begun;        /* records may be put */
    bool again;        /* it stopped or was fenced: to be claimed anew */
    struct place mend; /* a record that was kept and is taken care of by now; offset -1: none */
    int64_t next;      /* where it began: what lies below it was carried out, but for its gaps */
};

struct exact {
    struct lane *lane;
    struct sink_counters counters;
    struct exact_partition partitions[WORLD_PARTITIONS];
    struct ticket tickets[TICKETS];
    uint32_t ticket_count;
    uint64_t random;
};

static struct exact_partition *exact_partition(struct member *member, unsigned number)
{
    struct exact *exact = member->way;

    return &exact->partitions[number];
}

/* --- what the lane tells ---------------------------------------------------------------------- */

static void exact_claimed(void *context, void *owner, const struct checkpoint *checkpoint)
{
    struct member *member = context;
    struct member_partition *partition = owner;
    unsigned number = (unsigned)(partition - member->partitions);
    struct exact_partition *exact = exact_partition(member, number);
    struct resume resume = log_resume(member, number, checkpoint);
    char log[IDENTITY_BYTES];

    log_text(member->world, number, log);
    exact->next = resume.next;
    exact->begun = true;
    partition->position = resume.from;
    partition->tracker = tracker_new(resume.from);
    claim_start(exact->claim, exact->next, resume.another, log);
}

static void exact_fenced(void *context, void *owner, bool taken)
{
    struct member *member = context;
    struct member_partition *partition = owner;
    unsigned number = (unsigned)(partition - member->partitions);

    (void)taken;
    world_fenced(member, number);
    exact_partition(member, number)->again = true;
}

static struct ticket *exact_ticket(struct member *member, uint32_t number)
{
    struct exact *exact = member->way;

    return &exact->tickets[number % TICKETS];
}

static void exact_finish(struct member *member, const struct ticket *ticket)
{
    struct member_partition *partition = &member->partitions[ticket->place.partition];

    if (partition->life == ticket->life && partition->tracker)
        tracker_finish(partition->tracker, ticket->slot);
}

static void exact_done(void *context, uint32_t number)
{
    exact_finish(context, exact_ticket(context, number));
}

/* One bad record is skipped, the next one kept until somebody took care of it, the next one stops
 * its partition. */
static enum units_verdict exact_refused(void *context, uint32_t number, enum reply_class class,
                                        const char *text)
{
    struct member *member = context;
    const struct ticket *ticket = exact_ticket(member, number);
    struct member_partition *partition = &member->partitions[ticket->place.partition];
    struct exact_partition *exact = exact_partition(member, ticket->place.partition);

    (void)class, (void)text;
    if (partition->life != ticket->life)
        return UNITS_SKIP;
    bool stops = ticket->place.offset % 3 == 1 && ticket->place.offset >= exact->next;
    bool keeps = ticket->place.offset % 3 == 2;
    world_refused(member, ticket->place, stops || keeps);
    if (stops) {
        exact->again = true;
        return UNITS_STOP;
    }
    exact_finish(member, ticket);
    if (!keeps)
        return UNITS_SKIP;
    exact->mend = ticket->place;
    return UNITS_KEEP;
}

static void exact_dropped(void *context, uint32_t number)
{
    (void)context, (void)number;
}

/* --- life ------------------------------------------------------------------------------------- */

static void exact_begin(struct member *member)
{
    struct exact *exact = mem_new(struct exact);
    static uint64_t
        counter; /* tokens differ from each other in all lives; nothing depends on which they are */

    exact->counters.commands = command_counters();
    exact->random = ++counter << 20;
    struct lane_options options = {
        .name = "live",
        .prefix = "penstock",
        .unit_records = UNIT_RECORDS,
        .unit_bytes = 4096,
        .events = {.context = member,
                   .claimed = exact_claimed,
                   .fenced = exact_fenced,
                   .done = exact_done,
                   .refused = exact_refused,
                   .dropped = exact_dropped},
        .counters = &exact->counters,
    };
    for (unsigned i = 0; i < WORLD_PARTITIONS; i++)
        exact->partitions[i].mend.offset = -1;
    exact->lane = lane_new(&options);
    member->way = exact;
}

static void exact_end(struct member *member)
{
    struct exact *exact = member->way;

    lane_free(exact->lane);
    free(exact->counters.commands);
    free(exact);
    member->way = NULL;
}

static struct session *exact_session(const struct member *member)
{
    const struct exact *exact = member->way;

    return lane_session(exact->lane);
}

static bool exact_is_bad(const struct member *member, uint32_t number)
{
    const struct exact *exact = member->way;
    int64_t offset = exact->tickets[number % TICKETS].place.offset;

    return world_is_cutter(offset) || world_is_poison(offset);
}

/* Hears what the lane has to tell. */
static void exact_deliver(struct member *member)
{
    struct exact *exact = member->way;

    wire_deliver(member);
    world_unsettled(member, exact->counters.units_unsettled);
    exact->counters.units_unsettled = 0;
}

static void exact_claim(struct member *member, unsigned number)
{
    struct exact *exact = member->way;
    struct exact_partition *partition = &exact->partitions[number];
    struct claim_name name = {"g", number ? "b" : "a", 0, 1};

    partition->claim = lane_claim(exact->lane, &name, exact->random++, &member->partitions[number]);
    partition->begun = partition->again = false;
    partition->mend.offset = -1;
    member->partitions[number].life++;
    world_count(member->world)->claims++;
}

static void exact_assigned(struct member *member, unsigned number)
{
    exact_claim(member, number);
}

static void exact_another(struct member *member, unsigned number)
{
    exact_partition(member, number)->again = true;
}

static void exact_lost(struct member *member, unsigned number)
{
    struct exact *exact = member->way;
    struct exact_partition *partition = &exact->partitions[number];

    if (partition->claim)
        claim_drop(partition->claim);
    partition->claim = NULL;
    partition->begun = partition->again = false;
    exact_deliver(member);
}

/* --- records ---------------------------------------------------------------------------------- */

/* The record at the partition's position in one of its logs. */
static struct unit_record exact_record(const struct member_partition *partition, unsigned log)
{
    struct record record = log_record(log, partition->position);

    return (struct unit_record){
        partition->position, -1, {true, record.timestamp_ms, SIZE_MAX, record.value.length}};
}

static void exact_put(struct member *member, unsigned number, uint32_t slot)
{
    struct exact *exact = member->way;
    struct member_partition *partition = &member->partitions[number];
    struct claim *claim = exact->partitions[number].claim;
    const struct place place = {number, partition->log, partition->position};
    struct world_record record;

    world_record(place, &record);
    for (unsigned i = 0; i < record.count; i++) {
        uint32_t ticket = exact->ticket_count % TICKETS;
        exact->tickets[ticket] = (struct ticket){place, partition->life, slot};
        if (!claim_put(claim, record.words[i], 3, NULL, ticket))
            continue;
        exact->ticket_count++;
        tracker_retain(partition->tracker, slot);
    }
    claim_commit(claim);
}

static bool exact_take(struct member *member, unsigned number)
{
    struct exact_partition *exact = exact_partition(member, number);
    struct member_partition *partition = &member->partitions[number];
    struct unit_record record = exact_record(partition, partition->log);
    struct unit_record now = exact_record(partition, log_now(member->world, number));
    uint32_t slot;

    if (!exact->begun || exact->again || !claim_has_room(exact->claim))
        return false;
    if (claim_differs(exact->claim, &now)) {
        partition->missing = partition->record;
        exact->again = true;
        return false;
    }
    tracker_begin(partition->tracker, partition->position, -1, &slot);
    if (claim_begin(exact->claim, &record))
        exact_put(member, number, slot);
    tracker_finish(partition->tracker, slot);
    partition->position++;
    return true;
}

static bool exact_is_drained(const struct member *member, unsigned number)
{
    const struct exact *exact = member->way;
    const struct exact_partition *partition = &exact->partitions[number];

    return !partition->begun || partition->again || claim_is_settled(partition->claim);
}

/* --- time ------------------------------------------------------------------------------------- */

static void exact_wake(struct member *member)
{
    struct exact *exact = member->way;

    lane_tick(exact->lane);
    for (unsigned i = 0; i < WORLD_PARTITIONS; i++) {
        struct exact_partition *partition = &exact->partitions[i];
        if (partition->mend.offset >= 0 && partition->claim && !partition->again) {
            claim_mend(partition->claim, partition->mend.offset);
            world_refused(member, partition->mend, false);
        }
        partition->mend.offset = -1;
        if (!partition->again)
            continue;
        exact_lost(member, i);
        tracker_free(member->partitions[i].tracker);
        member->partitions[i].tracker = NULL;
        exact_claim(member, i);
    }
}

const struct way exact_way = {
    .begin = exact_begin,
    .end = exact_end,
    .session = exact_session,
    .is_bad = exact_is_bad,
    .deliver = exact_deliver,
    .assigned = exact_assigned,
    .lost = exact_lost,
    .another = exact_another,
    .take = exact_take,
    .is_drained = exact_is_drained,
    .wake = exact_wake,
};
