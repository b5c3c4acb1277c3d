/*
 * asker.h: a thread that makes the calls of librdkafka that block.
 *
 * It sleeps until there is work. It may hang in a call for as long as a broker is silent, so it is
 * waited for within a limit, and left alone after that.
 */
#pragma once
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct asker {
    /** Called with the mutex held, which it releases while it asks. False: there is nothing to do.
     */
    bool (*work)(void *context);
    void *context;
    int wake_fd; /* an eventfd, to announce answers on */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool stop, ended; /* under the mutex */
};

/** Starts the thread. Errors: false and errno; then nothing is to be ended. */
bool asker_start(struct asker *asker, bool (*work)(void *context), void *context, int wake_fd);

/** There is work now; with the mutex held. */
void asker_call(struct asker *asker);

/** Whether the work need not be finished; without the mutex. */
bool asker_is_stopped(struct asker *asker);

/** Announces an answer. */
void asker_answer(const struct asker *asker);

/** Ends the thread; false if it does not end within @p wait_ms: then it is left alone, and goes on
 * using what it has. */
bool asker_end(struct asker *asker, int64_t wait_ms);
