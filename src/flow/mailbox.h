/* mailbox.h: how another thread asks something of a worker: one request, and its answer. */
#pragma once
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct steer;

struct mailbox {
    pthread_mutex_t asking; /* held by the thread that asks, until it has its answer */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool served;           /* by the worker's thread, which runs */
    struct steer *request; /* NULL: none, or it is carried out */
    _Atomic bool asked;    /* so that a turn without a request takes no lock */
};

void mailbox_open(struct mailbox *mailbox);
void mailbox_close(struct mailbox *mailbox);

/* --- the thread that asks --- */

/** False: nobody would carry it out; else mailbox_await() must follow. */
bool mailbox_put(struct mailbox *mailbox, struct steer *request);

/** Waits until it is carried out. False: it was not, until @p deadline_ms (clock_ms) or the end of
 * the worker, and will not be. */
bool mailbox_await(struct mailbox *mailbox, int64_t deadline_ms);

/* --- the worker's --- */

/** Whether requests are carried out from now on; one that waits is refused. */
void mailbox_serve(struct mailbox *mailbox, bool served);

/** Carries out what was asked, if something was; the asking thread waits until it returns. */
void mailbox_turn(struct mailbox *mailbox, void (*carry_out)(void *context, struct steer *request),
                  void *context);
