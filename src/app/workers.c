/* workers.c: the workers of the process, each on a thread of its own. */
#include "app/workers.h"

#include "app/health.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "flow/claimed_routes.h"
#include "flow/pauses.h"
#include "flow/plan.h"
#include "flow/worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct service_worker {
    struct worker *worker;
    pthread_t thread;
    const char *source; /* of the plan */
    unsigned member;
    bool started;
    bool rejoins; /* it was asked to end, and is made anew then */
    _Atomic bool ended;
    bool failed; /* read once ended */
    struct err err;
};

struct workers {
    pthread_mutex_t mutex; /* for whoever changes the plan or a worker while others may ask */
    struct plan *plan;
    struct metrics *metrics;
    struct health *health;
    struct pauses *pauses;
    struct claimed_routes *claimed;
    struct service_worker *items;
    size_t count;
    _Atomic size_t running; /* count, once all run; until then 0 */
};

unsigned workers_wanted(const struct conf *conf)
{
    unsigned count = 0;

    for (size_t i = 0; i < conf->source_count; i++)
        if (conf_is_read(conf, &conf->sources[i]))
            count += (unsigned)conf->sources[i].workers;
    return count;
}

/* --- life ------------------------------------------------------------------------------------- */

/* The worker of place @p number, for the plan. */
static bool worker_make(struct workers *workers, size_t number, struct err *err)
{
    struct service_worker *one = &workers->items[number];
    const struct conf_source *source = conf_source_of(workers->plan->conf, one->source);
    const struct worker_options options = {.plan = workers->plan,
                                           .source = source,
                                           .metrics = workers->metrics,
                                           .pauses = workers->pauses,
                                           .claimed = workers->claimed,
                                           .listener = {workers->health, health_status},
                                           .number = (unsigned)number,
                                           .member = one->member};

    one->source = source->name;
    one->worker = worker_new(&options, err);
    return one->worker;
}

struct workers *workers_new(struct plan *plan, struct metrics *metrics, struct health *health)
{
    struct workers *workers = mem_new(struct workers);

    pthread_mutex_init(&workers->mutex, NULL);
    workers->plan = plan;
    workers->metrics = metrics;
    workers->health = health;
    workers->pauses = pauses_new();
    workers->claimed = claimed_routes_new();
    workers->items = mem_array(workers_wanted(plan->conf), sizeof(*workers->items));
    return workers;
}

static bool workers_add(struct workers *workers, const struct conf_source *source, struct err *err)
{
    for (unsigned member = 0; member < (unsigned)source->workers; member++) {
        workers->items[workers->count] =
            (struct service_worker){.source = source->name, .member = member};
        if (!worker_make(workers, workers->count, err))
            return false;
        workers->count++;
    }
    return true;
}

static bool workers_add_all(struct workers *workers, struct err *err)
{
    const struct conf *conf = workers->plan->conf;

    for (size_t i = 0; i < conf->source_count; i++)
        if (conf_is_read(conf, &conf->sources[i]) && !workers_add(workers, &conf->sources[i], err))
            return false;
    return true;
}

static void *workers_thread(void *context)
{
    struct service_worker *one = context;

    one->failed = !worker_run(one->worker, &one->err);
    atomic_store(&one->ended, true);
    return NULL;
}

static bool worker_start(struct workers *workers, size_t number, struct err *err)
{
    struct service_worker *one = &workers->items[number];
    char name[20];

    if (pthread_create(&one->thread, NULL, workers_thread, one) != 0)
        return err_set(err, ERR_FATAL, "worker %zu: its thread could not be started", number);
    one->started = true;
    snprintf(name, sizeof(name), "worker %u", (unsigned)number);
    pthread_setname_np(one->thread, name); /* for top -H */
    return true;
}

bool workers_start(struct workers *workers, struct err *err)
{
    if (!workers_add_all(workers, err))
        return false;
    for (size_t i = 0; i < workers->count; i++)
        if (!worker_start(workers, i, err))
            return false;
    atomic_store(&workers->running, workers->count);
    return true;
}

