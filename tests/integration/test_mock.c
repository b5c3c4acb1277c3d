/* test_mock.c: an in-memory Kafka on a port of one's choice. */
#include "suite.h"

#include "kafka/mock.h"

#include <event2/event.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>

static struct event_base *base;
static struct mock *mock;
static _Atomic bool stop;

static void *serve(void *context)
{
    (void)context;
    while (!atomic_load(&stop)) {
        const struct timeval tick = {0, 10000};
        event_base_loopexit(base, &tick);
        event_base_dispatch(base);
    }
    return NULL;
}

static rd_kafka_t *client(rd_kafka_type_t type)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char brokers[32];

    snprintf(brokers, sizeof(brokers), "127.0.0.1:%u", mock_port(mock));
    rd_kafka_conf_set(conf, "bootstrap.servers", brokers, NULL, 0);
    rd_kafka_conf_set(conf, "group.id", "none", NULL, 0);
    return rd_kafka_new(type, conf, NULL, 0);
}

static void a_client_of_the_port_writes_and_reads(void)
{
    rd_kafka_t *producer = client(RD_KAFKA_PRODUCER), *consumer = client(RD_KAFKA_CONSUMER);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(producer, "trial", NULL);
    rd_kafka_message_t *message;

    CU_ASSERT_EQUAL(rd_kafka_produce(topic, 2, RD_KAFKA_MSG_F_COPY, "water", 5, NULL, 0, NULL), 0);
    CU_ASSERT_EQUAL(rd_kafka_flush(producer, 5000), 0);
    rd_kafka_topic_destroy(topic);
    rd_kafka_topic_partition_list_add(list, "trial", 2)->offset = 0;
    CU_ASSERT_EQUAL(rd_kafka_assign(consumer, list), 0);
    message = rd_kafka_consumer_poll(consumer, 5000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(message);
    CU_ASSERT_EQUAL(message->len, 5);
    rd_kafka_message_destroy(message);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(producer);
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
}

/* What the cluster knows of one topic, asked for by a client that could make it. */
static rd_kafka_resp_err_t topic_error(const char *name, int *port)
{
    rd_kafka_t *producer = client(RD_KAFKA_PRODUCER);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(producer, name, NULL);
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t error = rd_kafka_metadata(producer, 0, topic, &metadata, 5000);

    if (!error) {
        error = RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
        for (int i = 0; i < metadata->topic_cnt; i++)
            if (strcmp(metadata->topics[i].topic, name) == 0)
                error = metadata->topics[i].err;
        *port = metadata->brokers[0].port;
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(producer);
    return error;
}

static void a_misspelt_topic_is_not_there(void)
{
    int port = 0;

    CU_ASSERT_EQUAL(topic_error("trial", &port), 0);
    CU_ASSERT_EQUAL(topic_error("trail", &port), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    CU_ASSERT_EQUAL(topic_error("trail", &port), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
}

static void metadata_leads_clients_to_the_same_port(void)
{
    int port = 0;

    CU_ASSERT_EQUAL(topic_error("trial", &port), 0);
    CU_ASSERT_EQUAL(port, (int)mock_port(mock));
}

static void a_topic_is_made_once(void)
{
    struct err err = {0};

    CU_ASSERT_FALSE(mock_add_topic(mock, "trial", 3, &err));
    ASSERT_TEXT(err.text, "topic trial: Broker: Topic already exists");
}

static void a_port_in_use_is_said(void)
{
    struct err err = {0};

    CU_ASSERT_PTR_NULL(mock_new(base, mock_port(mock), &err));
    CU_ASSERT_EQUAL(err.kind, ERR_RETRY);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "Address already in use"));
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_client_of_the_port_writes_and_reads),
        TEST(a_misspelt_topic_is_not_there),
        TEST(metadata_leads_clients_to_the_same_port),
        TEST(a_topic_is_made_once),
        TEST(a_port_in_use_is_said),
    };
    struct err err = {0};
    pthread_t thread;
    int status;

    base = event_base_new();
    mock = mock_new(base, 0, &err);
    if (!mock || !mock_add_topic(mock, "trial", 3, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    pthread_create(&thread, NULL, serve, NULL);
    status = SUITE("mock", tests);
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    mock_free(mock);
    event_base_free(base);
    return status;
}
