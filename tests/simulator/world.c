/* world.c: a Kafka, a Redis and two workers, one small step at a time. */
#include "world.h"

#include "base/mem.h"
#include "world_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { POISON = 7, CUTTER = 11, END_ROUNDS = 4000 };

/* By log and partition. */
#define KEYS(kind)                                                                                 \
    {                                                                                              \
        {kind ":0", kind ":1"}, {kind ":0+", kind ":1+"},                                          \
        {                                                                                          \
            kind ":0++", kind ":1++"                                                               \
        }                                                                                          \
    }
static const char *const lists[WORLD_LOGS][WORLD_PARTITIONS] = KEYS("list");
static const char *const sums[WORLD_LOGS][WORLD_PARTITIONS] = KEYS("sum");
static const char *const streams[WORLD_LOGS][WORLD_PARTITIONS] = KEYS("stream");
#undef KEYS

/* --- for the ways ----------------------------------------------------------------------------- */

const char *world_list(unsigned partition, unsigned log)
{
    return lists[log][partition];
}

const char *world_sum(unsigned partition, unsigned log)
{
    return sums[log][partition];
}

const char *world_stream(unsigned partition, unsigned log)
{
    return streams[log][partition];
}

bool world_is_poison(int64_t offset)
{
    return offset % POISON == POISON - 1;
}

bool world_is_cutter(int64_t offset)
{
    return offset == CUTTER;
}

