/*
 * world.c: a Kafka, a Redis and two workers, one small step at a time.
 *
 * The group: one owner and one generation a partition; a commit of another generation is refused,
 * as Kafka does. A worker whose partition expired does not know it until it is told, and goes on
 * writing: a paused process.
 */
#include "world.h"

#include "base/mem.h"
#include "member.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { POISON = 7, SUMMED = 3, END_ROUNDS = 4000, CONNECTIONS_SHOWN = 8 };

struct kafka_partition {
    int owner; /* -1: none */
    uint32_t generation;
    int64_t committed;
    bool overlapped; /* somebody may have written on behind the next owner's back */
};

struct world {
    enum world_mode mode;
    const struct way *way;
    struct model_redis *redis;
    struct kafka_partition kafka[WORLD_PARTITIONS];
    struct member members[WORLD_WORKERS];
    int closed[CONNECTIONS_SHOWN]; /* connections whose client is gone */
    size_t closed_count;
    bool failed_over;                  /* what was answered may be gone */
    size_t listed[WORLD_PARTITIONS];   /* elements of the lists that were judged */
    int64_t highest[WORLD_PARTITIONS]; /* up to it all are listed */
    /* where the list has the record last; 0: nowhere */
    size_t last[WORLD_PARTITIONS][WORLD_RECORDS];
    bool told[WORLD_PARTITIONS][WORLD_RECORDS];    /* that a command of it was refused */
    bool pending[WORLD_PARTITIONS][WORLD_RECORDS]; /* somebody is to take care of it */
    struct world_counts counts;
    char text[WORLD_TEXT_BYTES];
};

static const char *const lists[WORLD_PARTITIONS] = {"list:0", "list:1"};
static const char *const sums[WORLD_PARTITIONS] = {"sum:0", "sum:1"};

/* --- for the ways ----------------------------------------------------------------------------- */

const char *world_list(unsigned partition)
{
    return lists[partition];
}

const char *world_sum(unsigned partition)
{
    return sums[partition];
}

bool world_is_poison(int64_t offset)
{
    return offset % POISON == POISON - 1;
}

void world_record(unsigned partition, int64_t offset, struct world_record *record)
{
    struct slice number = {record->text, 0};

    number.length = (size_t)snprintf(record->text, sizeof(record->text), "%" PRId64, offset);
    record->count = 0;
    if (world_is_poison(offset)) { /* a counter is no list */
        struct slice *words = record->words[record->count++];
        words[0] = SLICE("RPUSH"), words[1] = slice_of(sums[partition]), words[2] = number;
        return;
    }
    struct slice *push = record->words[record->count++];
    push[0] = SLICE("RPUSH"), push[1] = slice_of(lists[partition]), push[2] = number;
    if (offset % SUMMED == 0) {
        struct slice *add = record->words[record->count++];
        add[0] = SLICE("INCRBY"), add[1] = slice_of(sums[partition]), add[2] = number;
    }
}

struct model_redis *world_redis(struct world *world)
{
    return world->redis;
}

struct world_counts *world_count(struct world *world)
{
    return &world->counts;
}

void world_fenced(struct member *member, unsigned partition)
{
    (void)partition;
    member->world->counts.fences++;
}

void world_refused(struct member *member, unsigned partition, int64_t offset, bool pending)
{
    member->world->told[partition][offset] = true;
    member->world->pending[partition][offset] = pending;
}

void world_unsettled(struct member *member, uint64_t units)
{
    member->world->counts.unsettled += units;
}

/* --- judging ---------------------------------------------------------------------------------- */

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

static int64_t next_good(int64_t offset)
{
    return world_is_poison(offset) ? offset + 1 : offset;
}

static void listed_clear(struct world *world, unsigned partition)
{
    world->listed[partition] = 0;
    world->highest[partition] = -1;
    memset(world->last[partition], 0, sizeof(world->last[partition]));
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
    size_t count = model_redis_list(world->redis, lists[partition], &items);

    if (count < world->listed[partition]) /* failed over */
        listed_clear(world, partition);
    while (world->listed[partition] < count)
        if (!judge_element(world, partition, element(items[world->listed[partition]])))
            return false;
    return true;
}

