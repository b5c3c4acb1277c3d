/*
 * reload.c: the configuration is read again while penstock runs.
 *
 * Threads that ask draw a number and wake the main thread by its own signal. One reading answers
 * all that asked before it began; its answer is kept for them to copy. It comes once the new
 * configuration is checked; then the workers take it, and the next one is read when all have.
 */
#include "app/reload.h"

#include "app/change.h"
#include "app/cli.h"
#include "app/life_log.h"
#include "app/load.h"
#include "app/secrets.h"
#include "app/workers.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "conf/inputs.h"
#include "flow/plan.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ANSWER_S = 5, LOOK_MS = 1000 };

/* A configuration that is, or was, in use. */
struct generation {
    struct loaded loaded;
    struct plan plan;
    struct generation *older; /* NULL: that of the start */
};

struct reload {
    struct generation first;
    struct generation *running; /* the newest one; changed with the mutex */
    struct inputs *inputs;      /* of the last reading; what the first one had is the caller's */
    uint64_t looked;            /* their state at the last look */
    int64_t look_due_ms;
    struct metrics *metrics;
    struct secrets secrets;
    bool unreadable;         /* secrets could not be read again, and the log says so */
    struct workers *workers; /* set while they take the newest one; NULL: they have it */
    pthread_t main_thread;
    pthread_mutex_t mutex; /* of the rest, too */
    pthread_cond_t answers;
    uint64_t asked, answered; /* numbers of those that asked */
    bool stopped;
    struct reload_answer answer; /* the last one */
};

static void generation_plan(struct generation *generation)
{
    generation->plan = (struct plan){.conf = generation->loaded.conf,
                                     .routes = generation->loaded.routes,
                                     .tolerances = tolerances_new(generation->loaded.conf)};
}

static void generation_free(struct generation *generation)
{
    tolerances_free(generation->plan.tolerances);
    load_free(&generation->loaded);
    free(generation);
}

struct reload *reload_new(const struct loaded *start, struct metrics *metrics)
{
    struct reload *reload = mem_new(struct reload);
    pthread_condattr_t by_clock_ms;

    reload->first.loaded = *start;
    generation_plan(&reload->first);
    reload->running = &reload->first;
    reload->inputs = start->inputs;
    reload->metrics = metrics;
    reload->main_thread = pthread_self();
    pthread_mutex_init(&reload->mutex, NULL);
    pthread_condattr_init(&by_clock_ms);
    pthread_condattr_setclock(&by_clock_ms, CLOCK_MONOTONIC);
    pthread_cond_init(&reload->answers, &by_clock_ms);
    pthread_condattr_destroy(&by_clock_ms);
    return reload;
}

struct plan *reload_plan(struct reload *reload)
{
    return &reload->running->plan;
}

const struct conf *reload_conf(const struct reload *reload)
{
    return reload->running->loaded.conf;
}

struct plan *reload_borrow(struct reload *reload)
{
    pthread_mutex_lock(&reload->mutex);
    struct plan *plan = &reload->running->plan;
    atomic_fetch_add(&plan->users, 1);
    pthread_mutex_unlock(&reload->mutex);
    return plan;
}

void reload_give_back(struct plan *plan)
{
    atomic_fetch_sub(&plan->users, 1);
}

static void keep_inputs(struct reload *reload, struct inputs *inputs)
{
    if (reload->inputs != reload->first.loaded.inputs)
        inputs_free(reload->inputs);
    reload->inputs = inputs;
}

void reload_free(struct reload *reload)
{
    if (!reload)
        return;
    while (reload->running != &reload->first) {
        struct generation *generation = reload->running;
        reload->running = generation->older;
        generation_free(generation);
    }
    keep_inputs(reload, reload->first.loaded.inputs);
    tolerances_free(reload->first.plan.tolerances); /* the rest of the first is the caller's */
    reload_answer_clear(&reload->answer);
    pthread_cond_destroy(&reload->answers);
    pthread_mutex_destroy(&reload->mutex);
    free(reload);
}

void reload_answer_clear(struct reload_answer *answer)
{
    free(answer->mistakes);
    free(answer->changes);
    free(answer->restart);
    *answer = (struct reload_answer){0};
}

