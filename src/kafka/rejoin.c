/*
 * rejoin.c: out of the group and back in.
 *
 * If another member has taken over a partition that we believe is ours, the group has rebalanced
 * without us. Unsubscribing gives everything back, in the usual order (drain, commit, unassign);
 * subscribing again gets an assignment that the group agrees on.
 */
#include "base/log.h"
#include "kafka/source_state.h"

enum { REJOIN_MS = 10000 };

void source_rejoin(struct source *source)
{
    if (source->rebalance.rejoining || source_is_stopping(source) ||
        source->now_ms < source->rebalance.rejoin_due_ms)
        return;
    log_warn("kafka: joining the group again");
    source->rebalance.rejoining = true;
    source->rebalance.rejoin_due_ms = source->now_ms + REJOIN_MS;
    rd_kafka_unsubscribe(source->kafka);
}

static bool owns_any(const struct source *source)
{
    for (size_t i = 0; i < source->partition_count; i++)
        if (partition_is_ours(source->partitions[i]))
            return true;
    return false;
}

void rejoin_turn(struct source *source)
{
    rd_kafka_resp_err_t err;

    if (!source->rebalance.rejoining || source_is_stopping(source))
        return;
    if (source->rebalance.step != REBALANCE_NONE ||
        (owns_any(source) && source->now_ms < source->rebalance.rejoin_due_ms))
        return;
    source->rebalance.rejoining = false;
    err = rd_kafka_subscribe(source->kafka, source->subscription);
    if (err)
        report_error(&source->errors, err, NULL, "the group could not be joined again");
}
