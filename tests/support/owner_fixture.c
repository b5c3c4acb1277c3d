/* owner_fixture.c: an owner of partitions, as the worker is one, without Kafka. */
#include "owner_fixture.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void owner_note(struct owner *owner, uint32_t ticket, enum ticket_outcome outcome)
{
    if (owner->outcomes[ticket] != TICKET_OPEN) {
        fprintf(stderr, "ticket %u: outcome %d after %d\n", ticket, outcome,
                owner->outcomes[ticket]);
        abort();
    }
    owner->outcomes[ticket] = (unsigned char)outcome;
    owner->answered++;
}

static void owner_on_done(void *context, uint32_t ticket)
{
    struct owner *owner = context;

    owner->done++;
    owner_note(owner, ticket, TICKET_DONE);
}

static enum units_verdict owner_on_refused(void *context, uint32_t ticket, enum reply_class class,
                                           const char *text)
{
    struct owner *owner = context;

    owner->refused++;
    owner->class = class;
    snprintf(owner->text, sizeof(owner->text), "%s", text);
    owner_note(owner, ticket, TICKET_REFUSED);
    if (owner->verdict == UNITS_STOP)
        owner->partitions[owner->owners[ticket]].stopped = true;
    return owner->verdict;
}

static void owner_on_dropped(void *context, uint32_t ticket)
{
    struct owner *owner = context;

    owner->dropped++;
    owner_note(owner, ticket, TICKET_DROPPED);
}

static int64_t owner_retry_timeout(void *context, uint32_t ticket)
{
    (void)ticket;
    return ((struct owner *)context)->retry_timeout_ms;
}

static void owner_on_claimed(void *context, void *claimer, const struct checkpoint *checkpoint)
{
    struct owner_partition *partition = claimer;
    size_t bytes = checkpoint->gap_count * sizeof(*checkpoint->gaps);

    (void)context;
    checkpoint_free(&partition->found);
    partition->found = *checkpoint;
    partition->found.gaps = bytes ? memcpy(mem_alloc(bytes), checkpoint->gaps, bytes) : NULL;
    partition->position = checkpoint->readable ? checkpoint->next : 0;
    partition->start = partition->position;
    partition->gap = 0;
    partition->claimed = true;
    partition->claims++;
}

static void owner_on_fenced(void *context, void *claimer, bool taken)
{
    struct owner_partition *partition = claimer;
    struct owner *owner = context;

    partition->fences++;
    partition->taken += taken;
    owner_drop(partition);
    if (owner->claims_again)
        owner_claim(partition);
}

/* --- life ------------------------------------------------------------------------------------- */

struct owner *owner_new(int port, size_t partitions)
{
    struct owner *owner = mem_new(struct owner);

    owner->options = loop_fixture_options(port);
    loop_fixture_open(&owner->loop);
    owner->counters = metrics_sink(owner->loop.worker, owner->options.name);
    owner->topic = "rides";
    owner->partition_count = partitions;
    for (int i = 0; i < OWNER_PARTITIONS; i++)
        owner->partitions[i] = (struct owner_partition){.owner = owner, .number = i};
    return owner;
}

static void owner_on_suspected(void *context, uint32_t ticket, const char *text)
{
    struct owner *owner = context;

    (void)ticket, (void)text;
    owner->suspicions++;
}

void owner_start(struct owner *owner)
{
    struct units_events events = {owner,
                                  owner_on_claimed,
                                  owner_on_fenced,
                                  owner_on_done,
                                  owner_on_refused,
                                  owner_on_dropped,
                                  owner_retry_timeout,
                                  owner_on_suspected};
    struct err err;

    owner->sink = sink_new(&(struct sink_options){.conf = &owner->options,
                                                  .client_name = "a test",
                                                  .base = owner->loop.base,
                                                  .counters = owner->counters,
                                                  .events = owner->ordinary,
                                                  .units = &events},
                           &err);
    if (!owner->sink) {
        fprintf(stderr, "sink_new: %s\n", err.text);
        abort();
    }
    owner->units = sink_units(owner->sink);
}

struct owner *owner_open(int port, size_t partitions)
{
    struct owner *owner = owner_new(port, partitions);

    owner_start(owner);
    return owner;
}

void owner_close(struct owner *owner)
{
    if (!owner)
        return;
    sink_free(owner->sink);
    for (size_t i = 0; i < OWNER_PARTITIONS; i++)
        checkpoint_free(&owner->partitions[i].found);
    loop_fixture_close(&owner->loop, &owner->options);
    free(owner);
}

/* --- partitions ------------------------------------------------------------------------------- */

void owner_claim(struct owner_partition *partition)
{
    struct owner *owner = partition->owner;
    struct claim_name name = {"a group", owner->topic, partition->number, 0xfeed};

    partition->claimed = partition->stopped = false;
    partition->claim = units_claim(owner->units, &name, partition);
}

void owner_claim_all(struct owner *owner)
{
    for (size_t i = 0; i < owner->partition_count; i++)
        owner_claim(&owner->partitions[i]);
}

