/*
 * reload.c: the configuration is read again while penstock runs.
 *
 * Threads that ask draw a number and wake the main thread by its own signal. One reading answers
 * all that asked before it began; its answer is kept for them to copy.
 */
#include "app/reload.h"

#include "app/cli.h"
#include "app/life_log.h"
#include "app/load.h"
#include "base/log.h"
#include "base/mem.h"
#include "conf/diff.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ANSWER_S = 5 };

struct reload {
    const struct loaded *start; /* what a restart would change differs from it */
    struct loaded read;         /* the last good file; conf NULL: none but the first one */
    struct metrics *metrics;
    pthread_t main_thread;
    pthread_mutex_t mutex; /* of the rest */
    pthread_cond_t answers;
    uint64_t asked, answered; /* numbers of those that asked */
    bool stopped;
    struct reload_answer answer; /* the last one */
};

struct reload *reload_new(const struct loaded *start, struct metrics *metrics)
{
    struct reload *reload = mem_new(struct reload);

    reload->start = start;
    reload->metrics = metrics;
    reload->main_thread = pthread_self();
    pthread_mutex_init(&reload->mutex, NULL);
    pthread_cond_init(&reload->answers, NULL);
    return reload;
}

void reload_free(struct reload *reload)
{
    if (!reload)
        return;
    if (reload->read.conf)
        load_free(&reload->read);
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

/* --- what changes ----------------------------------------------------------------------------- */

static bool changes_in_flight(const struct difference *difference)
{
    return strcmp(difference->setting, "log.level") == 0;
}

static void list_change(void *context, const struct difference *difference)
{
    if (changes_in_flight(difference))
        diff_write(difference, context);
}

static void list_restart(void *context, const struct difference *difference)
{
    if (!changes_in_flight(difference))
        fprintf(context, "%s\n", difference->setting);
}

/* The differences as lines of text; free() frees it. */
static char *differences(const struct conf *before, const struct conf *after,
                         void (*list)(void *context, const struct difference *difference))
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    diff_confs(before, after, list, out);
    fclose(out);
    return text;
}

static const struct conf *running(const struct reload *reload)
{
    return reload->read.conf ? reload->read.conf : reload->start->conf;
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

static void accept(struct reload *reload, struct loaded *loaded, struct reload_answer *answer)
{
    *answer = (struct reload_answer){RELOAD_ACCEPTED, mem_text(""),
                                     differences(running(reload), loaded->conf, list_change),
                                     differences(reload->start->conf, loaded->conf, list_restart)};
    life_log_findings(loaded);
    log_set_level(loaded->conf->log.level);
    log_info("configuration read again", LOG_STR("file", loaded->path),
             LOG_STR("changes", answer->changes));
    if (*answer->restart)
        log_warn_each("changes of the configuration need a restart",
                      LOG_STR("settings", answer->restart));
    metrics_reloaded(reload->metrics, RELOAD_OK, *answer->restart);
    if (reload->read.conf)
        load_free(&reload->read);
    reload->read = *loaded;
}

static void read_again(struct reload *reload, struct reload_answer *answer)
{
    struct loaded loaded;
    int status = load_silently(reload->start->path, &loaded);

    if (status == EXIT_OK)
        accept(reload, &loaded, answer);
    else
        refuse(reload, &loaded, status, answer);
}

void reload_turn(struct reload *reload)
{
    struct reload_answer answer;

    pthread_mutex_lock(&reload->mutex);
    uint64_t asked = reload->asked;
    bool wanted = asked != reload->answered;
    pthread_mutex_unlock(&reload->mutex);
    if (!wanted)
        return;
    read_again(reload, &answer);
    pthread_mutex_lock(&reload->mutex);
    reload_answer_clear(&reload->answer);
    reload->answer = answer;
    reload->answered = asked;
    pthread_cond_broadcast(&reload->answers);
    pthread_mutex_unlock(&reload->mutex);
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

    clock_gettime(CLOCK_REALTIME, &until);
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
