/* problems.c: the newest records that could not be delivered, and partitions that were held. */
#include "metrics/problems.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JOINED_WITH = 16 }; /* so many of the newest: a flood on some partitions leaves the rest */

struct problems {
    pthread_mutex_t mutex;
    struct problem items[PROBLEMS_KEPT];
    uint64_t added; /* the newest is items[(added - 1) % PROBLEMS_KEPT] */
};

struct problems *problems_new(void)
{
    struct problems *problems = mem_new(struct problems);

    pthread_mutex_init(&problems->mutex, NULL);
    return problems;
}

void problems_free(struct problems *problems)
{
    if (!problems)
        return;
    pthread_mutex_destroy(&problems->mutex);
    free(problems);
}

const char *problem_kind_name(enum problem_kind kind)
{
    static const char *const names[] = {"held", "dropped", "dead_lettered"};

    return names[kind];
}

static bool is_same(const struct problem *one, const struct problem *other)
{
    return one->kind == other->kind && one->partition == other->partition &&
           strcmp(one->topic, other->topic) == 0 && strcmp(one->route, other->route) == 0 &&
           strcmp(one->reason, other->reason) == 0;
}

static size_t problems_count(const struct problems *problems)
{
    return problems->added < PROBLEMS_KEPT ? (size_t)problems->added : PROBLEMS_KEPT;
}

/* The @p back-th newest, from 0. */
static struct problem *problem_at(struct problems *problems, size_t back)
{
    return &problems->items[(problems->added - 1 - back) % PROBLEMS_KEPT];
}

/* Its place in the ring: that of a problem that is the same, else a new one. */
static struct problem *problems_place(struct problems *problems, const struct problem *problem)
{
    for (size_t i = 0; i < problems_count(problems) && i < JOINED_WITH; i++)
        if (is_same(problem_at(problems, i), problem))
            return problem_at(problems, i);
    problems->added++;
    problem_at(problems, 0)->count = 0;
    return problem_at(problems, 0);
}

void problems_add(struct problems *problems, enum problem_kind kind, const char *topic,
                  int32_t partition, int64_t offset, const char *route, const char *reason)
{
    struct problem problem = {
        .kind = kind, .time_ms = clock_wall_ms(), .partition = partition, .offset = offset};

    snprintf(problem.topic, sizeof(problem.topic), "%s", topic);
    snprintf(problem.route, sizeof(problem.route), "%s", route ? route : "");
    text_show_in(problem.reason, sizeof(problem.reason), reason);
    pthread_mutex_lock(&problems->mutex);
    struct problem *place = problems_place(problems, &problem);
    problem.count = place->count + 1;
    *place = problem;
    pthread_mutex_unlock(&problems->mutex);
}

size_t problems_copy(struct problems *problems, struct problem out[PROBLEMS_KEPT])
{
    pthread_mutex_lock(&problems->mutex);
    size_t count = problems_count(problems);
    for (size_t i = 0; i < count; i++)
        out[i] = *problem_at(problems, i);
    pthread_mutex_unlock(&problems->mutex);
    return count;
}
