/* judge.c: whether what Redis and Kafka have is what was promised: the invariants. */
#include "world_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static bool fail(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool fail(struct world *world, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(world->text, sizeof(world->text), format, arguments);
    va_end(arguments);
    return false;
}

static int64_t element(struct slice item)
{
    int64_t number = 0;

    for (size_t i = 0; i < item.length; i++)
        number = number * 10 + (item.data[i] - '0');
    return number;
}

static bool is_bad(int64_t offset)
{
    return world_is_poison(offset) || world_is_cutter(offset);
}

static int64_t next_good(int64_t offset)
{
    return is_bad(offset) ? offset + 1 : offset;
}

void judge_forget(struct world *world, unsigned partition)
{
    world->listed[partition] = 0;
    world->highest[partition] = -1;
    memset(world->last[partition], 0, sizeof(world->last[partition]));
}

void judge_renew(struct world *world, unsigned partition)
{
    judge_forget(world, partition);
    world->committed[partition] = -1;
    memset(world->told[partition], 0, sizeof(world->told[partition]));
    memset(world->missed[partition], 0, sizeof(world->missed[partition]));
    memset(world->entered[partition], 0, sizeof(world->entered[partition]));
    memset(world->pending[partition], 0, sizeof(world->pending[partition]));
}

/* What Kafka has of the log that is there now. */
static int64_t committed_of(const struct world *world, unsigned partition)
{
    const struct kafka_partition *kafka = &world->kafka[partition];

    return kafka->committed_log == kafka->log ? kafka->committed : -1;
}

static const char *list_of(const struct world *world, unsigned partition)
{
    return world_list(partition, world->kafka[partition].log);
}

/* Notes a new element; what was listed up to now is followed by the next one, or it is a repeat. */
static bool judge_element(struct world *world, unsigned partition, int64_t offset)
{
    int64_t wanted = next_good(world->highest[partition] + 1);

    if (world->mode == WORLD_EXACTLY_ONCE && offset != wanted)
        return fail(world, "%s: partition %u: %" PRId64 " came where %" PRId64 " was due",
                    offset < wanted ? "I4" : "I3", partition, offset, wanted);
    world->counts.repeats += world->last[partition][offset] > 0;
    world->last[partition][offset] = ++world->listed[partition];
    while (wanted < WORLD_RECORDS && world->last[partition][wanted]) {
        world->highest[partition] = wanted;
        wanted = next_good(wanted + 1);
    }
    return true;
}

/* I3 and I4 where records are written exactly once: each follows the one before. */
static bool judge_list(struct world *world, unsigned partition)
{
    const struct slice *items;
    size_t count = model_redis_list(world->redis, list_of(world, partition), &items);

    if (count < world->listed[partition]) /* failed over */
        judge_forget(world, partition);
    while (world->listed[partition] < count)
        if (!judge_element(world, partition, element(items[world->listed[partition]])))
            return false;
    return true;
}

/* I3 if they are repeated: in the end no older write stands behind a newer one. That needs
 * owners that do not overlap: at least once has no fence, and what a paused or dead worker had sent
 * may land late. */
static bool judge_order(struct world *world, unsigned partition)
{
    size_t before = 0;

    if (world->kafka[partition].overlapped)
        return true;
    for (int64_t offset = 0; offset < WORLD_RECORDS; offset++) {
        size_t place = world->last[partition][offset];
        if (place && place < before)
            return fail(world,
                        "I3: partition %u: %" PRId64 " was not written again behind older ones",
                        partition, offset);
        if (place)
            before = place;
    }
    return true;
}

/* I4 of counters: what is summed is what is listed. */
static bool judge_sum(struct world *world, unsigned partition)
{
    const char *key = world_sum(partition, world->kafka[partition].log);
    int64_t sum = 0, is = model_redis_number(world->redis, key);

    for (int64_t offset = 0; offset <= world->highest[partition]; offset += SUMMED)
        sum += is_bad(offset) ? 0 : offset;
    return is == sum || fail(world, "I4: partition %u: the sum is %" PRId64 ", not %" PRId64,
                             partition, is, sum);
}

/* I10: a refused command is told, and what was to be taken care of is; unless it was said that
 * answers were lost. */