/* --- reading ---------------------------------------------------------------------------------- */

static char *mistakes_of(const struct loaded *loaded, int status)
{
    char *text = NULL;
    size_t length;

    if (status == EXIT_NOINPUT)
        return mem_format("%s: %s\n", loaded->path, strerror(errno));
    FILE *out = open_memstream(&text, &length);
    conf_problems_write(loaded->problems, CONF_ERROR, out);
    fclose(out);
    return text;
}

static void refuse(struct reload *reload, struct loaded *loaded, int status,
                   struct reload_answer *answer)
{
    *answer = (struct reload_answer){RELOAD_MISTAKEN, mistakes_of(loaded, status), mem_text(""),
                                     mem_text("")};
    life_log_findings(loaded);
    log_error_each("configuration not accepted: nothing changed", LOG_STR("file", loaded->path),
                   LOG_INT("mistakes", conf_problems_count(loaded->problems)),
                   LOG_STR("error", status == EXIT_NOINPUT ? strerror(errno) : NULL));
    metrics_reloaded(reload->metrics, RELOAD_REFUSED, false);
    load_free(loaded);
}

/* A worker's share of the memory, and the tasks of a connector, go by those that there are. */
static void keep_workers(struct conf *conf, const struct conf *running)
{
    for (size_t i = 0; i < conf->source_count; i++)
        conf->sources[i].workers = running->sources[i].workers;
}

/* The workers take it; it is the process's own from now on. */
static void hand_over(struct reload *reload, const struct loaded *loaded, const bool *rejoins,
                      struct workers *workers)
{
    struct generation *generation = mem_new(struct generation);
    struct generation *older = reload->running;

    keep_workers(loaded->conf, older->loaded.conf);
    generation->loaded = *loaded;
    generation->older = older;
    generation_plan(generation);
    tolerances_take_over(generation->plan.tolerances, loaded->conf, older->plan.tolerances,
                         older->loaded.conf);
    pthread_mutex_lock(&reload->mutex);
    reload->running = generation;
    pthread_mutex_unlock(&reload->mutex);
    reload->workers = workers;
    log_set_level(loaded->conf->log.level);
    load_name_series(reload->metrics, loaded->conf);
    workers_adopt(workers, &generation->plan, rejoins);
}

static void accept(struct reload *reload, struct loaded *loaded, struct workers *workers,
                   struct reload_answer *answer)
{
    struct change change;

    change_find(&change, reload->first.loaded.conf, reload_conf(reload), loaded->conf);
    *answer = (struct reload_answer){RELOAD_ACCEPTED, mem_text(""), mem_text(change.changes),
                                     mem_text(change.restart)};
    life_log_findings(loaded);
    life_log_reload(loaded->path, change.changes, change.restart);
    metrics_reloaded(reload->metrics, RELOAD_OK, *change.restart);
    if (change.waits)
        load_free(loaded);
    else
        hand_over(reload, loaded, change.rejoins, workers);
    change_clear(&change);
}

static void read_again(struct reload *reload, struct workers *workers, struct reload_answer *answer)
{
    struct loaded loaded;
    int status = load_silently(reload->first.loaded.path, &loaded);
    struct inputs *inputs = loaded.inputs;

    loaded.inputs = NULL;
    if (status == EXIT_OK)
        accept(reload, &loaded, workers, answer);
    else
        refuse(reload, &loaded, status, answer);
    keep_inputs(reload, inputs);
}

/* --- secrets ---------------------------------------------------------------------------------- */

/* Told once, until they can be read again. */
static void tell_unreadable(struct reload *reload, const struct loaded *loaded)
{
    if (!reload->unreadable)
        life_log_findings(loaded);
    reload->unreadable = true;
}

