/*
 * mock_kafka.h: librdkafka's mock cluster, one a program, and what tests write into it and ask it.
 *
 * Its quirks: a group's first member waits three seconds, the next one up to a session.
 */
#pragma once
#include "base/slice.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLUSTER_PARTITIONS = 4 }; /* of a topic */

extern rd_kafka_mock_cluster_t *cluster;

void cluster_start(void);
void cluster_end(void);
void cluster_topic(const char *topic);
/** Writes the records numbered [from, to) to one partition; to all of them. */
void cluster_produce(const char *topic, int32_t partition, int from, int to);
void cluster_produce_all(const char *topic, int from, int to);
/** Writes one record with a value of so many bytes. */
void cluster_produce_large(const char *topic, int32_t partition, size_t bytes);
/** Writes one record as it is; takes over @p headers. */
void cluster_produce_record(const char *topic, int32_t partition, struct slice key,
                            struct slice value, int64_t timestamp_ms, rd_kafka_headers_t *headers);
/** What the group has committed, -1001 for nothing; and to say so for it. */
int64_t cluster_committed(const char *group, const char *topic, int32_t partition);
void cluster_commit(const char *group, const char *topic, int32_t partition, int64_t offset);
/** The same with metadata. */
void cluster_commit_note(const char *group, const char *topic, int32_t partition, int64_t offset,
                         const char *note);
