/*
 * another.c: a partition whose log is another one than its position is of.
 *
 * on_out_of_range says how it goes on. Under "stop" the former position stays committed, with a
 * note (commit_note.h) by which the next start stops again.
 */
#include "base/log.h"
#include "kafka/source_state.h"

#include <inttypes.h>
#include <stdio.h>

enum { REASON_BYTES = 256 };

const char *another_policy(enum conf_out_of_range policy)
{
    static const char *const words[] = {"stop", "earliest", "latest"};

    return words[policy];
}

void another_found(struct source_partition *partition, const char *how)
{
    partition_displace(partition);
    partition->log.another = how;
    partition->commit.committed = partition->commit.committing = -1; /* of the log that is gone */
    partition->start.ask_at_ms = 0;
}

static void another_stop(struct source_partition *partition, int64_t expected)
{
    char reason[REASON_BYTES];

    snprintf(reason, sizeof(reason),
             "offset %" PRId64 " is of another log than the topic has now (%s)", expected,
             partition->log.another);
    partition->position = expected;
    source_hold(partition, HOLD_RECORD, reason);
}

/* What the former log still had is gone with it; and of the new one what is passed over. */
static int64_t another_lost(const struct source_partition *partition, int64_t expected,
                            const struct offsets_item *item, enum conf_out_of_range policy)
{
    int64_t lost = partition->log.known_end > expected ? partition->log.known_end - expected : 0;

    return policy == OUT_OF_RANGE_LATEST ? lost + item->high - item->low : lost;
}

/* The partition's position means nothing in the log that is there now. */
void another_start(struct source_partition *partition, int64_t expected,
                   const struct offsets_item *item)
{
    struct source *source = partition->source;
    enum conf_out_of_range policy = source->options->on_out_of_range;
    int64_t lost = another_lost(partition, expected, item, policy);

    partition->lost_records += (uint64_t)lost;
    source->metrics->source.replaced++;
    log_error_each("topic is another log", LOG_STR("topic", partition->topic->name),
                   LOG_INT("partition", partition->number), LOG_INT("offset", expected),
                   LOG_INT("log_start", item->low), LOG_INT("log_end", item->high),
                   LOG_INT("lost", lost), LOG_STR("on_out_of_range", another_policy(policy)),
                   LOG_STR("error", partition->log.another));
    partition->commit.committed = partition->commit.committing = partition->commit.former = -1;
    if (policy == OUT_OF_RANGE_STOP) {
        another_stop(partition, expected);
        return;
    }
    partition->log.identity = item->log;
    partition->log.another = NULL;
    witnesses_clear(&partition->log.witnesses);
    if (!partition->claimed) { /* else it was done with the claim */
        partition->generation++;
        source->events.gone(source->events.context, partition);
    }
    partition_place(partition, policy == OUT_OF_RANGE_LATEST ? item->high : item->low,
                    WITNESS_NONE);
    partition->fetching.seek_due =
        true; /* a seek alone does nothing where librdkafka has stopped by itself */
    partition->commit.began = partition->position;
}

/* Whether the log that is there now is another one than the position is of, which is of @p log. */
bool another_is(struct source_partition *partition, const struct identity *log,
                const struct offsets_item *item)
{
    partition->log.another = difference_of(partition->log.another, log, &item->log);
    return partition->log.another != NULL;
}
