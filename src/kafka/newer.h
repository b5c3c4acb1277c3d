/*
 * newer.h: calls of newer librdkafkas than the one whose headers penstock is built with.
 *
 * penstock is built on 2.0.2 (Debian 12) and runs with any newer one. Calls that older headers do
 * not declare are declared here, weak: they are there if the loaded library has them.
 */
#pragma once
#include <librdkafka/rdkafka.h>
#include <stdbool.h>

enum { NEWER_TOPIC_IDS = 0x020300ff };

#if RD_KAFKA_VERSION < 0x020300ff
#define NEWER __attribute__((weak))

typedef struct rd_kafka_Uuid_s rd_kafka_Uuid_t;
typedef struct rd_kafka_TopicCollection_s rd_kafka_TopicCollection_t;
typedef struct rd_kafka_TopicDescription_s rd_kafka_TopicDescription_t;
typedef rd_kafka_event_t rd_kafka_DescribeTopics_result_t;

NEWER rd_kafka_TopicCollection_t *rd_kafka_TopicCollection_of_topic_names(const char **topics,
                                                                          size_t count);
NEWER void rd_kafka_TopicCollection_destroy(rd_kafka_TopicCollection_t *topics);
NEWER void rd_kafka_DescribeTopics(rd_kafka_t *kafka, const rd_kafka_TopicCollection_t *topics,
                                   const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *queue);
NEWER const rd_kafka_DescribeTopics_result_t *rd_kafka_event_DescribeTopics_result(
    rd_kafka_event_t *event);
NEWER const rd_kafka_TopicDescription_t **rd_kafka_DescribeTopics_result_topics(
    const rd_kafka_DescribeTopics_result_t *result, size_t *count);
NEWER const char *rd_kafka_TopicDescription_name(const rd_kafka_TopicDescription_t *topic);
NEWER const rd_kafka_error_t *rd_kafka_TopicDescription_error(
    const rd_kafka_TopicDescription_t *topic);
NEWER const rd_kafka_Uuid_t *rd_kafka_TopicDescription_topic_id(
    const rd_kafka_TopicDescription_t *topic);
NEWER const char *rd_kafka_Uuid_base64str(const rd_kafka_Uuid_t *id);
NEWER int64_t rd_kafka_Uuid_least_significant_bits(const rd_kafka_Uuid_t *id);
NEWER int64_t rd_kafka_Uuid_most_significant_bits(const rd_kafka_Uuid_t *id);
#endif

/** Whether this librdkafka can be asked for the ids of topics. */
static inline bool newer_has_topic_ids(void)
{
    return rd_kafka_version() >= NEWER_TOPIC_IDS;
}
