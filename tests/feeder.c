/* feeder.c: an owner of partitions, as the worker is one, without Kafka. */
#include "feeder.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void feeder_note(struct feeder *feeder, uint32_t ticket, enum feeder_outcome outcome)
{
    if (feeder->outcomes[ticket] != FEEDER_OPEN) {
        fprintf(stderr, "ticket %u: outcome %d after %d\n", ticket, outcome,
                feeder->outcomes[ticket]);
        abort();
    }
    feeder->outcomes[ticket] = (unsigned char)outcome;
    feeder->answered++;
}

static void feeder_on_done(void *context, uint32_t ticket)
{
    struct feeder *feeder = context;

    feeder->done++;
    feeder_note(feeder, ticket, FEEDER_DONE);
}

static enum units_verdict feeder_on_refused(void *context, uint32_t ticket, enum reply_class class,
                                            const char *text)
{
    struct feeder *feeder = context;

    feeder->refused++;
    feeder->class = class;
    snprintf(feeder->text, sizeof(feeder->text), "%s", text);
    feeder_note(feeder, ticket, FEEDER_REFUSED);
    if (feeder->verdict == UNITS_STOP)
        feeder->partitions[feeder->owners[ticket]].stopped = true;
    return feeder->verdict;
}

static void feeder_on_dropped(void *context, uint32_t ticket)
{
    struct feeder *feeder = context;

    feeder->dropped++;
    feeder_note(feeder, ticket, FEEDER_DROPPED);
}

static int64_t feeder_patience(void *context, uint32_t ticket)
{
    (void)ticket;
    return ((struct feeder *)context)->patience_ms;
}

static void feeder_on_claimed(void *context, void *owner, const struct checkpoint *checkpoint)
{
    struct feeder_partition *partition = owner;
    size_t bytes = checkpoint->hole_count * sizeof(*checkpoint->holes);

    (void)context;
    checkpoint_free(&partition->found);
    partition->found = *checkpoint;
    partition->found.holes = bytes ? memcpy(mem_alloc(bytes), checkpoint->holes, bytes) : NULL;
    partition->position = checkpoint->readable ? checkpoint->next : 0;
    partition->start = partition->position;
    partition->hole = 0;
    partition->claimed = true;
    partition->claims++;
}

static void feeder_on_fenced(void *context, void *owner, bool taken)
{
    struct feeder_partition *partition = owner;
    struct feeder *feeder = context;

    partition->fences++;
    partition->taken += taken;
    feeder_drop(partition);
    if (feeder->claims_again)
        feeder_claim(partition);
}

/* --- life ------------------------------------------------------------------------------------- */

struct feeder *feeder_new(int port, size_t partitions)
{
    struct feeder *feeder = mem_new(struct feeder);

    feeder->options = stand_options(port);
    stand_open(&feeder->stand);
    feeder->counters = feeder->stand.worker->sinks;
    feeder->topic = "rides";
    feeder->partition_count = partitions;
    for (int i = 0; i < FEEDER_PARTITIONS; i++)
        feeder->partitions[i] = (struct feeder_partition){.feeder = feeder, .number = i};
    return feeder;
}

static void feeder_on_suspected(void *context, uint32_t ticket, const char *text)
{
    struct feeder *feeder = context;

    (void)ticket, (void)text;
    feeder->suspicions++;
}

void feeder_start(struct feeder *feeder)
{
    struct units_events events = {feeder,          feeder_on_claimed,  feeder_on_fenced,
                                  feeder_on_done,  feeder_on_refused,  feeder_on_dropped,
                                  feeder_patience, feeder_on_suspected};
    struct err err;

    feeder->units = units_new(&feeder->options, 0, "a test", feeder->stand.base,
                              feeder->stand.worker, &events, &err);
    if (!feeder->units) {
        fprintf(stderr, "units_new: %s\n", err.text);
        abort();
    }
}

struct feeder *feeder_open(int port, size_t partitions)
{
    struct feeder *feeder = feeder_new(port, partitions);

    feeder_start(feeder);
    return feeder;
}

void feeder_close(struct feeder *feeder)
{
    if (!feeder)
        return;
    units_free(feeder->units);
    for (size_t i = 0; i < FEEDER_PARTITIONS; i++)
        checkpoint_free(&feeder->partitions[i].found);
    stand_close(&feeder->stand, &feeder->options);
    free(feeder);
}

/* --- partitions ------------------------------------------------------------------------------- */

void feeder_claim(struct feeder_partition *partition)
{
    struct feeder *feeder = partition->feeder;
    struct claim_name name = {"a group", feeder->topic, partition->number, 0xfeed};

    partition->claimed = partition->stopped = false;
    partition->claim = units_claim(feeder->units, &name, partition);
}

void feeder_claim_all(struct feeder *feeder)
{
    for (size_t i = 0; i < feeder->partition_count; i++)
        feeder_claim(&feeder->partitions[i]);
}

void feeder_drop(struct feeder_partition *partition)
{
    units_drop(partition->claim);
    partition->claim = NULL;
    partition->claimed = false;
}

