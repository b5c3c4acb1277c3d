/*
 * logs.c: which log a position is of, and where a partition starts; start.c, resume.c and another.c
 * decide so, and on_out_of_range is "earliest".
 *
 * A topic that is made anew has another id, and Kafka has deleted what was committed; its workers
 * hear of it once they look, and what one reads before that counts as the former log's. A log that
 * was cut and has grown again keeps both: there the record remembered tells, at the next start.
 */
#include "flow/remembered.h"
#include "kafka/difference.h"
#include "redis/checkpoint.h"
#include "world_parts.h"

#include <assert.h>
#include <stdio.h>

enum { LOG_MS = 1000 }; /* a log's records have the timestamps from so many times its number on */

static struct identity identity_now(const struct kafka_partition *kafka)
{
    struct identity identity = {"c", "A"};

    identity.topic[0] = (char)('A' + kafka->topic);
    return identity;
}

unsigned log_now(const struct world *world, unsigned number)
{
    return world->kafka[number].log;
}

void log_text(const struct world *world, unsigned number, char text[IDENTITY_BYTES])
{
    struct identity identity = identity_now(&world->kafka[number]);

    identity_write(&identity, text);
}

struct record log_record(unsigned log, int64_t offset)
{
    return (struct record){
        .value = SLICE(""), .offset = offset, .timestamp_ms = log * LOG_MS + offset};
}

/* --- what happens to logs --------------------------------------------------------------------- */

static void renew(struct world *world, unsigned number)
{
    world->kafka[number].log++;
    judge_renew(world, number);
}

void log_remake(struct world *world, unsigned number)
{
    struct kafka_partition *kafka = &world->kafka[number];

    if (kafka->log + 1 >= WORLD_LOGS)
        return;
    kafka->topic++;
    kafka->committed = -1;
    kafka->note_length = 0;
    world->counts.remakes++;
    renew(world, number);
}

/* Whether what is committed says by which record another log is told. */
static bool is_witnessed(const struct kafka_partition *kafka)
{
    struct slice text = {kafka->note, kafka->note_length};

    return kafka->committed <= 0 || commit_note_read(text, kafka->committed).record.offset >= 0;
}

void log_regrow(struct world *world, unsigned number)
{
    struct kafka_partition *kafka = &world->kafka[number];

    for (unsigned i = 0; i < WORLD_WORKERS; i++)
        if (world->members[i].partitions[number].owned)
            return;
    if (kafka->owner >= 0 || kafka->log + 1 >= WORLD_LOGS || !is_witnessed(kafka))
        return;
    world->counts.regrowths++;
    renew(world, number);
}

/* --- where a partition starts ----------------------------------------------------------------- */

/* It does, in @p log: one who knows the records' timestamps can tell it. */
static int64_t begin(struct member *member, unsigned number, int64_t from, int64_t witness_ms)
{
    const struct kafka_partition *kafka = &member->world->kafka[number];
    struct member_partition *partition = &member->partitions[number];

    partition->identity = identity_now(kafka);
    partition->log = witness_ms >= 0 ? (unsigned)(witness_ms / LOG_MS) : kafka->log;
    partition->another = NULL;
    partition->behind = -1;
    return from;
}

static int64_t begin_anew(struct member *member, unsigned number)
{
    struct member_partition *partition = &member->partitions[number];

    partition->committed = -1;
    member->world->falls[number] = member->world->failed_over;
    member->world->counts.replaced++;
    witnesses_clear(&partition->witnesses);
    return begin(member, number, 0, -1);
}

static bool is_another(struct member *member, unsigned number, const struct identity *log)
{
    struct member_partition *partition = &member->partitions[number];
    struct identity now = identity_now(&member->world->kafka[number]);

    partition->another = difference_of(partition->another, log, &now);
    return partition->another != NULL;
}

static struct commit_note recall(struct member *member, unsigned number)
{
    const struct kafka_partition *kafka = &member->world->kafka[number];
    struct member_partition *partition = &member->partitions[number];
    struct commit_note note =
        commit_note_read((struct slice){kafka->note, kafka->note_length}, kafka->committed);

    partition->compare = WITNESS_NONE;
    partition->committed = kafka->committed;
    partition->identity = note.log;
    if (note.another)
        partition->another = difference_noted;
    return note;
}

static int64_t start_on(struct member *member, unsigned number, const struct commit_note *note)
{
    struct member_partition *partition = &member->partitions[number];
    bool witnessed = note->record.offset >= 0;

    if (witnessed && note->record.offset < partition->committed)
        partition->compare = note->record;
    partition->witnesses.settled = note->record;
    return begin(member, number, partition->committed, witnessed ? note->record.timestamp_ms : -1);
}

int64_t log_start(struct member *member, unsigned number)
{
    struct member_partition *partition = &member->partitions[number];
    struct commit_note note;

    if (partition->another && partition->tracker)
        return is_another(member, number, &partition->identity)
                   ? begin_anew(member, number)
                   : tracker_commit_offset(partition->tracker);
    note = recall(member, number);
    if (partition->committed < 0) {
        witnesses_clear(&partition->witnesses);
        return begin(member, number, 0, -1);
    }
    if (is_another(member, number, &note.log))
        return begin_anew(member, number);
    return start_on(member, number, &note);
}

struct resume log_resume(struct member *member, unsigned number,
                         const struct checkpoint *checkpoint)
{
    struct member_partition *partition = &member->partitions[number];
    struct resume_facts facts = {
        .found = checkpoint->found,
        .readable = checkpoint->readable,
        .same_routes = true,
        .next = checkpoint->next,
        .oldest_gap = checkpoint->gap_count ? checkpoint->gaps[0].offset : -1,
        .log = identity_read(slice_of(checkpoint->log)),
        .record = remembered(checkpoint),
        .missing = partition->missing,
        .high = WORLD_RECORDS,
        .policy = MISMATCH_STOP,
    };
    struct resume resume;

    recall(member, number);
    facts.another = is_another(member, number, &facts.log);
    partition->record = facts.record;
    partition->missing = WITNESS_NONE;
    resume = resume_decide(&facts);
    assert(resume.kind != RESUME_HOLD && resume.kind != RESUME_OUT_OF_RANGE);
    if (resume.kind == RESUME_REDIS) {
        begin(member, number, resume.from,
              facts.record.offset >= 0 ? facts.record.timestamp_ms : -1);
        partition->behind = resume.compared;
    } else {
        resume.from = resume.next =
            resume.kind == RESUME_KAFKA ? log_start(member, number) : begin_anew(member, number);
    }
    return resume;
}

/* --- while it is read ------------------------------------------------------------------------- */

void log_look(struct member *member, unsigned number)
{
    struct member_partition *partition = &member->partitions[number];
    bool known = partition->another;

    if (!partition->owned || !partition->tracker)
        return;
    if (known || is_another(member, number, &partition->identity))
        member->world->way->another(member, number);
}

/* As watch.c does with the record that is read first. */
bool log_looks_back(struct member *member, unsigned number)
{
    struct member_partition *partition = &member->partitions[number];
    struct witness witness = partition->compare;

    if (witness.offset < 0)
        return true;
    struct record record = log_record(member->world->kafka[number].log, witness.offset);
    partition->compare = WITNESS_NONE;
    if (!witness_fits(&witness, &record))
        partition->another = difference_record;
    return !partition->another;
}
