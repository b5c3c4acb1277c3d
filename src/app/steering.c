/* steering.c: what an operator asks of the workers while they run. */
#include "app/steering.h"

#include "app/workers.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "conf/kind.h"
#include "flow/pauses.h"
#include "flow/plan.h"
#include "flow/worker.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say(struct steering_answer *answer, enum steering_result result, const char *format,
                ...) __attribute__((format(printf, 3, 4)));

static void say(struct steering_answer *answer, enum steering_result result, const char *format,
                ...)
{
    char text[sizeof(answer->text)];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    text_show_in(answer->text, sizeof(answer->text), text); /* it names topics as they were asked */
    answer->result = result;
}

/* --- asking the workers ----------------------------------------------------------------------- */

/* What all workers said together. */
struct poll {
    unsigned asked, answered, paused;
    bool here; /* the partition is one's */
};

static struct poll poll_pauses(const struct steering *steering, const char *topic,
                               int32_t partition)
{
    int64_t deadline_ms = clock_ms() + STEERING_WAIT_MS;
    struct poll poll = {0};
    struct worker *worker;

    for (size_t i = 0; (worker = workers_at(steering->workers, i)); i++) {
        struct steer steer = {.wish = STEER_PAUSES, .topic = topic, .partition = partition};
        poll.asked++;
        if (!worker_steer(worker, &steer, deadline_ms))
            continue;
        poll.answered++;
        poll.paused += steer.paused;
        poll.here |= topic && steer.result == STEER_DONE;
    }
    return poll;
}

/* Asks one worker after the other, until one has done it; @p steer has the answer of the last one
 * that has the partition. False: some worker did not answer. */
static bool ask_owner(const struct steering *steering, struct steer *steer)
{
    int64_t deadline_ms = clock_ms() + STEERING_WAIT_MS;
    struct steer one = *steer;
    struct worker *worker;
    bool all = true;

    steer->result = STEER_ELSEWHERE;
    for (size_t i = 0; steer->result != STEER_DONE && (worker = workers_at(steering->workers, i));
         i++) {
        struct steer asked = one;
        if (!worker_steer(worker, &asked, deadline_ms))
            all = false;
        else if (asked.result != STEER_ELSEWHERE)
            *steer = asked;
    }
    return all || steer->result == STEER_DONE;
}

/* --- pause and resume ------------------------------------------------------------------------- */

static void say_unknown_route(const struct routes *routes, const char *name,
                              struct steering_answer *answer)
{
    const char **names = mem_array(routes->count, sizeof(*names));
    const char *nearest;

    for (size_t i = 0; i < routes->count; i++)
        names[i] = routes->items[i].conf->name;
    nearest = text_nearest(slice_of(name), names, routes->count);
    say(answer, STEERING_UNKNOWN, "There is no route %.100s%s%s%s", name,
        nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : ".");
    free(names);
}

static void say_late(const struct poll *poll, struct steering_answer *answer)
{
    if (!poll->asked)
        say(answer, STEERING_LATE, "penstock starts, and has no workers yet.");
    else
        say(answer, STEERING_LATE,
            "%u of %u workers did not answer within %d ms; each carries it out in its next turn.",
            poll->asked - poll->answered, poll->asked, STEERING_WAIT_MS);
}

static void say_route(const char *route, bool paused, bool news, unsigned count,
                      struct steering_answer *answer)
{
    static const char *const states[2][2] = {{"was not paused", "is resumed"},
                                             {"was paused before", "is paused"}};
    char number[16] = "no";

    if (count)
        snprintf(number, sizeof(number), "%u", count);
    say(answer, STEERING_DONE, "Route %.100s %s; %s partition%s of this process %s paused now.",
        route, states[paused][news], number, count > 1 ? "s" : "", count > 1 ? "are" : "is");
}

static void pause_route(const struct steering *steering, const struct plan *plan, const char *route,
                        bool paused, const char *by, struct steering_answer *answer)
{
    if (!routes_find(plan->routes, route)) {
        say_unknown_route(plan->routes, route, answer);
        return;
    }
    bool news = pauses_set_route(workers_pauses(steering->workers), route, paused);
    if (news)
        log_info(paused ? "route paused" : "route resumed", LOG_STR("route", route),
                 LOG_STR("by", by));
    struct poll poll = poll_pauses(steering, NULL, 0);
    if (!poll.asked || poll.answered < poll.asked)
        say_late(&poll, answer);
    else
        say_route(route, paused, news, poll.paused, answer);
}

void steering_pause_route(const struct steering *steering, const char *route, bool paused,
                          const char *by, struct steering_answer *answer)
{
    const struct plan *plan = workers_enter(steering->workers);

    pause_route(steering, plan, route, paused, by, answer);
    workers_leave(steering->workers);
}

bool steering_is_paused(const struct steering *steering, const char *route)
{
    return steering->workers && pauses_has_route(workers_pauses(steering->workers), route);
}

/* Whether some source's routes take the topic; @p with: a paused route among them, or NULL. */
static bool is_taken(const struct steering *steering, const struct plan *plan, const char *topic,
                     const char **with)
{
    bool taken = false;

    *with = NULL;
    for (size_t i = 0; i < plan->conf->source_count; i++) {
        struct topic_routes *found = routes_of_topic(plan->routes, &plan->conf->sources[i], topic);
        taken |= found->count > 0;
        for (size_t j = 0; j < found->count; j++)
            if (pauses_has_route(workers_pauses(steering->workers), found->items[j]->conf->name))
                *with = found->items[j]->conf->name;
        topic_routes_free(found);
    }
    return taken;
}

