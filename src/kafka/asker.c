/* asker.c: a thread that makes the calls of librdkafka that block. */
#include "kafka/asker.h"

#include "base/clock.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

static void *asker_run(void *context)
{
    struct asker *asker = context;

    pthread_mutex_lock(&asker->mutex);
    while (!asker->stop)
        if (!asker->work(asker->context))
            pthread_cond_wait(&asker->changed, &asker->mutex);
    asker->ended = true;
    pthread_cond_broadcast(&asker->changed);
    pthread_mutex_unlock(&asker->mutex);
    return NULL;
}

/* The condition waits by the clock that nobody sets. */
static void asker_open(struct asker *asker)
{
    pthread_condattr_t attributes;

    pthread_mutex_init(&asker->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&asker->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

static void asker_close(struct asker *asker)
{
    pthread_cond_destroy(&asker->changed);
    pthread_mutex_destroy(&asker->mutex);
}

bool asker_start(struct asker *asker, bool (*work)(void *context), void *context, int wake_fd)
{
    *asker = (struct asker){.work = work, .context = context, .wake_fd = wake_fd};
    asker_open(asker);
    errno = pthread_create(&asker->thread, NULL, asker_run, asker);
    if (errno)
        asker_close(asker);
    return !errno;
}

void asker_call(struct asker *asker)
{
    pthread_cond_signal(&asker->changed);
}

bool asker_is_stopped(struct asker *asker)
{
    pthread_mutex_lock(&asker->mutex);
    bool stop = asker->stop;
    pthread_mutex_unlock(&asker->mutex);
    return stop;
}

void asker_answer(const struct asker *asker)
{
    const uint64_t one = 1;

    if (write(asker->wake_fd, &one, sizeof(one)) < 0)
        return; /* the counter is full: a wake-up is under way anyway */
}

static bool asker_wait(struct asker *asker, int64_t wait_ms)
{
    int64_t deadline_ms = clock_ms() + wait_ms;
    struct timespec until = {deadline_ms / 1000, (deadline_ms % 1000) * 1000000};

    pthread_mutex_lock(&asker->mutex);
    asker->stop = true;
    pthread_cond_signal(&asker->changed);
    while (!asker->ended && pthread_cond_timedwait(&asker->changed, &asker->mutex, &until) == 0)
        continue;
    bool ended = asker->ended;
    pthread_mutex_unlock(&asker->mutex);
    return ended;
}

bool asker_end(struct asker *asker, int64_t wait_ms)
{
    if (!asker_wait(asker, wait_ms)) {
        pthread_detach(asker->thread); /* nobody will wait for it any more */
        return false;
    }
    pthread_join(asker->thread, NULL);
    asker_close(asker);
    return true;
}