void workers_free(struct workers *workers)
{
    for (size_t i = 0; i < workers->count; i++) {
        struct service_worker *one = &workers->items[i];
        if (one->started)
            pthread_join(one->thread, NULL);
        worker_free(one->worker);
    }
    pauses_free(workers->pauses);
    claimed_routes_free(workers->claimed);
    free(workers->items);
    pthread_mutex_destroy(&workers->mutex);
    free(workers);
}

/* --- while they run --------------------------------------------------------------------------- */

size_t workers_count(const struct workers *workers)
{
    return workers->count;
}

struct worker *workers_at(const struct workers *workers, size_t index)
{
    return index < atomic_load(&workers->running) ? workers->items[index].worker : NULL;
}

struct pauses *workers_pauses(const struct workers *workers)
{
    return workers->pauses;
}

bool workers_one_ended(const struct workers *workers)
{
    for (size_t i = 0; i < workers->count; i++)
        if (atomic_load(&workers->items[i].ended) && !workers->items[i].rejoins)
            return true;
    return false;
}

bool workers_all_ended(const struct workers *workers)
{
    for (size_t i = 0; i < workers->count; i++)
        if (workers->items[i].started && !atomic_load(&workers->items[i].ended))
            return false;
    return true;
}

void workers_log_failures(const struct workers *workers)
{
    for (size_t i = 0; i < workers->count; i++)
        if (atomic_load(&workers->items[i].ended) && workers->items[i].failed)
            log_error_each("worker failed", LOG_STR("error", workers->items[i].err.text));
}

void workers_stop(struct workers *workers, int64_t deadline_ms)
{
    for (size_t i = 0; i < workers->count; i++)
        if (workers->items[i].worker)
            worker_stop(workers->items[i].worker, deadline_ms);
}

const struct plan *workers_enter(struct workers *workers)
{
    pthread_mutex_lock(&workers->mutex);
    return workers->plan;
}

void workers_leave(struct workers *workers)
{
    pthread_mutex_unlock(&workers->mutex);
}

/* --- another plan ----------------------------------------------------------------------------- */

static const struct conf_source *source_of(const struct workers *workers,
                                           const struct service_worker *one)
{
    return conf_source_of(workers->plan->conf, one->source);
}

void workers_adopt(struct workers *workers, struct plan *plan, const bool *rejoins)
{
    pthread_mutex_lock(&workers->mutex);
    workers->plan = plan;
    pthread_mutex_unlock(&workers->mutex);
    for (size_t i = 0; i < workers->count; i++) {
        struct service_worker *one = &workers->items[i];
        const struct conf_source *source = source_of(workers, one);
        one->rejoins = rejoins[source - plan->conf->sources];
        if (one->rejoins)
            worker_stop(one->worker, clock_ms() + source->drain_timeout);
        else
            worker_adopt(one->worker, plan);
    }
}

/* It has ended, drained. What cannot be made anew has failed. */
static void worker_rejoin(struct workers *workers, size_t number)
{
    struct service_worker *one = &workers->items[number];

    pthread_join(one->thread, NULL);
    one->started = false;
    health_forget(workers->health, (unsigned)number);
    pthread_mutex_lock(&workers->mutex);
    worker_free(one->worker);
    atomic_store(&one->ended, false);
    one->rejoins = false;
    bool well = worker_make(workers, number, &one->err);
    pthread_mutex_unlock(&workers->mutex);
    if (well && worker_start(workers, number, &one->err))
        return;
    one->failed = true;
    atomic_store(&one->ended, true);
}

static bool worker_has_plan(struct workers *workers, size_t number)
{
    struct service_worker *one = &workers->items[number];
    const struct conf_source *source = source_of(workers, one);

    if (one->rejoins && one->started && atomic_load(&one->ended)) {
        one->rejoins = !one->failed;
        if (one->rejoins)
            worker_rejoin(workers, number);
    }
    if (one->rejoins || !one->worker || !worker_has_adopted(one->worker, workers->plan))
        return false;
    one->source = source->name;
    return true;
}

bool workers_have_adopted(struct workers *workers)
{
    bool all = true;

    for (size_t i = 0; i < workers->count; i++)
        all &= worker_has_plan(workers, i);
    return all;
}

size_t workers_left(const struct workers *workers)
{
    size_t left = 0;

    for (size_t i = 0; i < workers->count; i++)
        if (workers->items[i].worker)
            left += worker_left(workers->items[i].worker);
    return left;
}
