/*
 * client.h: a consumer for tools. It joins no group and commits nothing by itself; its questions
 * block.
 */
#pragma once
#include "base/err.h"
#include "conf/conf.h"

#include <librdkafka/rdkafka.h>

enum { CLIENT_QUESTION_MS = 5000, CLIENT_TEXT_BYTES = 512 };

struct client {
    const struct conf_source *source;
    rd_kafka_t *kafka;
    char heard[CLIENT_TEXT_BYTES]; /* why a broker could not be reached, last */
};

/** @p source is borrowed; @p settings: further properties, names and values in turn, NULL behind
 * the last; NULL: none. Errors: NULL and ERR_CONFIG. */
struct client *client_new(const struct conf *conf, const struct conf_source *source,
                          const char *const *settings, struct err *err);

/** Takes NULL. */
void client_free(struct client *client);

/** False, with ERR_RETRY: what Kafka said to @p what, or why no broker can be reached. */
bool client_failed(struct client *client, rd_kafka_resp_err_t code, const char *what,
                   struct err *err);

/**
 * The partitions of the topics that @p topics, names or patterns, stand for, by topic and number;
 * to be destroyed. A name that Kafka does not have is there with the number -1. Errors: NULL and
 * ERR_RETRY.
 */
rd_kafka_topic_partition_list_t *client_partitions(struct client *client, const char *const *topics,
                                                   size_t count, struct err *err);
