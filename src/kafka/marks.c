/* marks.c: how far the answers of one partition are confirmed, at each barrier that its topic
 * passes.
 */
#include "base/mem.h"
#include "kafka/source_state.h"

void marks_open(struct source_topic *topic, const struct source *source)
{
    const struct source_barriers *barriers = &source->barriers.set;

    if (!barriers->count)
        return;
    topic->barriers = mem_array(barriers->count, sizeof(*topic->barriers));
    for (unsigned i = 0; i < barriers->count; i++) {
        topic->barriers[i] = barriers->has(barriers->context, topic->routes, i);
        topic->has_barriers |= topic->barriers[i];
    }
}

static void mark_begin(struct source_partition *partition, unsigned barrier)
{
    struct marks *marks = &partition->marks;
    unsigned count = partition->source->barriers.set.count;

    if (!marks->items) {
        marks->items = mem_array(count, sizeof(*marks->items));
        for (unsigned i = 0; i < count; i++)
            mark_clear(&marks->items[i]);
        marks->assignment_start =
            partition->tracker ? tracker_commit_offset(partition->tracker) : -1;
    }
    mark_clear(&marks->items[barrier]);
    marks_check_later(partition);
}

void marks_reroute(struct source_topic *topic, const struct source *source)
{
    const struct source_barriers *barriers = &source->barriers.set;

    topic->has_barriers = false;
    for (unsigned i = 0; i < barriers->count; i++) {
        bool passed = topic->barriers[i];
        topic->barriers[i] = barriers->has(barriers->context, topic->routes, i);
        topic->has_barriers |= topic->barriers[i];
        for (size_t j = 0; topic->barriers[i] && !passed && j < topic->partition_count; j++)
            if (topic->partitions[j])
                mark_begin(topic->partitions[j], i);
    }
}

bool marks_have(const struct source_partition *partition, unsigned barrier)
{
    return partition->marks.items && partition->topic->barriers[barrier];
}

/* How far all its barriers are reached; INT64_MAX: it has none; -1: some barrier knows nothing yet.
 */
static int64_t reached(const struct source_partition *partition)
{
    int64_t least = INT64_MAX;

    for (unsigned i = 0; i < partition->source->barriers.set.count; i++)
        if (marks_have(partition, i) && partition->marks.items[i].reached < least)
            least = partition->marks.items[i].reached;
    return least;
}

int64_t marks_confirmed(const struct source_partition *partition)
{
    int64_t offset = reached(partition);

    return offset > partition->marks.assignment_start ? offset : partition->marks.assignment_start;
}

void marks_check_later(struct source_partition *partition)
{
    int64_t limit = partition->source->options->unconfirmed_records;

    partition->marks.check_at =
        partition->marks.items ? marks_confirmed(partition) + limit / 2 : INT64_MAX;
}

void marks_take(struct source_partition *partition)
{
    unsigned count = partition->source->barriers.set.count;

    if (partition->topic->has_barriers && !partition->marks.items)
        partition->marks.items = mem_array(count, sizeof(*partition->marks.items));
    for (unsigned i = 0; partition->marks.items && i < count; i++)
        mark_clear(&partition->marks.items[i]);
    partition->marks.assignment_start = -1;
    marks_check_later(partition);
}

void marks_start(struct source_partition *partition, int64_t offset)
{
    if (!partition->marks.items)
        return;
    for (unsigned i = 0; i < partition->source->barriers.set.count; i++)
        mark_start(&partition->marks.items[i], offset);
    if (partition->marks.assignment_start < 0 || partition->marks.assignment_start > offset)
        partition->marks.assignment_start = offset;
    marks_check_later(partition);
}

int64_t marks_cut(const struct source_partition *partition, int64_t offset)
{
    int64_t limit = partition->marks.items ? reached(partition) : INT64_MAX;

    return offset < limit ? offset : limit;
}

bool marks_confirm_all(const struct source_partition *partition)
{
    if (!partition->marks.items || !partition->tracker)
        return true;
    return tracker_commit_offset(partition->tracker) <= marks_confirmed(partition);
}

size_t marks_unconfirmed(const struct source_partition *partition)
{
    if (marks_confirm_all(partition))
        return 0;
    return (size_t)(tracker_commit_offset(partition->tracker) - marks_confirmed(partition));
}

bool marks_are_full(const struct source_partition *partition, int64_t position)
{
    return position - marks_confirmed(partition) >= partition->source->options->unconfirmed_records;
}
