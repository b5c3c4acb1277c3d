/*
 * replaced.c: a partition whose log is another one than its position is of.
 *
 * on_out_of_range says where it resumes. Under "stop" the former position stays committed, with a
 * note (commit_note.h) by which the next start stops again.
 */
#include "base/log.h"
#include "conf/kind.h"
#include "kafka/source_state.h"

#include <inttypes.h>
#include <stdio.h>

enum { REASON_BYTES = 256 };

const char *replaced_policy(enum conf_out_of_range policy)
{
    return kinds[KIND_OUT_OF_RANGE].words[policy];
}

void replaced_found(struct source_partition *partition, const char *how)
{
    partition_displace(partition);
    partition->log.replaced = how;
    if (partition->commit.committed > partition->commit.former)
        partition->commit.former = partition->commit.committed;
    partition_forget_committed(partition);
    partition->start.ask_at_ms = 0;
}

static void replaced_stop(struct source_partition *partition, int64_t expected)
{
    char reason[REASON_BYTES];

    snprintf(reason, sizeof(reason),
             "offset %" PRId64 " is of another log than the topic has now (%s)", expected,
             partition->log.replaced);
    partition->position = expected;
    source_hold(partition, HOLD_RECORD, reason);
}

/* The records that the former log still had are lost with it, and those of the new log that are
 * skipped. */
static int64_t replaced_lost(const struct source_partition *partition, int64_t expected,
                             const struct offsets_item *item, enum conf_out_of_range policy)
{
    int64_t lost = partition->log.known_end > expected ? partition->log.known_end - expected : 0;

    return policy == OUT_OF_RANGE_LATEST ? lost + item->high - item->low : lost;
}

/* The partition's position means nothing in the log that is there now. */
void replaced_start(struct source_partition *partition, int64_t expected,
                    const struct offsets_item *item)
{
    struct source *source = partition->source;
    enum conf_out_of_range policy = source->options->on_out_of_range;
    int64_t lost = replaced_lost(partition, expected, item, policy);

    partition->lost_records += (uint64_t)lost;
    source->metrics->source.replaced++;
    log_error_each("topic is another log", LOG_STR("topic", partition->topic->name),
                   LOG_INT("partition", partition->number), LOG_INT("offset", expected),
                   LOG_INT("log_start", item->low), LOG_INT("log_end", item->high),
                   LOG_INT("lost", lost), LOG_STR("on_out_of_range", replaced_policy(policy)),
                   LOG_STR("error", partition->log.replaced));
    partition_forget_committed(partition);
    partition->commit.former = -1;
    if (policy == OUT_OF_RANGE_STOP) {
        replaced_stop(partition, expected);
        return;
    }
    partition->log.identity = item->log;
    partition->log.replaced = NULL;
    witnesses_clear(&partition->log.witnesses);
    skip_forget(partition);
    if (!partition->claimed) /* else it was done with the claim */
        partition_drop(partition);
    partition_place(partition, policy == OUT_OF_RANGE_LATEST ? item->high : item->low,
                    WITNESS_NONE);
    partition->fetching.seek_due =
        true; /* a seek alone does nothing if librdkafka has stopped by itself */
    partition->commit.fresh_start = partition->position;
}

/* Whether the log that is there now is another one than the position is of, which is of @p log. */
bool replaced_is(struct source_partition *partition, const struct identity *log,
                 const struct offsets_item *item)
{
    partition->log.replaced = difference_of(partition->log.replaced, log, &item->log);
    return partition->log.replaced != NULL;
}