/* Whatever else may stand in the file by now: nobody has asked for that. */
static void read_secrets_again(struct reload *reload, struct workers *workers)
{
    struct loaded loaded;
    struct change change;

    if (load_expand_again(&reload->running->loaded, &loaded) != EXIT_OK) {
        tell_unreadable(reload, &loaded);
        load_free(&loaded);
        return;
    }
    reload->unreadable = false;
    change_find(&change, reload->first.loaded.conf, reload_conf(reload), loaded.conf);
    if (!*change.changes || change.waits) {
        load_free(&loaded);
    } else {
        life_log_secrets(change.changes);
        metrics_reloaded(reload->metrics, RELOAD_SECRETS, false);
        hand_over(reload, &loaded, change.rejoins, workers);
    }
    change_clear(&change);
}

/* --- turns ------------------------------------------------------------------------------------ */

/* Of those that nothing on its way has. The first one is the caller's. */
static void free_older(struct reload *reload)
{
    struct generation **link = &reload->running->older;

    while (*link && *link != &reload->first) {
        struct generation *generation = *link;
        if (atomic_load(&generation->plan.users)) {
            link = &generation->older;
            continue;
        }
        *link = generation->older;
        generation_free(generation);
    }
}

/* The number of the last one that asked; 0: nobody waits. */
static uint64_t wanted(struct reload *reload)
{
    pthread_mutex_lock(&reload->mutex);
    uint64_t asked = reload->asked == reload->answered ? 0 : reload->asked;
    pthread_mutex_unlock(&reload->mutex);
    return asked;
}

static void tell(struct reload *reload, uint64_t asked, const struct reload_answer *answer)
{
    pthread_mutex_lock(&reload->mutex);
    reload_answer_clear(&reload->answer);
    reload->answer = *answer;
    reload->answered = asked;
    pthread_cond_broadcast(&reload->answers);
    pthread_mutex_unlock(&reload->mutex);
}

bool reload_turn(struct reload *reload, struct workers *workers)
{
    struct reload_answer answer;

    if (reload->workers && workers_have_adopted(workers)) {
        reload->workers = NULL;
        log_info("configuration is in use");
    }
    if (!reload->workers)
        free_older(reload);
    uint64_t asked = reload->workers ? 0 : wanted(reload);
    if (asked) {
        read_again(reload, workers, &answer);
        tell(reload, asked, &answer);
    } else if (!reload->workers &&
               secrets_are_due(&reload->secrets, metrics_logins_refused(reload->metrics),
                               clock_ms())) {
        read_secrets_again(reload, workers);
    }
    return !reload->workers;
}

void reload_watch(struct reload *reload, int64_t now_ms)
{
    if (!reload_conf(reload)->watch || now_ms < reload->look_due_ms)
        return;
    reload->look_due_ms = now_ms + LOOK_MS;
    uint64_t state = inputs_now(reload->inputs);
    if (state != inputs_before(reload->inputs) && state == reload->looked)
        reload_wanted(reload); /* two looks agree: nobody is in the middle of writing them */
    reload->looked = state;
}

/* --- asking ----------------------------------------------------------------------------------- */

void reload_stop(struct reload *reload)
{
    pthread_mutex_lock(&reload->mutex);
    reload->stopped = true;
    pthread_cond_broadcast(&reload->answers);
    pthread_mutex_unlock(&reload->mutex);
}

void reload_wanted(struct reload *reload)
{
    pthread_mutex_lock(&reload->mutex);
    if (reload->asked == reload->answered)
        reload->asked++;
    pthread_mutex_unlock(&reload->mutex);
}

static struct reload_answer copy_of(const struct reload_answer *answer)
{
    return (struct reload_answer){answer->outcome, mem_text(answer->mistakes),
                                  mem_text(answer->changes), mem_text(answer->restart)};
}

void reload_ask(struct reload *reload, struct reload_answer *answer)
{
    struct timespec until;
    int late = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ANSWER_S;
    pthread_mutex_lock(&reload->mutex);
    uint64_t number = ++reload->asked;
    pthread_kill(reload->main_thread, SIGHUP);
    while (reload->answered < number && !reload->stopped && !late)
        late = pthread_cond_timedwait(&reload->answers, &reload->mutex, &until);
    if (reload->answered >= number)
        *answer = copy_of(&reload->answer);
    else
        *answer =
            (struct reload_answer){RELOAD_UNANSWERED, mem_text(""), mem_text(""), mem_text("")};
    pthread_mutex_unlock(&reload->mutex);
}
