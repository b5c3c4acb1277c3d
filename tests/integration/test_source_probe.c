/* test_source_probe.c: what Kafka says to a source's configuration. */
#include "suite.h"

#include "kafka/probe.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

static rd_kafka_t *handle;
static rd_kafka_mock_cluster_t *cluster;
static char said[4096];

static void say(void *context, enum probe_verdict verdict, const char *text)
{
    static const char *const verdicts[] = {"ok", "warn", "error"};
    size_t used = strlen(said);

    (void)context;
    snprintf(said + used, sizeof(said) - used, "%s: %s\n", verdicts[verdict], text);
}

/* Asks with @p dead as the topic of the dlq; NULL: none. */
static void probe_with(const char *dead, const char *brokers, const char *const *topics,
                       size_t count, int timeout_ms)
{
    struct conf_source source = {
        .name = (char[]){"main"}, .brokers.text = brokers, .group.text = "g", .workers = 1};
    struct conf conf = {
        .sources = &source, .source_count = 1, .memory = 48 << 20, .max_record = 8 << 20};
    const struct probe_listener listener = {NULL, say};

    if (dead)
        conf.dlq = (struct conf_dlq){.source = &source, .topic.text = dead};
    said[0] = '\0';
    source_probe(&conf, &source, topics, count, timeout_ms, &listener);
}

static void probe(const char *brokers, const char *const *topics, size_t count, int timeout_ms)
{
    probe_with(NULL, brokers, topics, count, timeout_ms);
}

static bool is_said(const char *text)
{
    bool found = strstr(said, text) != NULL;

    if (!found)
        fprintf(stderr, "\nnot said: %s\n%s", text, said);
    return found;
}

static void topics_and_group_are_told(void)
{
    const char *const topics[] = {"rides", "^ri.*", "^none"};

    probe(rd_kafka_mock_cluster_bootstraps(cluster), topics, 3, 5000);
    CU_ASSERT(is_said("ok: 1 broker, asked at 127.0.0.1:"));
    CU_ASSERT(is_said("ok: topic rides: 3 partitions\n"));
    CU_ASSERT(is_said("ok: topics ^ri.*: 1 matches\n"));
    CU_ASSERT(is_said("warn: topics ^none: none matches; penstock would wait for one\n"));
    CU_ASSERT(is_said("ok: group g: 0 of 3 partitions have a committed offset\n"));
}

static void the_topic_of_dead_letters_must_be_there(void)
{
    const char *const topics[] = {"rides"};

    probe_with("rides", rd_kafka_mock_cluster_bootstraps(cluster), topics, 1, 5000);
    CU_ASSERT(is_said("ok: topic rides, of the dlq: 3 partitions\n"));
    rd_kafka_mock_topic_set_error(cluster, "dead", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    probe_with("dead", rd_kafka_mock_cluster_bootstraps(cluster), topics, 1, 5000);
    CU_ASSERT(is_said("error: topic dead, of the dlq: Broker: Unknown topic or partition: "
                      "create the topic, or correct its name\n"));
}

static void a_broker_that_is_away_is_an_error_with_its_reason(void)
{
    const char *const topics[] = {"rides"};

    probe("127.0.0.1:9", topics, 1, 1000);
    CU_ASSERT(is_said("error: no broker answers at 127.0.0.1:9: "));
    CU_ASSERT(is_said("Connection refused"));
}

static void a_group_that_is_forbidden_is_an_error(void)
{
    const char *const topics[] = {"rides"};

    rd_kafka_mock_push_request_errors(cluster, 9 /* OffsetFetch */, 1,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    probe(rd_kafka_mock_cluster_bootstraps(cluster), topics, 1, 5000);
    CU_ASSERT(is_said("error: group g: Broker: Group authorization failed: grant the user "
                      "Read on the group\n"));
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(topics_and_group_are_told),
        TEST(the_topic_of_dead_letters_must_be_there),
        TEST(a_broker_that_is_away_is_an_error_with_its_reason),
        TEST(a_group_that_is_forbidden_is_an_error),
    };
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    int status;

    rd_kafka_conf_set_log_cb(conf, NULL);
    handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
    cluster = rd_kafka_mock_cluster_new(handle, 1);
    rd_kafka_mock_topic_create(cluster, "rides", 3, 1);
    status = SUITE("source_probe", tests);
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(handle);
    return status;
}