static bool judge_errors(struct world *world, unsigned partition)
{
    for (int64_t offset = 0; offset < WORLD_RECORDS; offset++)
        if (world_is_cutter(offset) && !world->told[partition][offset])
            return fail(world, "I10: partition %u: nobody heard that %" PRId64 " was refused",
                        partition, offset);
    if (world->mode != WORLD_EXACTLY_ONCE || world->counts.unsettled)
        return true;
    for (int64_t offset = 0; offset < WORLD_RECORDS; offset++) {
        if (world_is_poison(offset) && !world->told[partition][offset])
            return fail(world, "I10: partition %u: nobody heard that %" PRId64 " was refused",
                        partition, offset);
        if (world->pending[partition][offset])
            return fail(world, "I10: partition %u: nobody took care of %" PRId64, partition,
                        offset);
    }
    return true;
}

/* I1: what is committed is there. After a failover it need not be: exactly-once starts from what
 * Redis has. */
static bool judge_commit(struct world *world, unsigned partition)
{
    int64_t committed = committed_of(world, partition);

    if (world->failed_over || committed <= 0)
        return true;
    int64_t last = is_bad(committed - 1) ? committed - 2 : committed - 1;
    return world->highest[partition] >= last ||
           fail(world, "I1: partition %u: %" PRId64 " is committed, Redis has up to %" PRId64,
                partition, committed, world->highest[partition]);
}

static bool has_entry(struct world *world, unsigned partition, int64_t offset)
{
    bool *entered = &world->entered[partition][offset];
    char id[32];

    if (*entered)
        return true;
    snprintf(id, sizeof(id), "%" PRId64 "-1", offset);
    *entered = model_redis_has_entry(world->redis,
                                     world_stream(partition, world->kafka[partition].log), id);
    return *entered;
}

/* I1 of streams: what is committed has its entry, or it was told that it was refused; the latter
 * only of what is not there. */
static bool judge_stream(struct world *world, unsigned partition)
{
    int64_t committed = committed_of(world, partition);

    for (int64_t offset = 0; offset < WORLD_RECORDS; offset++) {
        bool missed = world->missed[partition][offset];
        if (missed && has_entry(world, partition, offset))
            return fail(world, "I10: partition %u: the entry of %" PRId64 " is told as refused",
                        partition, offset);
        if (offset < committed && !missed && !has_entry(world, partition, offset))
            return fail(world, "I1: partition %u: %" PRId64 " is committed without its entry",
                        partition, offset);
    }
    return true;
}

/* Only what ends connections is refused for it. */
static bool judge_refusals(struct world *world)
{
    return world->wronged < 0 ||
           fail(world, "I10: %d was refused and had done nothing", world->wronged);
}

static bool judge(struct world *world)
{
    if (!judge_refusals(world))
        return false;
    for (unsigned i = 0; i < WORLD_PARTITIONS; i++)
        if (!judge_list(world, i) || !judge_commit(world, i) ||
            (world->mode == WORLD_EXACTLY_ONCE && !judge_sum(world, i)) ||
            (world->mode == WORLD_AT_LEAST_ONCE && !judge_stream(world, i)))
            return false;
    return true;
}

bool judge_step(struct world *world)
{
    for (unsigned i = 0; i < WORLD_PARTITIONS; i++) {
        int64_t committed = committed_of(world, i);
        if (committed < world->committed[i] && !world->falls[i])
            return fail(world, "I7: partition %u: the commit fell from %" PRId64 " to %" PRId64, i,
                        world->committed[i], committed);
        world->falls[i] &= committed >= world->committed[i];
        world->committed[i] = committed;
    }
    return judge(world);
}

bool judge_is_finished(const struct world *world)
{
    for (unsigned i = 0; i < WORLD_PARTITIONS; i++)
        if (committed_of(world, i) < WORLD_RECORDS ||
            world->highest[i] != next_good(WORLD_RECORDS) - 1 - is_bad(WORLD_RECORDS - 1))
            return false;
    return true;
}

bool judge_end(struct world *world)
{
    bool finished = judge_is_finished(world);

    for (unsigned i = 0; !finished && i < WORLD_PARTITIONS; i++)
        fail(world, "I2: partition %u: committed %" PRId64 ", Redis has up to %" PRId64 " of %d", i,
             committed_of(world, i), world->highest[i], WORLD_RECORDS);
    for (unsigned i = 0; i < WORLD_PARTITIONS; i++)
        if (!judge_order(world, i) || (finished && !judge_errors(world, i)))
            return false;
    return finished;
}
