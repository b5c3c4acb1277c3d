/* agreement.c: routes that take one topic deliver alike. */
#include "flow/agreement.h"

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

/* Of two patterns it is only known that they meet where they are the same. */
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

/* What does not concern a route that says something else of its delivery. */
static void check_settings(const struct route *route, struct conf_problems *problems)
{
    const struct conf_route *conf = route->conf;

    if (conf->delivery == EXACTLY_ONCE && conf->retry_timeout)
        conf_warning(problems, conf->origin, NULL,
                     "route '%s': retry does not concern exactly-once routes: a transaction waits "
                     "for as long as Redis says \"later\"",
                     conf->name);
}

void agreement_check(const struct routes *routes, struct conf_problems *problems)
{
    struct err err;

    for (size_t i = 0; i < routes->count; i++)
        check_settings(&routes->items[i], problems);
    for (size_t i = 1; i < routes->count; i++)
        for (size_t j = 0; j < i; j++) {
            const struct route *one = &routes->items[j], *other = &routes->items[i];
            const char *topic =
                one->conf->from == other->conf->from ? agreement_common_topic(one, other) : NULL;
            if (topic && !agree(one, other, topic, &err))
                conf_problem(problems, other->conf->origin,
                             "give both the same delivery and sink, or read one of them from a "
                             "source with a group of its own",
                             "%s", err.text);
        }
}

bool agreement_of_topic(const struct topic_routes *routes, const char *topic, struct err *err)
{
    for (size_t i = 1; i < routes->count; i++)
        if (!agree(routes->items[0], routes->items[i], topic, err))
            return false;
    return true;
}