void world_record(struct place place, struct world_record *record)
{
    const char *list = world_list(place.partition, place.log);
    const char *sum = world_sum(place.partition, place.log);
    struct slice number = {record->text, 0};

    number.length = (size_t)snprintf(record->text, sizeof(record->text), "%" PRId64, place.offset);
    record->count = 0;
    if (world_is_poison(place.offset)) { /* a counter is no list */
        struct slice *words = record->words[record->count++];
        words[0] = SLICE("RPUSH"), words[1] = slice_of(sum), words[2] = number;
        return;
    }
    struct slice *push = record->words[record->count++];
    push[0] = SLICE("RPUSH"), push[1] = slice_of(list), push[2] = number;
    if (place.offset % SUMMED == 0) {
        struct slice *add = record->words[record->count++];
        add[0] = SLICE("INCRBY"), add[1] = slice_of(sum), add[2] = number;
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

/* Of a log that is gone nothing is noted. */
static bool is_there(const struct world *world, struct place place)
{
    return world->kafka[place.partition].log == place.log;
}

void world_refused(struct member *member, struct place place, bool pending)
{
    struct world *world = member->world;

    if (!world_is_poison(place.offset) && !world_is_cutter(place.offset))
        world->wronged = (int)place.offset;
    world->counts.condemned += world_is_cutter(place.offset) && !pending;
    if (!is_there(world, place))
        return;
    world->told[place.partition][place.offset] = true;
    world->pending[place.partition][place.offset] = pending;
}

void world_missed(struct member *member, struct place place)
{
    member->world->counts.missed++;
    if (is_there(member->world, place))
        member->world->missed[place.partition][place.offset] = true;
}

void world_unsettled(struct member *member, uint64_t units)
{
    member->world->counts.unsettled += units;
}

/* --- steps ------------------------------------------------------------------------------------ */

/* Redis says "later", or a proxy before it says that it lost its server, in words that are known or
 * not. */
static void refuse(struct world *world, uint8_t amount)
{
    static const char *const words[] = {"upstream failure", "BACKEND is not ready"};

    if (amount % 2)
        model_redis_lose(world->redis, words[amount / 2 % 2]);
    else
        model_redis_refuse(world->redis, "OOM command not allowed when used memory > 'maxmemory'.");
}

static void take_again(struct world *world)
{
    model_redis_refuse(world->redis, NULL);
    model_redis_lose(world->redis, NULL);
}

static void restart(struct world *world)
{
    model_redis_restart(world->redis);
    for (size_t i = 0; i < WORLD_WORKERS; i++)
        wire_cut(&world->members[i], false);
}

static bool replica_has(const struct world *world, unsigned partition)
{
    for (unsigned log = 0; log <= world->kafka[partition].log; log++)
        if (model_redis_replica_has(world->redis, world_list(partition, log)))
            return true;
    return false;
}

/* A replica without any checkpoint of a partition is no replica: then Kafka's commit decides, and
 * what Redis lost stays lost. */
static bool is_replica(const struct world *world)
{
    for (unsigned i = 0; i < WORLD_PARTITIONS; i++)
        if (world->listed[i] && !replica_has(world, i))
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
        wire_cut(&world->members[i], false);
}

static void take_step(struct world *world, struct world_step step)
{
    struct member *member = &world->members[step.worker];

    switch ((enum world_step_kind)step.kind) {
    case STEP_POLL:
        group_poll(member, step.partition, step.amount);
        break;
    case STEP_SEND:
        wire_send(member, step.amount);
        break;
    case STEP_SERVE:
        wire_serve(member, step.amount);
        break;
    case STEP_READ:
        wire_read(member, step.amount);
        break;
    case STEP_COMMIT:
        group_commit(member, step.partition);
        break;
    case STEP_STALE:
        wire_stale(world, step.amount);
        break;
    case STEP_CUT:
        wire_cut(member, step.amount % 4 == 0); /* most are told from an answer by their time */
        break;
    case STEP_CONNECT:
        wire_connect(member);
        wire_wake(member, step.amount % 8 == 7);
        if (world->way->wake)
            world->way->wake(member);
        break;
    case STEP_ASSIGN:
        group_assign(member, step.partition);
        break;
    case STEP_REVOKE:
        member->partitions[step.partition].revoked = member->partitions[step.partition].owned;
        break;
    case STEP_LEAVE:
        group_leave(member, step.partition, step.amount % 8 == 0);
        break;
    case STEP_EXPIRE:
        group_expire(world, step.partition);
        break;
    case STEP_TELL:
        group_tell(member, step.partition);
        break;
    case STEP_CRASH:
        member_crash(member);
        break;
    case STEP_REMAKE:
        log_remake(world, step.partition);
        break;
    case STEP_REGROW:
        log_regrow(world, step.partition);
        break;
    case STEP_LOOK:
        log_look(member, step.partition);
        break;
    case STEP_HAND:
        model_redis_raise(world->redis,
                          world_stream(step.partition, world->kafka[step.partition].log),
                          "1000000-0");
        break;
    case STEP_ASK:
        if (world->way->ask)
            world->way->ask(member);
        break;
    case STEP_RESTART:
        restart(world);
        break;
    case STEP_REFUSE:
        refuse(world, step.amount);
        break;
    case STEP_ACCEPT:
        take_again(world);
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
    take_step(world, step);
    return judge_step(world);
}

/* --- the end ---------------------------------------------------------------------------------- */

/* Everything works, and everybody does all there is to do. */
static void heal(struct world *world)
{
    take_again(world);
    for (unsigned i = 0; i < WORLD_WORKERS; i++) {
        struct member *member = &world->members[i];
        for (unsigned j = 0; j < WORLD_PARTITIONS; j++)
            group_tell(member, j);
        wire_connect(member);
    }
}

static bool work(struct world *world, struct member *member)
{
    static const enum world_step_kind steps[] = {STEP_CONNECT, STEP_SEND, STEP_SERVE,
                                                 STEP_READ,    STEP_ASK,  STEP_COMMIT};

    for (unsigned partition = 0; partition < WORLD_PARTITIONS; partition++) {
        if (world->kafka[partition].owner < 0)
            group_assign(member, partition);
        group_leave(member, partition, false);
        log_look(member, partition);
        group_poll(member, partition, 2);
        for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
            if (!world_step(world, (struct world_step){(uint8_t)steps[i], (uint8_t)member->number,
                                                       (uint8_t)partition, 255}))
                return false;
    }
    return true;
}

/* I2: after healing everything arrives. */
bool world_end(struct world *world)
{
    for (unsigned i = 0; i < WORLD_PARTITIONS; i++)
        world->counts.records += (uint64_t)(world->highest[i] + 1);
    heal(world);
    for (unsigned round = 0; round < END_ROUNDS && !judge_is_finished(world); round++) {
        if (round % 8 == 2) /* for a while: so that the bad records, too, are among what waits */
            refuse(world, 0);
        else if (round % 8 == 4)
            take_again(world);
        for (unsigned i = 0; i < WORLD_WORKERS; i++)
            if (!work(world, &world->members[i]))
                return false;
    }
    return judge_end(world);
}

/* --- life ------------------------------------------------------------------------------------- */

struct world *world_new(enum world_mode mode)
{
    struct world *world = mem_new(struct world);

    world->mode = mode;
    world->way = mode == WORLD_EXACTLY_ONCE ? &exact_way : &pipe_way;
    world->redis = model_redis_new();
    world->wronged = -1;
    model_redis_end_at(world->redis, "11");
    for (unsigned i = 0; i < WORLD_PARTITIONS; i++) {
        world->kafka[i].owner = -1;
        world->kafka[i].committed = -1;
        judge_renew(world, i);
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
