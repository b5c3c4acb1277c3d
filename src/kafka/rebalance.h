/* rebalance.h: what the group gives to this member and takes away. */
#pragma once
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

struct source;

enum rebalance_step {
    REBALANCE_NONE,
    REBALANCE_STARTING, /* assigned: waits for the first offsets */
    REBALANCE_DRAINING, /* revoked: waits for answers */
    REBALANCE_COMMITTING
};

/** A source's. */
struct rebalance {
    enum rebalance_step step;
    int64_t deadline_ms;     /* of the step */
    int64_t longest_poll_ms; /* librdkafka's: then the group takes us for dead */
    int64_t drain_limit_ms;  /* longest wait for answers when partitions are revoked */
    bool joined;             /* the group has given us an assignment */
    int64_t left_ms;         /* when it took all away last */
    bool rejoining;          /* unsubscribed: to be subscribed again once nothing is ours */
    int64_t rejoin_due_ms;   /* not before */
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
