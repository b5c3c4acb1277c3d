/*
 * group.c: the group that shares the partitions, and its members.
 *
 * One owner and one generation a partition; a commit of another generation is refused, as Kafka
 * does. A worker whose partition expired does not know it until it is told, and goes on writing: a
 * paused process.
 */
#include "world_parts.h"

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

void group_assign(struct member *member, unsigned number)
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
    partition->another = NULL;
    partition->record = partition->missing = partition->compare = WITNESS_NONE;
    partition->behind = -1;
    witnesses_clear(&partition->witnesses);
    member->world->counts.moves++;
    member->world->way->assigned(member, number);
}

static bool is_owner(const struct member *member, unsigned number)
{
    const struct kafka_partition *kafka = &member->world->kafka[number];

    return kafka->owner == (int)member->number &&
           kafka->generation == member->partitions[number].generation;
}

/* As commit.c says it. */
static void commit(struct kafka_partition *kafka, struct member_partition *partition,
                   int64_t offset)
{
    const struct commit_note note = {.offset = offset,
                                     .another = partition->another,
                                     .log = partition->identity,
                                     .record = witnesses_settle(&partition->witnesses, offset),
                                     .began_ms = -1};

    kafka->note_length = commit_note_write(&note, kafka->note);
    kafka->committed = partition->committed = offset;
    kafka->committed_log = partition->log;
}

void group_commit(struct member *member, unsigned number)
{
    struct member_partition *partition = &member->partitions[number];

    if (!partition->owned || !partition->tracker || partition->position <= partition->behind)
        return;
    int64_t offset = tracker_commit_offset(partition->tracker);
    if (!is_owner(member, number))
        member->world->counts.refused_commits++;
    else if (offset > partition->committed)
        commit(&member->world->kafka[number], partition, offset);
}

void group_leave(struct member *member, unsigned number, bool force)
{
    struct member_partition *partition = &member->partitions[number];

    if (!partition->owned || !partition->revoked ||
        (!force && !member->world->way->is_drained(member, number)))
        return;
    group_commit(member, number);
    member->world->kafka[number].overlapped |= !member->world->way->is_drained(member, number);
    member_lose(member, number);
    if (is_owner(member, number))
        member->world->kafka[number].owner = -1;
}

void group_expire(struct world *world, unsigned number)
{
    world->kafka[number].overlapped |= world->kafka[number].owner >= 0;
    world->kafka[number].owner = -1;
}

void group_tell(struct member *member, unsigned number)
{
    if (member->partitions[number].owned && !is_owner(member, number))
        member_lose(member, number);
}

void member_begin(struct world *world, unsigned number)
{
    struct member *member = &world->members[number];

    *member = (struct member){.world = world, .number = number, .connection = -1, .former = -1};
    world->way->begin(member);
}

void member_end(struct member *member)
{
    wire_close(member, false);
    for (unsigned i = 0; i < WORLD_PARTITIONS; i++) {
        if (is_owner(member, i))
            group_expire(member->world, i);
        tracker_free(member->partitions[i].tracker);
    }
    member->world->way->end(member);
}

void member_crash(struct member *member)
{
    member->world->counts.crashes++;
    member_end(member);
    member_begin(member->world, member->number);
}

void group_poll(struct member *member, unsigned number, size_t amount)
{
    struct member_partition *partition = &member->partitions[number];

    for (size_t i = 0; i <= amount % 3; i++) {
        if (!partition->owned || partition->revoked || !partition->tracker || partition->another ||
            partition->position >= WORLD_RECORDS || !log_looks_back(member, number))
            return;
        struct record record = log_record(partition->log, partition->position);
        if (!member->world->way->take(member, number))
            return;
        witnesses_note(&partition->witnesses, &record);
    }
}
