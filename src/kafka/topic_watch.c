/* topic_watch.c: whether a topic that is to be written is there. */
#include "kafka/topic_watch.h"

#include "base/mem.h"
#include "kafka/error_log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ASK_MS = 500, AGAIN_S = 5, TROUBLE_BYTES = 512 };

struct topic_watch {
    rd_kafka_t *kafka;
    const char *topic;
    int wake_fd;
    pthread_t thread;
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t stopped;
    bool stop, news;
    char trouble[TROUBLE_BYTES];
};

static rd_kafka_resp_err_t ask(const struct topic_watch *watch)
{
    rd_kafka_topic_t *topic = rd_kafka_topic_new(watch->kafka, watch->topic, NULL);
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t err;

    if (!topic)
        return rd_kafka_last_error();
    err = rd_kafka_metadata(watch->kafka, 0, topic, &metadata, ASK_MS);
    if (!err) {
        err = metadata->topic_cnt ? metadata->topics[0].err : RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_topic_destroy(topic);
    return err;
}

/* Whether Kafka has answered, and said that it is not there, or not for us. */
static bool is_answer(rd_kafka_resp_err_t err)
{
    return err > 0 || err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
}

static void tell(struct topic_watch *watch, rd_kafka_resp_err_t err)
{
    static const uint64_t one = 1;
    const char *remedy = error_remedy(err);
    char trouble[TROUBLE_BYTES] = "";

    if (err)
        snprintf(trouble, sizeof(trouble), "topic %.250s: %s%s%s", watch->topic,
                 rd_kafka_err2str(err), remedy ? ": " : "", remedy ? remedy : "");
    pthread_mutex_lock(&watch->mutex);
    bool news = strcmp(watch->trouble, trouble) != 0;
    memcpy(watch->trouble, trouble, sizeof(trouble));
    watch->news |= news;
    pthread_mutex_unlock(&watch->mutex);
    if (news && write(watch->wake_fd, &one, sizeof(one)) < 0)
        return; /* the loop looks once a second in any case */
}

/* True: nobody wants to know any more. */
static bool rest(struct topic_watch *watch)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += AGAIN_S;
    pthread_mutex_lock(&watch->mutex);
    if (!watch->stop)
        pthread_cond_timedwait(&watch->stopped, &watch->mutex, &until);
    bool stop = watch->stop;
    pthread_mutex_unlock(&watch->mutex);
    return stop;
}

static void *run(void *context)
{
    struct topic_watch *watch = context;
    rd_kafka_resp_err_t err;

    do {
        err = ask(watch);
        if (!err || is_answer(err))
            tell(watch, err);
    } while (err && !rest(watch));
    return NULL;
}

struct topic_watch *topic_watch_new(rd_kafka_t *kafka, const char *topic, int wake_fd)
{
    struct topic_watch *watch = mem_new(struct topic_watch);

    watch->kafka = kafka;
    watch->topic = topic;
    watch->wake_fd = wake_fd;
    pthread_mutex_init(&watch->mutex, NULL);
    pthread_cond_init(&watch->stopped, NULL);
    if (pthread_create(&watch->thread, NULL, run, watch) == 0)
        return watch;
    pthread_cond_destroy(&watch->stopped);
    pthread_mutex_destroy(&watch->mutex);
    free(watch);
    return NULL;
}

bool topic_watch_news(struct topic_watch *watch, char *trouble, size_t size)
{
    pthread_mutex_lock(&watch->mutex);
    bool news = watch->news;
    watch->news = false;
    if (news)
        snprintf(trouble, size, "%s", watch->trouble);
    pthread_mutex_unlock(&watch->mutex);
    return news;
}

void topic_watch_free(struct topic_watch *watch)
{
    if (!watch)
        return;
    pthread_mutex_lock(&watch->mutex);
    watch->stop = true;
    pthread_cond_signal(&watch->stopped);
    pthread_mutex_unlock(&watch->mutex);
    pthread_join(watch->thread, NULL);
    pthread_cond_destroy(&watch->stopped);
    pthread_mutex_destroy(&watch->mutex);
    free(watch);
}
