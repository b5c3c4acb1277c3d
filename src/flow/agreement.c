/*
 * agreement.c: routes that take one topic deliver alike.
 *
 * Names are sorted, so that a file of thousands of routes takes no longer for each of them; only a
 * pattern is held against every route.
 */
#include "flow/agreement.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* A topic of @p one, as the file names it, that @p other takes too; NULL: none is known of. */
static const char *common_name(const struct route *one, const struct route *other)
{
    for (size_t i = 0; i < one->conf->topics.count; i++) {
        const char *text = one->conf->topics.items[i].text;
        if (text && text[0] != '^' && route_takes(other, text))
            return text;
    }
    return NULL;
}

/* That two patterns meet is known only if they are the same. */
static const char *common_pattern(const struct route *one, const struct route *other)
{
    for (size_t i = 0; i < one->conf->topics.count; i++)
        for (size_t j = 0; j < other->conf->topics.count; j++) {
            const char *text = one->conf->topics.items[i].text;
            const char *with = other->conf->topics.items[j].text;
            if (text && with && text[0] == '^' && strcmp(text, with) == 0)
                return text;
        }
    return NULL;
}

const char *agreement_common_topic(const struct route *one, const struct route *other)
{
    const char *topic = common_name(one, other);

    if (!topic)
        topic = common_name(other, one);
    return topic ? topic : common_pattern(one, other);
}

static bool agree(const struct route *one, const struct route *other, const char *topic,
                  struct err *err)
{
    if (one->conf->delivery != other->conf->delivery)
        return err_set(err, ERR_CONFIG,
                       "routes '%s' and '%s' both take '%s', and differ in their delivery",
                       one->conf->name, other->conf->name, topic);
    if (one->conf->delivery == EXACTLY_ONCE && one->conf->to != other->conf->to)
        return err_set(err, ERR_CONFIG,
                       "routes '%s' and '%s' both take '%s' exactly once, and write to two sinks: "
                       "its offset can be stored with the data of one only",
                       one->conf->name, other->conf->name, topic);
    return true;
}

static void check_pair(const struct route *one, const struct route *other, const char *topic,
                       struct conf_problems *problems)
{
    struct err err;

    if (!agree(one, other, topic, &err))
        conf_problem(problems, other->conf->origin,
                     "give both the same delivery and sink, or read one of them from a source with "
                     "a group of its own",
                     "%s", err.text);
}

/* --- topics by name --------------------------------------------------------------------------- */

struct named {
    const char *topic;
    const struct route *route;
};

/* By source and name, then in the order of the file. */
static int compare_named(const void *a, const void *b)
{
    const struct named *left = a, *right = b;
    int order = (left->route->conf->from > right->route->conf->from) -
                (left->route->conf->from < right->route->conf->from);

    if (!order)
        order = strcmp(left->topic, right->topic);
    return order ? order : (left->route > right->route) - (left->route < right->route);
}

static struct named *named_topics(const struct routes *routes, size_t *count)
{
    struct named *items = NULL;
    size_t room = 0;

    *count = 0;
    for (size_t i = 0; i < routes->count; i++) {
        const struct conf_texts *topics = &routes->items[i].conf->topics;
        for (size_t j = 0; j < topics->count; j++) {
            if (!topics->items[j].text || topics->items[j].text[0] == '^')
                continue;
            items = mem_grow(items, *count, &room, sizeof(*items));
            items[(*count)++] = (struct named){topics->items[j].text, &routes->items[i]};
        }
    }
    if (items)
        qsort(items, *count, sizeof(*items), compare_named);
    return items;
}

/* Each with the first that names its topic. */
static void check_names(const struct routes *routes, struct conf_problems *problems)
{
    size_t count, first = 0;
    struct named *items = named_topics(routes, &count);

    for (size_t i = 1; i < count; i++) {
        if (items[i].route->conf->from != items[first].route->conf->from ||
            strcmp(items[i].topic, items[first].topic) != 0)
            first = i;
        else
            check_pair(items[first].route, items[i].route, items[i].topic, problems);
    }
    free(items);
}

/* --- topics by pattern ------------------------------------------------------------------------ */

static bool has_pattern(const struct route *route)
{
    for (size_t i = 0; i < route->conf->topics.count; i++)
        if (route->conf->topics.items[i].text && route->conf->topics.items[i].text[0] == '^')
            return true;
    return false;
}

/* Whether it would matter that both take a topic. */
static bool differ(const struct route *one, const struct route *other)
{
    struct err err;

    return one->conf->from == other->conf->from && !agree(one, other, "", &err);
}

/* A route with a pattern against all others; two with patterns once. */
static void check_pattern(const struct routes *routes, const struct route *with,
                          struct conf_problems *problems)
{
    for (size_t i = 0; i < routes->count; i++) {
        const struct route *other = &routes->items[i];
        const char *topic;
        if (!differ(with, other) || (other > with && has_pattern(other)) ||
            !(topic = agreement_common_topic(with, other)))
            continue;
        check_pair(with < other ? with : other, with < other ? other : with, topic, problems);
    }
}

void agreement_check(const struct routes *routes, struct conf_problems *problems)
{
    check_names(routes, problems);
    for (size_t i = 0; i < routes->count; i++)
        if (has_pattern(&routes->items[i]))
            check_pattern(routes, &routes->items[i], problems);
}

bool agreement_of_topic(const struct topic_routes *routes, const char *topic, struct err *err)
{
    for (size_t i = 1; i < routes->count; i++)
        if (!agree(routes->items[0], routes->items[i], topic, err))
            return false;
    return true;
}
