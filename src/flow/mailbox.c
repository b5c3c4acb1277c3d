/* mailbox.c: how another thread asks something of a worker: one request, and its answer. */
#include "flow/mailbox.h"

#include <time.h>

void mailbox_open(struct mailbox *mailbox)
{
    pthread_condattr_t by_clock_ms;

    pthread_condattr_init(&by_clock_ms);
    pthread_condattr_setclock(&by_clock_ms, CLOCK_MONOTONIC);
    pthread_mutex_init(&mailbox->asking, NULL);
    pthread_mutex_init(&mailbox->mutex, NULL);
    pthread_cond_init(&mailbox->changed, &by_clock_ms);
    pthread_condattr_destroy(&by_clock_ms);
}

void mailbox_close(struct mailbox *mailbox)
{
    pthread_cond_destroy(&mailbox->changed);
    pthread_mutex_destroy(&mailbox->mutex);
    pthread_mutex_destroy(&mailbox->asking);
}

bool mailbox_put(struct mailbox *mailbox, struct steer *request)
{
    pthread_mutex_lock(&mailbox->asking);
    pthread_mutex_lock(&mailbox->mutex);
    if (mailbox->served)
        mailbox->request = request;
    bool taken = mailbox->served;
    atomic_store(&mailbox->asked, taken);
    pthread_mutex_unlock(&mailbox->mutex);
    if (!taken)
        pthread_mutex_unlock(&mailbox->asking);
    return taken;
}

bool mailbox_await(struct mailbox *mailbox, int64_t deadline_ms)
{
    const struct timespec deadline = {deadline_ms / 1000, deadline_ms % 1000 * 1000000};
    int status = 0;

    pthread_mutex_lock(&mailbox->mutex);
    while (mailbox->request && mailbox->served && status == 0)
        status = pthread_cond_timedwait(&mailbox->changed, &mailbox->mutex, &deadline);
    bool carried_out = !mailbox->request;
    mailbox->request = NULL;
    atomic_store(&mailbox->asked, false);
    pthread_mutex_unlock(&mailbox->mutex);
    pthread_mutex_unlock(&mailbox->asking);
    return carried_out;
}

void mailbox_serve(struct mailbox *mailbox, bool served)
{
    pthread_mutex_lock(&mailbox->mutex);
    mailbox->served = served;
    pthread_cond_signal(&mailbox->changed);
    pthread_mutex_unlock(&mailbox->mutex);
}

void mailbox_turn(struct mailbox *mailbox, void (*carry_out)(void *context, struct steer *request),
                  void *context)
{
    if (!atomic_load(&mailbox->asked))
        return;
    pthread_mutex_lock(&mailbox->mutex);
    if (mailbox->request)
        carry_out(context, mailbox->request);
    mailbox->request = NULL;
    atomic_store(&mailbox->asked, false);
    pthread_cond_signal(&mailbox->changed);
    pthread_mutex_unlock(&mailbox->mutex);
}
