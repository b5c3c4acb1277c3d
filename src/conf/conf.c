/* conf.c: questions to a configuration, and its end. */
#include "conf/conf.h"

#include "base/mem.h"
#include "base/text.h"
#include "conf/document.h"
#include "conf/pool.h"

#include <stdlib.h>
#include <string.h>

const struct conf_source *conf_source_of(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->source_count; i++)
        if (strcmp(conf->sources[i].name, name) == 0)
            return &conf->sources[i];
    return NULL;
}

bool conf_is_read(const struct conf *conf, const struct conf_source *source)
{
    for (size_t i = 0; i < conf->route_count; i++)
        if (conf->routes[i].from == source)
            return true;
    return false;
}

bool conf_is_written(const struct conf *conf, const struct conf_sink *sink)
{
    for (size_t i = 0; i < conf->route_count; i++)
        if (conf->routes[i].to == sink)
            return true;
    return false;
}

const char *conf_property(const struct conf_properties *properties, const char *name)
{
    for (size_t i = 0; i < properties->count; i++)
        if (strcmp(properties->items[i].name, name) == 0)
            return properties->items[i].value.text;
    return NULL;
}

bool conf_properties_differ_in_login(const struct conf_properties *before,
                                     const struct conf_properties *after)
{
    if (before->count != after->count)
        return false;
    for (size_t i = 0; i < before->count; i++) {
        const struct conf_property *property = &before->items[i];
        const char *other = conf_property(after, property->name);
        bool is_login = strcmp(property->name, "sasl.username") == 0 ||
                        strcmp(property->name, "sasl.password") == 0;
        if (!other || (!is_login && strcmp(property->value.text, other) != 0))
            return false;
    }
    return true;
}

void conf_free(struct conf *conf)
{
    if (!conf)
        return;
    document_release(conf->document);
    pool_free(conf->pool);
    free(conf);
}

/* Names by a hash of each, with more places than names. */
struct topic_set {
    const char **places;
    size_t count; /* of places, a power of two */
};

/* False: it was there. */
static bool topic_set_add(struct topic_set *set, const char *topic)
{
    size_t place = text_hash(topic) & (set->count - 1);

    for (; set->places[place]; place = (place + 1) & (set->count - 1))
        if (strcmp(set->places[place], topic) == 0)
            return false;
    set->places[place] = topic;
    return true;
}

static struct topic_set topic_set_new(const struct conf *conf)
{
    struct topic_set set = {.count = 2};
    size_t topics = 0;

    for (size_t i = 0; i < conf->route_count; i++)
        topics += conf->routes[i].topics.count;
    while (set.count <= 2 * topics)
        set.count *= 2;
    set.places = mem_array(set.count, sizeof(*set.places));
    return set;
}

const char **conf_topics(const struct conf *conf, const struct conf_source *source, size_t *count)
{
    struct topic_set seen = topic_set_new(conf);
    const char **topics = NULL;
    size_t capacity = 0;

    *count = 0;
    for (size_t i = 0; i < conf->route_count; i++) {
        const struct conf_route *route = &conf->routes[i];
        for (size_t j = 0; route->from == source && j < route->topics.count; j++) {
            if (!topic_set_add(&seen, route->topics.items[j].text))
                continue;
            topics = mem_grow(topics, *count, &capacity, sizeof(*topics));
            topics[(*count)++] = route->topics.items[j].text;
        }
    }
    free(seen.places);
    return topics;
}