/* I3 where they are repeated: in the end no older write stands behind a newer one. That needs
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
    int64_t sum = 0, is = model_redis_number(world->redis, sums[partition]);

    for (int64_t offset = 0; offset <= world->highest[partition]; offset += SUMMED)
        sum += world_is_poison(offset) ? 0 : offset;
    return is == sum || fail(world, "I4: partition %u: the sum is %" PRId64 ", not %" PRId64,
                             partition, is, sum);
}

/* I10: a refused command is told, and what was to be taken care of is; unless it was said that
 * answers were lost. */
static bool judge_errors(struct world *world, unsigned partition)
{
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
    int64_t committed = world->kafka[partition].committed;

    if (world->failed_over || committed == 0)
        return true;
    int64_t last = world_is_poison(committed - 1) ? committed - 2 : committed - 1;
    return world->highest[partition] >= last ||
           fail(world, "I1: partition %u: %" PRId64 " is committed, Redis has up to %" PRId64,
                partition, committed, world->highest[partition]);
}

static bool judge(struct world *world)
{
    for (unsigned i = 0; i < WORLD_PARTITIONS; i++)
        if (!judge_list(world, i) || !judge_commit(world, i) ||
            (world->mode == WORLD_EXACTLY_ONCE && !judge_sum(world, i)))
            return false;
    return true;
}

/* --- connections ------------------------------------------------------------------------------ */

static void disconnect(struct member *member, bool former)
{
    struct world *world = member->world;

    if (member->connection < 0)
        return;
    model_redis_close(world->redis, (unsigned)member->connection);
    world->closed[world->closed_count++ % CONNECTIONS_SHOWN] = member->connection;
    member->former = former ? member->connection : -1;
    member->connection = -1;
}

static void cut(struct member *member)
{
    if (member->connection < 0)
        return;
    member->world->counts.cuts++;
    disconnect(member, true);
    member->world->way->cut(member);
}

static void step_connect(struct member *member)
{
    struct world *world = member->world;

    if (member->connection >= 0)
        return;
    if (member->former >= 0)
        model_redis_kill(world->redis, (unsigned)member->former);
    member->former = -1;
    member->connection = (int)model_redis_connect(world->redis);
    world->way->connected(member);
}

static void restart(struct world *world)
{
    model_redis_restart(world->redis);
    for (size_t i = 0; i < WORLD_WORKERS; i++)
        cut(&world->members[i]);
}

static void step_send(struct member *member, size_t amount)
{
    struct slice output;

    if (member->connection < 0)
        return;
    output = member->world->way->output(member);
    if (output.length > amount * 4 + 1)
        output.length = amount * 4 + 1;
    if (!output.length)
        return;
    model_redis_send(member->world->redis, (unsigned)member->connection, output);
    member->world->way->wrote(member, output.length);
}

static void step_serve(struct member *member, size_t amount)
{
    for (size_t i = 0; member->connection >= 0 && i <= amount % 16; i++)
        model_redis_step(member->world->redis, (unsigned)member->connection);
}

static void step_read(struct member *member, size_t amount)
{
    struct world *world = member->world;
    char bytes[512];
    struct slice input;
    size_t length = amount * 2 + 1;

    if (member->connection < 0)
        return;
    input = model_redis_replies(world->redis, (unsigned)member->connection);
    if (length > input.length)
        length = input.length;
    if (!length)
        return;
    memcpy(bytes, input.data, length);
    model_redis_took(world->redis, (unsigned)member->connection, length);
    if (!world->way->input(member, (struct slice){bytes, length}))
        cut(member);
}

/* What a dead connection had sent reaches the server after all. */
static void step_stale(struct world *world, size_t amount)
{
    size_t count =
        world->closed_count < CONNECTIONS_SHOWN ? world->closed_count : CONNECTIONS_SHOWN;

    if (count)
        world->counts.stale +=
            model_redis_step(world->redis, (unsigned)world->closed[amount % count]);
}

/* --- the group -------------------------------------------------------------------------------- */

static void member_lose(struct member *member, unsigned number)
{
    struct member_partition *partition = &member->partitions[number];

    if (!partition->owned)
        return;
    partition->owned = partition->revoked = false;
    partition->life++;
    member->world->way->lost(member, number);
    tracker_free(partition->tracker);
    partition->tracker = NULL;
}

static void step_assign(struct member *member, unsigned number)
{
    struct kafka_partition *kafka = &member->world->kafka[number];
    struct member_partition *partition = &member->partitions[number];

    if (kafka->owner >= 0)
        return;
    member_lose(member, number); /* who comes back hears first that he was away */
    kafka->owner = (int)member->number;
    partition->generation = ++kafka->generation;
    partition->owned = true;
    partition->life++;
    member->world->counts.moves++;
    member->world->way->assigned(member, number, kafka->committed);
}

