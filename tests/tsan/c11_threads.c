/*
 * c11_threads.c: C11's threads on top of POSIX', for ThreadSanitizer.
 *
 * Debian's librdkafka starts its threads by thrd_create() and locks by mtx_lock(). ThreadSanitizer
 * intercepts neither: it knows nothing of such a thread and crashes in its first instrumented call.
 * These definitions win over the C library's in a program that exports them (-rdynamic), and go
 * through the POSIX calls, which are intercepted. Only programs built with -fsanitize=thread have
 * them, and one to which tests/faults gives a wrong clock: libfaketime intercepts as little.
 * glibc's mtx_t and cnd_t hold the POSIX objects in all versions there are.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) >= sizeof(pthread_mutex_t), "a mutex fits");
_Static_assert(sizeof(cnd_t) >= sizeof(pthread_cond_t), "a condition fits");
_Static_assert(sizeof(thrd_t) == sizeof(pthread_t), "a thread fits");

struct start {
    thrd_start_t run;
    void *argument;
};

static int result_of(int failure)
{
    if (failure == ETIMEDOUT)
        return thrd_timedout;
    if (failure == EBUSY)
        return thrd_busy;
    return failure ? thrd_error : thrd_success;
}

static pthread_mutex_t *mutex_of(mtx_t *mutex)
{
    return (void *)mutex;
}

static pthread_cond_t *condition_of(cnd_t *condition)
{
    return (void *)condition;
}

static void *start_thread(void *opaque)
{
    struct start start = *(struct start *)opaque;

    free(opaque);
    return (void *)(intptr_t)start.run(start.argument);
}

int thrd_create(thrd_t *thread, thrd_start_t run, void *argument)
{
    struct start *start = malloc(sizeof(*start));

    if (!start)
        return thrd_nomem;
    *start = (struct start){run, argument};
    int failure = pthread_create((pthread_t *)thread, NULL, start_thread, start);
    if (failure)
        free(start);
    return result_of(failure);
}

int thrd_join(thrd_t thread, int *status)
{
    void *value;
    int failure = pthread_join((pthread_t)thread, &value);

    if (!failure && status)
        *status = (int)(intptr_t)value;
    return result_of(failure);
}

int mtx_init(mtx_t *mutex, int kind)
{
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
    if (kind & mtx_recursive)
        pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    int failure = pthread_mutex_init(mutex_of(mutex), &attributes);
    pthread_mutexattr_destroy(&attributes);
    return result_of(failure);
}

int mtx_lock(mtx_t *mutex)
{
    return result_of(pthread_mutex_lock(mutex_of(mutex)));
}

int mtx_trylock(mtx_t *mutex)
{
    return result_of(pthread_mutex_trylock(mutex_of(mutex)));
}

int mtx_unlock(mtx_t *mutex)
{
    return result_of(pthread_mutex_unlock(mutex_of(mutex)));
}

void mtx_destroy(mtx_t *mutex)
{
    pthread_mutex_destroy(mutex_of(mutex));
}

int cnd_init(cnd_t *condition)
{
    return result_of(pthread_cond_init(condition_of(condition), NULL));
}

int cnd_signal(cnd_t *condition)
{
    return result_of(pthread_cond_signal(condition_of(condition)));
}

int cnd_broadcast(cnd_t *condition)
{
    return result_of(pthread_cond_broadcast(condition_of(condition)));
}

int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
    return result_of(pthread_cond_wait(condition_of(condition), mutex_of(mutex)));
}

int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex,
                  const struct timespec *restrict until)
{
    return result_of(pthread_cond_timedwait(condition_of(condition), mutex_of(mutex), until));
}

void cnd_destroy(cnd_t *condition)
{
    pthread_cond_destroy(condition_of(condition));
}
