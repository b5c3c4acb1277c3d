/*
 * topic_watch.h: whether a topic that is to be written is there.
 *
 * librdkafka tells it only when something is to be sent, and a question blocks; so a thread of its
 * own asks, until the topic is there.
 */
#pragma once
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>

struct topic_watch;

/** Begins to ask; @p kafka and @p topic live until topic_watch_free(). An answer that is news makes
 * @p wake_fd, an eventfd, readable. NULL if no thread could be started. */
struct topic_watch *topic_watch_new(rd_kafka_t *kafka, const char *topic, int wake_fd);

/** Whether there is news since the last call. Then @p trouble says why the topic cannot be written;
 * "": it can, as far as Kafka tells. */
bool topic_watch_news(struct topic_watch *watch, char *trouble, size_t size);

/** Waits for a question that is under way, half a second at most. Takes NULL. */
void topic_watch_free(struct topic_watch *watch);