static bool is_owner(const struct member *member, unsigned number)
{
    const struct kafka_partition *kafka = &member->world->kafka[number];

    return kafka->owner == (int)member->number &&
           kafka->generation == member->partitions[number].generation;
}

static void commit(struct member *member, unsigned number)
{
    struct kafka_partition *kafka = &member->world->kafka[number];
    struct member_partition *partition = &member->partitions[number];

    if (!partition->owned || !partition->tracker)
        return;
    int64_t offset = tracker_commit_offset(partition->tracker);
    if (is_owner(member, number) && offset >= kafka->committed)
        kafka->committed = offset;
    else
        member->world->counts.refused_commits++;
}

static void step_leave(struct member *member, unsigned number, bool force)
{
    struct member_partition *partition = &member->partitions[number];

    if (!partition->owned || !partition->revoked ||
        (!force && !member->world->way->is_drained(member, number)))
        return;
    commit(member, number);
    member->world->kafka[number].overlapped |= !member->world->way->is_drained(member, number);
    member_lose(member, number);
    if (is_owner(member, number))
        member->world->kafka[number].owner = -1;
}

static void step_expire(struct world *world, unsigned number)
{
    world->kafka[number].overlapped |= world->kafka[number].owner >= 0;
    world->kafka[number].owner = -1;
}

static void step_tell(struct member *member, unsigned number)
{
    if (member->partitions[number].owned && !is_owner(member, number))
        member_lose(member, number);
}

static void member_begin(struct world *world, unsigned number)
{
    struct member *member = &world->members[number];

    *member = (struct member){.world = world, .number = number, .connection = -1, .former = -1};
    world->way->begin(member);
}

static void member_end(struct member *member)
{
    disconnect(member, false);
    for (unsigned i = 0; i < WORLD_PARTITIONS; i++) {
        if (is_owner(member, i))
            step_expire(member->world, i);
        tracker_free(member->partitions[i].tracker);
    }
    member->world->way->end(member);
}

static void step_crash(struct member *member)
{
    member->world->counts.crashes++;
    member_end(member);
    member_begin(member->world, member->number);
}

static void step_poll(struct member *member, unsigned number, size_t amount)
{
    const struct member_partition *partition = &member->partitions[number];

    for (size_t i = 0; i <= amount % 3; i++)
        if (!partition->owned || partition->revoked || !partition->tracker ||
            partition->position >= WORLD_RECORDS || !member->world->way->take(member, number))
            return;
}

/* --- steps ------------------------------------------------------------------------------------ */

/* A replica without any checkpoint of a partition is no replica: then Kafka's commit decides, and
 * what Redis lost stays lost. */
static bool is_replica(const struct world *world)
{
    for (unsigned i = 0; i < WORLD_PARTITIONS; i++)
        if (world->listed[i] && !model_redis_replica_has(world->redis, lists[i]))
            return false;
    return true;
}

static void fail_over(struct world *world)
{
    if (!is_replica(world))
        return;
    world->counts.failovers++;
    world->failed_over = true;
    model_redis_fail_over(world->redis);
    for (size_t i = 0; i < WORLD_WORKERS; i++)
        cut(&world->members[i]);
}

static void take_step(struct world *world, struct world_step step)
{
    struct member *member = &world->members[step.worker];

    switch ((enum world_step_kind)step.kind) {
    case STEP_POLL:
        step_poll(member, step.partition, step.amount);
        break;
    case STEP_SEND:
        step_send(member, step.amount);
        break;
    case STEP_SERVE:
        step_serve(member, step.amount);
        break;
    case STEP_READ:
        step_read(member, step.amount);
        break;
    case STEP_COMMIT:
        commit(member, step.partition);
        break;
    case STEP_STALE:
        step_stale(world, step.amount);
        break;
    case STEP_CUT:
        cut(member);
        break;
    case STEP_CONNECT:
        step_connect(member);
        world->way->wake(member);
        break;
    case STEP_ASSIGN:
        step_assign(member, step.partition);
        break;
    case STEP_REVOKE:
        member->partitions[step.partition].revoked = member->partitions[step.partition].owned;
        break;
    case STEP_LEAVE:
        step_leave(member, step.partition, step.amount % 8 == 0);
        break;
    case STEP_EXPIRE:
        step_expire(world, step.partition);
        break;
    case STEP_TELL:
        step_tell(member, step.partition);
        break;
    case STEP_CRASH:
        step_crash(member);
        break;
    case STEP_RESTART:
        restart(world);
        break;
    case STEP_REFUSE:
        model_redis_refuse(world->redis, "OOM command not allowed when used memory > 'maxmemory'.");
        break;
    case STEP_ACCEPT:
        model_redis_refuse(world->redis, NULL);
        break;
    case STEP_REPLICATE:
        model_redis_replicate(world->redis);
        break;
    case STEP_FAIL_OVER:
        fail_over(world);
        break;
    case WORLD_STEP_KINDS:
        break;
    }
}

