/* client.c: a consumer for tools. */
#include "kafka/client.h"

#include "base/mem.h"
#include "conf/topic.h"
#include "kafka/error_log.h"
#include "kafka/login.h"
#include "kafka/properties.h"

#include <stdio.h>
#include <stdlib.h>

static void client_hear(rd_kafka_t *kafka, int code, const char *text, void *context)
{
    struct client *client = context;

    (void)kafka;
    if (error_is_particular((rd_kafka_resp_err_t)code))
        snprintf(client->heard, sizeof(client->heard), "%s", text);
}

static bool client_open(struct client *client, const struct conf *conf, const char *const *settings,
                        struct err *err)
{
    struct properties properties;
    char text[CLIENT_TEXT_BYTES];

    if (!properties_make(&properties, conf, client->source, 0, err))
        return false;
    rd_kafka_conf_set(properties.kafka, "enable.partition.eof", "true", NULL, 0);
    for (; settings && *settings; settings += 2)
        rd_kafka_conf_set(properties.kafka, settings[0], settings[1], NULL, 0);
    rd_kafka_conf_set_events(properties.kafka, 0); /* nobody waits for events */
    rd_kafka_conf_set_opaque(properties.kafka, client);
    rd_kafka_conf_set_error_cb(properties.kafka, client_hear);
    client->kafka = login_new(RD_KAFKA_CONSUMER, properties.kafka, text, sizeof(text));
    if (!client->kafka) {
        rd_kafka_conf_destroy(properties.kafka);
        return err_set(err, ERR_CONFIG, "%s", text);
    }
    rd_kafka_poll_set_consumer(client->kafka);
    return true;
}

struct client *client_new(const struct conf *conf, const struct conf_source *source,
                          const char *const *settings, struct err *err)
{
    struct client *client = mem_new(struct client);

    client->source = source;
    if (client_open(client, conf, settings, err))
        return client;
    client_free(client);
    return NULL;
}

void client_free(struct client *client)
{
    if (!client)
        return;
    if (client->kafka) {
        rd_kafka_assign(client->kafka, NULL);
        rd_kafka_destroy_flags(client->kafka, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    }
    free(client);
}

bool client_failed(struct client *client, rd_kafka_resp_err_t code, const char *what,
                   struct err *err)
{
    bool silent = code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TRANSPORT;
    rd_kafka_message_t *message = silent ? rd_kafka_consumer_poll(client->kafka, 0) : NULL;

    if (message) /* the call was for what librdkafka has to tell besides */
        rd_kafka_message_destroy(message);
    return err_set(err, ERR_RETRY, "kafka %s: %s: %s", client->source->brokers.text, what,
                   silent && client->heard[0] ? client->heard : rd_kafka_err2str(code));
}

/* --- topics ----------------------------------------------------------------------------------- */

static void add_topic(rd_kafka_topic_partition_list_t *list, const rd_kafka_metadata_topic_t *topic)
{
    for (int i = 0; i < topic->partition_cnt; i++)
        if (!rd_kafka_topic_partition_list_find(list, topic->topic, topic->partitions[i].id))
            rd_kafka_topic_partition_list_add(list, topic->topic, topic->partitions[i].id);
}

/* Asked by its name: a topic that is hidden from us is not among all of them. */
static bool add_name(struct client *client, const char *name, rd_kafka_topic_partition_list_t *list,
                     struct err *err)
{
    rd_kafka_topic_t *topic = rd_kafka_topic_new(client->kafka, name, NULL);
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code =
        topic ? rd_kafka_metadata(client->kafka, 0, topic, &metadata, CLIENT_QUESTION_MS)
              : rd_kafka_last_error();

    if (topic)
        rd_kafka_topic_destroy(topic);
    if (code)
        return client_failed(client, code, "no answer", err);
    code = metadata->topic_cnt ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (!code)
        add_topic(list, &metadata->topics[0]);
    else if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        rd_kafka_topic_partition_list_add(list, name, -1);
    rd_kafka_metadata_destroy(metadata);
    return !code || code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           client_failed(client, code, name, err);
}

static bool add_matches(struct client *client, const char *pattern,
                        rd_kafka_topic_partition_list_t *list, struct err *err)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code =
        rd_kafka_metadata(client->kafka, 1, NULL, &metadata, CLIENT_QUESTION_MS);
    struct topic_matcher *matcher;

    if (code)
        return client_failed(client, code, "no answer", err);
    matcher = topic_matcher_new(pattern, err);
    for (int i = 0; matcher && i < metadata->topic_cnt; i++)
        if (topic_matcher_takes(matcher, metadata->topics[i].topic))
            add_topic(list, &metadata->topics[i]);
    rd_kafka_metadata_destroy(metadata);
    topic_matcher_free(matcher);
    return matcher;
}

rd_kafka_topic_partition_list_t *client_partitions(struct client *client, const char *const *topics,
                                                   size_t count, struct err *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);

    for (size_t i = 0; i < count; i++) {
        bool good = topics[i][0] == '^' ? add_matches(client, topics[i], list, err)
                                        : add_name(client, topics[i], list, err);
        if (!good) {
            rd_kafka_topic_partition_list_destroy(list);
            return NULL;
        }
    }
    rd_kafka_topic_partition_list_sort(list, NULL, NULL);
    return list;
}