static void say_partition(const char *topic, int32_t partition, bool paused, const char *with,
                          const struct poll *poll, struct steering_answer *answer)
{
    if (!poll->asked || poll->answered < poll->asked)
        say_late(poll, answer);
    else if (paused && !poll->here)
        say(answer, STEERING_DONE,
            "%.250s[%" PRId32 "] is not this process's now; it is paused when it comes here.",
            topic, partition);
    else if (paused)
        say(answer, STEERING_DONE, "%.250s[%" PRId32 "] is paused.", topic, partition);
    else if (with)
        say(answer, STEERING_DONE, "%.250s[%" PRId32 "] stays paused with route %.100s.", topic,
            partition, with);
    else
        say(answer, STEERING_DONE, "%.250s[%" PRId32 "] is resumed.", topic, partition);
}

static void pause_partition(const struct steering *steering, const struct plan *plan,
                            const char *topic, int32_t partition, bool paused, const char *by,
                            struct steering_answer *answer)
{
    const char *with;

    if (!is_taken(steering, plan, topic, &with)) {
        say(answer, STEERING_UNKNOWN, "No route takes the topic %.250s.", topic);
        return;
    }
    bool news = pauses_set_partition(workers_pauses(steering->workers), topic, partition, paused);
    if (!news && !paused) {
        say(answer, with ? STEERING_REFUSED : STEERING_DONE,
            with ? "%.250s[%" PRId32 "] is paused with route %.100s: resume the route."
                 : "%.250s[%" PRId32 "] was not paused.",
            topic, partition, with);
        return;
    }
    if (news)
        log_info(paused ? "partition paused by the operator" : "partition resumed by the operator",
                 LOG_STR("topic", topic), LOG_INT("partition", partition), LOG_STR("by", by));
    struct poll poll = poll_pauses(steering, topic, partition);
    say_partition(topic, partition, paused, with, &poll, answer);
}

void steering_pause_partition(const struct steering *steering, const char *topic, int32_t partition,
                              bool paused, const char *by, struct steering_answer *answer)
{
    const struct plan *plan = workers_enter(steering->workers);

    pause_partition(steering, plan, topic, partition, paused, by, answer);
    workers_leave(steering->workers);
}

/* --- a held partition ------------------------------------------------------------------------- */

/* False: it was not done, and the answer says so. */
static bool done(const struct steering *steering, struct steer *steer,
                 struct steering_answer *answer)
{
    workers_enter(steering->workers);
    bool any = workers_at(steering->workers, 0), all = any && ask_owner(steering, steer);
    workers_leave(steering->workers);
    if (!any)
        say_late(&(struct poll){0}, answer);
    else if (!all)
        say(answer, STEERING_LATE, "A worker did not answer within %d ms; nothing was done.",
            STEERING_WAIT_MS);
    else if (steer->result == STEER_ELSEWHERE)
        say(answer, STEERING_UNKNOWN, "%.250s[%" PRId32 "] is not this process's now.",
            steer->topic, steer->partition);
    else if (steer->result == STEER_REFUSED)
        say(answer, STEERING_REFUSED, "%.150s[%" PRId32 "]: %.300s", steer->topic, steer->partition,
            steer->text);
    else
        return true;
    return false;
}

void steering_retry(const struct steering *steering, const char *topic, int32_t partition,
                    const char *by, struct steering_answer *answer)
{
    struct steer steer = {.wish = STEER_RETRY, .topic = topic, .partition = partition};

    if (!done(steering, &steer, answer))
        return;
    log_info("partition retried", LOG_STR("topic", topic), LOG_INT("partition", partition),
             LOG_STR("by", by));
    say(answer, STEERING_DONE, "%.150s[%" PRId32 "] is tried again: %.300s", topic, partition,
        steer.text);
}

void steering_skip(const struct steering *steering, const char *topic, int32_t partition,
                   int64_t offset, const char *by, struct steering_answer *answer)
{
    struct steer steer = {
        .wish = STEER_SKIP, .topic = topic, .partition = partition, .offset = offset};

    if (!done(steering, &steer, answer))
        return;
    log_warn_each("record skipped", LOG_STR("topic", topic), LOG_INT("partition", partition),
                  LOG_INT("offset", offset), LOG_STR("error", steer.text), LOG_STR("by", by));
    say(answer, STEERING_DONE, "%.150s[%" PRId32 "]@%" PRId64 " is skipped: %.250s", topic,
        partition, offset, steer.text);
}

/* --- the log ---------------------------------------------------------------------------------- */

/* Written whatever the level. */
void steering_set_log_level(enum log_level level, const char *by, struct steering_answer *answer)
{
    const char *const *words = kinds[KIND_LOG_LEVEL].words;
    enum log_level before = log_current_level();

    log_set_level(level);
    log_write(NULL, LOG_INFO, "log level changed",
              (const struct log_field[]){LOG_STR("level", words[level]),
                                         LOG_STR("before", words[before]), LOG_STR("by", by),
                                         LOG_END});
    say(answer, STEERING_DONE, "The log's level is %s; it was %s.", words[level], words[before]);
}