bool world_step(struct world *world, struct world_step step)
{
    int64_t committed[WORLD_PARTITIONS];

    for (unsigned i = 0; i < WORLD_PARTITIONS; i++)
        committed[i] = world->kafka[i].committed;
    take_step(world, step);
    for (unsigned i = 0; i < WORLD_PARTITIONS; i++)
        if (world->kafka[i].committed < committed[i])
            return fail(world, "I7: partition %u: the commit fell", i);
    return judge(world);
}

/* --- the end ---------------------------------------------------------------------------------- */

/* Everything works, and everybody does all there is to do. */
static void heal(struct world *world)
{
    model_redis_refuse(world->redis, NULL);
    for (unsigned i = 0; i < WORLD_WORKERS; i++) {
        struct member *member = &world->members[i];
        for (unsigned j = 0; j < WORLD_PARTITIONS; j++)
            step_tell(member, j);
        step_connect(member);
    }
}

static bool work(struct world *world, struct member *member)
{
    static const enum world_step_kind steps[] = {STEP_CONNECT, STEP_SEND, STEP_SERVE, STEP_READ,
                                                 STEP_COMMIT};

    for (unsigned partition = 0; partition < WORLD_PARTITIONS; partition++) {
        if (world->kafka[partition].owner < 0)
            step_assign(member, partition);
        step_leave(member, partition, false);
        step_poll(member, partition, 2);
        for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
            if (!world_step(world, (struct world_step){(uint8_t)steps[i], (uint8_t)member->number,
                                                       (uint8_t)partition, 255}))
                return false;
    }
    return true;
}

static bool is_finished(const struct world *world)
{
    for (unsigned i = 0; i < WORLD_PARTITIONS; i++)
        if (world->kafka[i].committed < WORLD_RECORDS ||
            world->highest[i] != next_good(WORLD_RECORDS) - 1 - world_is_poison(WORLD_RECORDS - 1))
            return false;
    return true;
}

/* I2: after healing everything arrives. */
bool world_end(struct world *world)
{
    for (unsigned i = 0; i < WORLD_PARTITIONS; i++)
        world->counts.records += (uint64_t)(world->highest[i] + 1);
    heal(world);
    for (unsigned round = 0; round < END_ROUNDS && !is_finished(world); round++)
        for (unsigned i = 0; i < WORLD_WORKERS; i++)
            if (!work(world, &world->members[i]))
                return false;
    for (unsigned i = 0; !is_finished(world) && i < WORLD_PARTITIONS; i++)
        fail(world, "I2: partition %u: committed %" PRId64 ", Redis has up to %" PRId64 " of %d", i,
             world->kafka[i].committed, world->highest[i], WORLD_RECORDS);
    for (unsigned i = 0; i < WORLD_PARTITIONS; i++)
        if (!judge_order(world, i) || (is_finished(world) && !judge_errors(world, i)))
            return false;
    return is_finished(world);
}

/* --- life ------------------------------------------------------------------------------------- */

struct world *world_new(enum world_mode mode)
{
    struct world *world = mem_new(struct world);

    world->mode = mode;
    world->way = mode == WORLD_EXACTLY_ONCE ? &exact_way : &pipe_way;
    world->redis = model_redis_new();
    for (unsigned i = 0; i < WORLD_PARTITIONS; i++) {
        world->kafka[i].owner = -1;
        listed_clear(world, i);
    }
    for (unsigned i = 0; i < WORLD_WORKERS; i++)
        member_begin(world, i);
    return world;
}

void world_free(struct world *world)
{
    for (unsigned i = 0; i < WORLD_WORKERS; i++)
        member_end(&world->members[i]);
    model_redis_free(world->redis);
    free(world);
}

const char *world_text(const struct world *world)
{
    return world->text;
}

const struct world_counts *world_counts(const struct world *world)
{
    return &world->counts;
}
