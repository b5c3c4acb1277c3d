/* watch.h: whether logs are still those that positions are of. */
#pragma once
#include "kafka/offsets.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source;
struct source_partition;

/** What a commit waits for if the ids of topics are not known. */
enum commit_look { COMMIT_LOOK_NONE, COMMIT_LOOK_DUE, COMMIT_LOOK_ASKED, COMMIT_LOOK_DONE };

/** A source's. */
struct watch {
    int64_t turned_ms;   /* when the last turn was */
    int64_t due_ms;      /* when the logs are looked at */
    int64_t answered_ms; /* when the last look was */
    bool blind;          /* nothing is taken before the next answer */
    bool knows_ids;      /* of the topics, as the last answer was */
    enum commit_look commit_look;
};

/** Puts what is to be asked now into @p items, which has room for every partition. */
size_t watch_ask(struct source *source, struct offsets_item *items);

/** Milliseconds until watch_ask() is due; INT64_MAX: only events matter. */
int64_t watch_next_ms(const struct source *source);

/** Something happened that may mean it: looks at once. */
void watch_soon(struct source *source);

/** The answers to what watch_ask() asked. */
void watch_answers(struct source *source, const struct offsets_item *items, size_t count);

/** Keeps of @p identity what was not known of the partition's log. */
void watch_keep(struct source_partition *partition, const struct identity *identity);

/** Before records are taken: whether the process was frozen. */
void watch_notice(struct source *source);

/** Whether the committed offset may be overwritten now; false: Kafka is being asked. */
bool watch_allows_commit(struct source *source);

/** It was overwritten. */
void watch_committed(struct source *source);

/** Whether a commit waits for an answer. */
bool watch_delays_commit(const struct source *source);

/** A message below the partition's position came. */
void watch_look_back(struct source_partition *partition, const rd_kafka_message_t *message);