void owner_drop(struct owner_partition *partition)
{
    claim_drop(partition->claim);
    partition->claim = NULL;
    partition->claimed = false;
}

void owner_feed(struct owner *owner, int64_t end)
{
    for (size_t i = 0; i < owner->partition_count; i++)
        owner->partitions[i].end = end;
}

void owner_put(struct owner_partition *partition, ...)
{
    struct owner *owner = partition->owner;
    struct slice arguments[LOOP_FIXTURE_ARGUMENTS];
    va_list list;

    va_start(list, partition);
    size_t count = loop_fixture_arguments(arguments, list);
    va_end(list);
    owner->outcomes[owner->put] = TICKET_OPEN;
    owner->owners[owner->put] = partition->number;
    owner->put +=
        claim_put(partition->claim, arguments, count, command_find(arguments[0]), owner->put);
}

bool owner_render(struct owner_partition *partition, int64_t offset, unsigned place)
{
    char number[24], key[24];

    snprintf(number, sizeof(number), "%lld", (long long)offset);
    snprintf(key, sizeof(key), "%s:%d", place == 0 ? "list" : "sum", partition->number);
    if (place < 2)
        owner_put(partition, place == 0 ? "RPUSH" : "INCRBY", key, number, NULL);
    return place < 2;
}

static void owner_put_record(struct owner_partition *partition, int64_t offset)
{
    bool (*render)(struct owner_partition *, int64_t, unsigned) = partition->owner->render;
    struct unit_record record = {offset, 1, {true, offset, 4, 5}};

    if (!claim_begin(partition->claim, &record))
        return;
    for (unsigned place = 0; (render ? render : owner_render)(partition, offset, place);)
        place++;
    units_commit(partition->claim);
}

/* Puts what comes next; false: nothing does, or there is no room. */
static bool owner_put_next(struct owner_partition *partition)
{
    const struct checkpoint *found = &partition->found;

    if (!partition->claimed || partition->stopped || !claim_has_room(partition->claim))
        return false;
    if (partition->gap < found->gap_count) {
        owner_put_record(partition, found->gaps[partition->gap++].offset);
        return true;
    }
    if (partition->position >= partition->end)
        return false;
    owner_put_record(partition, partition->position++);
    return true;
}

void owner_turn(struct owner *owner)
{
    for (size_t i = 0; i < owner->partition_count; i++)
        while (owner_put_next(&owner->partitions[i]))
            continue;
    sink_turn(owner->sink);
    loop_fixture_turn(&owner->loop);
}

void owner_run(struct owner *owner, int64_t milliseconds)
{
    for (int64_t end_ms = clock_ms() + milliseconds; clock_ms() < end_ms;)
        owner_turn(owner);
}

static bool owner_is_through(const struct owner *owner)
{
    for (size_t i = 0; i < owner->partition_count; i++) {
        const struct owner_partition *partition = &owner->partitions[i];
        if (!partition->claim)
            continue;
        if (!partition->claimed || (!partition->stopped && partition->position < partition->end) ||
            !claim_is_settled(partition->claim))
            return false;
    }
    return true;
}

bool owner_finish(struct owner *owner)
{
    int64_t end_ms = clock_ms() + LOOP_FIXTURE_PATIENCE_MS;
    uint32_t before = owner->answered;

    while (!owner_is_through(owner) && clock_ms() < end_ms) {
        owner_turn(owner);
        if (owner->answered != before)
            end_ms = clock_ms() + LOOP_FIXTURE_PATIENCE_MS;
        before = owner->answered;
    }
    return owner_is_through(owner) && owner->answered == owner->put;
}

static bool owner_is_claimed(const struct owner *owner)
{
    for (size_t i = 0; i < owner->partition_count; i++)
        if (owner->partitions[i].claim && !owner->partitions[i].claimed)
            return false;
    return true;
}

bool owner_wait_claimed(struct owner *owner)
{
    int64_t end_ms = clock_ms() + LOOP_FIXTURE_PATIENCE_MS;

    while (!owner_is_claimed(owner) && clock_ms() < end_ms)
        owner_turn(owner);
    return owner_is_claimed(owner);
}

static bool owner_is_fenced(const struct owner *owner)
{
    for (size_t i = 0; i < owner->partition_count; i++)
        if (!owner->partitions[i].fences)
            return false;
    return true;
}

bool owner_wait_fenced(struct owner *owner)
{
    int64_t end_ms = clock_ms() + LOOP_FIXTURE_PATIENCE_MS;

    while (!owner_is_fenced(owner) && clock_ms() < end_ms)
        owner_turn(owner);
    return owner_is_fenced(owner);
}

bool owner_wait_trouble(struct owner *owner, const char *text)
{
    int64_t end_ms = clock_ms() + LOOP_FIXTURE_PATIENCE_MS;

    while (!loop_fixture_is_trouble(sink_trouble(owner->sink), text) && clock_ms() < end_ms)
        owner_turn(owner);
    return loop_fixture_expect_trouble(sink_trouble(owner->sink), text);
}