void feeder_feed(struct feeder *feeder, int64_t end)
{
    for (size_t i = 0; i < feeder->partition_count; i++)
        feeder->partitions[i].end = end;
}

void feeder_put(struct feeder_partition *partition, unsigned place, ...)
{
    struct feeder *feeder = partition->feeder;
    struct slice arguments[STAND_ARGUMENTS];
    va_list list;

    va_start(list, place);
    size_t count = stand_arguments(arguments, list);
    va_end(list);
    feeder->outcomes[feeder->put] = FEEDER_OPEN;
    feeder->owners[feeder->put] = partition->number;
    units_put(partition->claim, place, arguments, count, command_find(arguments[0]), feeder->put++);
}

bool feeder_render(struct feeder_partition *partition, int64_t offset, unsigned place)
{
    char number[24], key[24];

    snprintf(number, sizeof(number), "%lld", (long long)offset);
    snprintf(key, sizeof(key), "%s:%d", place == 0 ? "list" : "sum", partition->number);
    if (place < 2)
        feeder_put(partition, place, place == 0 ? "RPUSH" : "INCRBY", key, number, NULL);
    return place < 2;
}

/* Puts a record, or those of its commands that a hole asks for. */
static void feeder_put_record(struct feeder_partition *partition, int64_t offset, uint64_t wanted)
{
    bool (*render)(struct feeder_partition *, int64_t, unsigned) = partition->feeder->render;
    struct unit_record record = {offset, 1, {true, offset, 4, 5}};
    bool more = true;

    for (unsigned place = 0; more && place < CHECKPOINT_LAST_PLACE; place++)
        if (wanted & checkpoint_place(place))
            more = (render ? render : feeder_render)(partition, offset, place);
    units_record(partition->claim, &record, 0);
}

/* Puts what comes next; false: nothing does, or there is no room. */
static bool feeder_put_next(struct feeder_partition *partition)
{
    const struct checkpoint *found = &partition->found;

    if (!partition->claimed || partition->stopped || !units_have_room(partition->claim))
        return false;
    if (partition->hole < found->hole_count) {
        const struct checkpoint_hole *hole = &found->holes[partition->hole++];
        feeder_put_record(partition, hole->offset, hole->commands);
        return true;
    }
    if (partition->position >= partition->end)
        return false;
    feeder_put_record(partition, partition->position++, CHECKPOINT_WHOLE);
    return true;
}

void feeder_turn(struct feeder *feeder)
{
    for (size_t i = 0; i < feeder->partition_count; i++)
        while (feeder_put_next(&feeder->partitions[i]))
            continue;
    units_turn(feeder->units);
    stand_turn(&feeder->stand);
}

void feeder_run(struct feeder *feeder, int64_t milliseconds)
{
    for (int64_t end_ms = clock_ms() + milliseconds; clock_ms() < end_ms;)
        feeder_turn(feeder);
}

static bool feeder_is_through(const struct feeder *feeder)
{
    for (size_t i = 0; i < feeder->partition_count; i++) {
        const struct feeder_partition *partition = &feeder->partitions[i];
        if (!partition->claim)
            continue;
        if (!partition->claimed || (!partition->stopped && partition->position < partition->end) ||
            !units_are_settled(partition->claim))
            return false;
    }
    return true;
}

bool feeder_finish(struct feeder *feeder)
{
    int64_t end_ms = clock_ms() + STAND_PATIENCE_MS;

    while (!feeder_is_through(feeder) && clock_ms() < end_ms)
        feeder_turn(feeder);
    return feeder_is_through(feeder) && feeder->answered == feeder->put;
}

static bool feeder_is_claimed(const struct feeder *feeder)
{
    for (size_t i = 0; i < feeder->partition_count; i++)
        if (feeder->partitions[i].claim && !feeder->partitions[i].claimed)
            return false;
    return true;
}

bool feeder_wait_claimed(struct feeder *feeder)
{
    int64_t end_ms = clock_ms() + STAND_PATIENCE_MS;

    while (!feeder_is_claimed(feeder) && clock_ms() < end_ms)
        feeder_turn(feeder);
    return feeder_is_claimed(feeder);
}

static bool feeder_is_fenced(const struct feeder *feeder)
{
    for (size_t i = 0; i < feeder->partition_count; i++)
        if (!feeder->partitions[i].fences)
            return false;
    return true;
}

bool feeder_wait_fenced(struct feeder *feeder)
{
    int64_t end_ms = clock_ms() + STAND_PATIENCE_MS;

    while (!feeder_is_fenced(feeder) && clock_ms() < end_ms)
        feeder_turn(feeder);
    return feeder_is_fenced(feeder);
}

bool feeder_wait_trouble(struct feeder *feeder, const char *text)
{
    int64_t end_ms = clock_ms() + STAND_PATIENCE_MS;

    while (!stand_is_trouble(units_trouble(feeder->units), text) && clock_ms() < end_ms)
        feeder_turn(feeder);
    return stand_expect_trouble(units_trouble(feeder->units), text);
}
