/* workers.c: the workers of the process, each on a thread of its own. */
#include "app/workers.h"

#include "app/health.h"
#include "app/load.h"
#include "base/log.h"
#include "base/mem.h"
#include "flow/pauses.h"
#include "flow/tolerance.h"
#include "flow/worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct service_worker {
    struct worker *worker;
    pthread_t thread;
    bool started;
    _Atomic bool ended;
    bool failed; /* read once ended */
    struct err err;
};

struct workers {
    const struct loaded *loaded;
    struct metrics *metrics;
    struct health *health;
    struct tolerances *tolerances;
    struct pauses *pauses;
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

static bool workers_add(struct workers *workers, const struct conf_source *source, unsigned member,
                        struct err *err)
{
    struct service_worker *one = &workers->items[workers->count];
    const struct worker_options options = {.conf = workers->loaded->conf,
                                           .source = source,
                                           .routes = workers->loaded->routes,
                                           .metrics = workers->metrics,
                                           .tolerances = workers->tolerances,
                                           .pauses = workers->pauses,
                                           .listener = {workers->health, health_status},
                                           .number = (unsigned)workers->count,
                                           .member = member};

    one->worker = worker_new(&options, err);
    if (!one->worker)
        return false;
    workers->count++;
    return true;
}

struct workers *workers_new(const struct loaded *loaded, struct metrics *metrics,
                            struct health *health)
{
    struct workers *workers = mem_new(struct workers);

    workers->loaded = loaded;
    workers->metrics = metrics;
    workers->health = health;
    workers->tolerances = tolerances_new(loaded->conf);
    workers->pauses = pauses_new();
    workers->items = mem_array(workers_wanted(loaded->conf), sizeof(*workers->items));
    return workers;
}

static bool workers_add_all(struct workers *workers, struct err *err)
{
    const struct conf *conf = workers->loaded->conf;

    for (size_t i = 0; i < conf->source_count; i++)
        for (unsigned member = 0;
             conf_is_read(conf, &conf->sources[i]) && member < (unsigned)conf->sources[i].workers;
             member++)
            if (!workers_add(workers, &conf->sources[i], member, err))
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

bool workers_start(struct workers *workers, struct err *err)
{
    char name[20];

    if (!workers_add_all(workers, err))
        return false;
    for (size_t i = 0; i < workers->count; i++) {
        struct service_worker *one = &workers->items[i];
        if (pthread_create(&one->thread, NULL, workers_thread, one) != 0)
            return err_set(err, ERR_FATAL, "worker %zu: its thread could not be started", i);
        one->started = true;
        snprintf(name, sizeof(name), "worker %u", (unsigned)i);
        pthread_setname_np(one->thread, name); /* for top -H */
    }
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
    tolerances_free(workers->tolerances);
    pauses_free(workers->pauses);
    free(workers->items);
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
        if (atomic_load(&workers->items[i].ended))
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
        worker_stop(workers->items[i].worker, deadline_ms);
}

void workers_reload(struct workers *workers)
{
    for (size_t i = 0; i < workers->count; i++)
        worker_reload(workers->items[i].worker);
}

size_t workers_left(const struct workers *workers)
{
    size_t left = 0;

    for (size_t i = 0; i < workers->count; i++)
        left += worker_left(workers->items[i].worker);
    return left;
}
