/* unreadable.h: a batch of which librdkafka cannot make records. */
#pragma once
#include <librdkafka/rdkafka.h>
#include <stdbool.h>

struct source;
struct source_partition;

/** Whether @p message, an error, is about one; then nothing behind it is taken. */
bool unreadable_seen(struct source_partition *partition, const rd_kafka_message_t *message);

/** Before a poll: holds the partitions that have met one. */
void unreadable_hold(struct source *source);
