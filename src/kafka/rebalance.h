/* rebalance.h: what the group gives to this member and takes away. */
#pragma once
#include <librdkafka/rdkafka.h>
#include <stdint.h>

struct source;

enum rebalance_step {
    REBALANCE_NONE,
    REBALANCE_STARTING, /* assigned: waits for the first offsets */
    REBALANCE_DRAINING, /* revoked: waits for answers */
    REBALANCE_COMMITTING
};

void rebalance_event(struct source *source, rd_kafka_resp_err_t what,
                     const rd_kafka_topic_partition_list_t *list);

void rebalance_turn(struct source *source);

/** Milliseconds until rebalance_turn() has something to do; INT64_MAX: only events matter. */
int64_t rebalance_next_ms(const struct source *source);

/** Answers what librdkafka waits for, whatever it is: nothing is read any more. */
void rebalance_leave(struct source *source);

/** Goes on with source_rejoin() (rejoin.c). */
void rejoin_turn(struct source *source);
