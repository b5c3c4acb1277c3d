/* commit.h: what Redis has answered is told to Kafka. */
#pragma once
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

struct source;

void commit_turn(struct source *source);

/** Milliseconds until commit_turn() has something to do; INT64_MAX: only events matter. */
int64_t commit_next_ms(const struct source *source);

/** Whether all that may be committed is, or cannot be; commits and waits over several turns. */
bool commit_is_done(struct source *source);

void commit_result(struct source *source, rd_kafka_resp_err_t err,
                   const rd_kafka_topic_partition_list_t *list);
