/* handle.c: ends a librdkafka handle, within a limit of time. */
#include "kafka/handle.h"

#include "base/mem.h"
#include "kafka/source.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

/* What librdkafka's threads may go on using. */
struct abandoned {
    void *owner;
    struct abandoned *next;
};

static _Atomic(struct abandoned *) abandoned;

struct ending {
    rd_kafka_t *kafka;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool ended;
    bool left; /* nobody waits any more: the thread frees it */
};

void handle_abandon(void *owner)
{
    struct abandoned *one = mem_new(struct abandoned);

    one->owner = owner;
    one->next = atomic_load(&abandoned);
    while (!atomic_compare_exchange_weak(&abandoned, &one->next, one))
        continue;
}

bool source_was_abandoned(void)
{
    return atomic_load(&abandoned) != NULL;
}

static void ending_free(struct ending *ending)
{
    pthread_cond_destroy(&ending->changed);
    pthread_mutex_destroy(&ending->mutex);
    free(ending);
}

static void *ending_run(void *context)
{
    struct ending *ending = context;

    rd_kafka_destroy_flags(ending->kafka, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    pthread_mutex_lock(&ending->mutex);
    ending->ended = true;
    bool left = ending->left;
    pthread_cond_signal(&ending->changed);
    pthread_mutex_unlock(&ending->mutex);
    if (left)
        ending_free(ending);
    return NULL;
}

/* False: it takes longer. */
static bool ending_wait(struct ending *ending, int64_t wait_ms)
{
    struct timespec until;
    bool ended;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += wait_ms % 1000 * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&ending->mutex);
    while (!ending->ended && pthread_cond_timedwait(&ending->changed, &ending->mutex, &until) == 0)
        continue;
    ended = ending->ended;
    ending->left = !ended;
    pthread_mutex_unlock(&ending->mutex);
    return ended;
}

/* One that waits by the clock that nobody sets. */
static void condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

bool handle_destroy(rd_kafka_t *kafka, int64_t wait_ms)
{
    struct ending *ending = mem_new(struct ending);
    pthread_t thread;

    ending->kafka = kafka;
    pthread_mutex_init(&ending->mutex, NULL);
    condition_init(&ending->changed);
    if (pthread_create(&thread, NULL, ending_run, ending) != 0) {
        ending_free(ending);
        return false;
    }
    if (!ending_wait(ending, wait_ms)) {
        pthread_detach(thread);
        return false;
    }
    pthread_join(thread, NULL);
    ending_free(ending);
    return true;
}
