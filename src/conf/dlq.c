/* dlq.c: the settings for records that cannot be delivered. */
#include "conf/dlq.h"

#include "conf/topic.h"

#include <string.h>

static const char dlq_shape[] = "dlq = { source = \"...\"; topic = \"...\"; }; or "
                                "dlq = { sink = \"...\"; stream = \"...\"; };";

/* --- the group of the top level --------------------------------------------------------------- */

static void check_topic(const struct loader *loader, const struct conf_text *topic)
{
    struct err err = {0};

    if (topic->text && !topic_check_name(topic->text, &err))
        conf_problem(loader->problems, topic->origin, NULL, "'topic': %s", err.text);
}

/* A stream's key with a placeholder in it would be a key with "%{" in its name. */
static void check_stream(const struct loader *loader, const struct conf_text *stream)
{
    if (stream->text && strstr(stream->text, "%{"))
        conf_problem(loader->problems, stream->origin, NULL,
                     "'stream' is one key for all letters: nothing is filled in");
}

/* The group called @p name of @p setting, else of "defaults"; NULL if neither has one. */
static const struct setting *inner_group(const struct loader *loader, const struct setting *setting,
                                         const struct setting *defaults, const char *name)
{
    const struct setting *group = setting_find(setting, name);

    if (!group)
        group = setting_find(defaults, name);
    if (!group || group->kind == SETTING_GROUP)
        return group;
    conf_problem(loader->problems, group->origin, NULL, "'%s' must be a group { ... }, not %s",
                 name, setting_kind_name(group->kind));
    return NULL;
}

static void check_shape(const struct loader *loader, const struct setting *setting)
{
    const struct conf_dlq *dlq = &loader->conf->dlq;
    bool topic = setting_find(setting, "source") || setting_find(setting, "topic");
    bool stream = setting_find(setting, "sink") || setting_find(setting, "stream") ||
                  setting_find(setting, "maxlen");
    const char *missing = NULL;

    if (topic && stream)
        conf_problem(loader->problems, setting->origin, dlq_shape,
                     "'dlq' is a topic or a stream, not both");
    else if (stream)
        missing = !dlq->sink ? "sink" : !dlq->stream.text ? "stream" : NULL;
    else
        missing = !dlq->source ? "source" : !dlq->topic.text ? "topic" : NULL;
    if (missing)
        conf_problem(loader->problems, setting->origin, dlq_shape, "'%s' is missing in 'dlq'",
                     missing);
}

void dlq_fill(const struct loader *loader, const struct setting *root)
{
    struct conf_dlq *dlq = &loader->conf->dlq;
    const struct setting *set = setting_find(root, "dlq");
    const struct setting *setting = inner_group(loader, root, NULL, "dlq");
    size_t before = conf_problems_count(loader->problems);

    if (set)
        dlq->origin = set->origin;
    if (!setting)
        return;
    option_fill_group(loader, GROUP_dlq, setting, NULL, setting->origin, "'dlq'", dlq);
    check_topic(loader, &dlq->topic);
    check_stream(loader, &dlq->stream);
    if (conf_problems_count(loader->problems) == before)
        check_shape(loader, setting);
}

/* --- the groups of a route -------------------------------------------------------------------- */

void dlq_fill_route(const struct loader *loader, const struct setting *setting,
                    const struct setting *defaults, struct conf_route *route)
{
    const struct setting *tolerance = inner_group(loader, setting, defaults, "tolerance");
    const struct setting *retry = inner_group(loader, setting, defaults, "retry");

    if (tolerance)
        option_fill_group(loader, GROUP_tolerance, tolerance, NULL, tolerance->origin,
                          "'tolerance'", &route->tolerance);
    if (retry)
        option_fill_group(loader, GROUP_retry, retry, NULL, retry->origin, "'retry'",
                          &route->retry);
    if (tolerance && setting_find(setting, "tolerance") && route->on_error == ON_ERROR_STOP)
        conf_problem(loader->problems, tolerance->origin,
                     "say on_error = \"skip\" or on_error = \"dlq\"",
                     "'tolerance' does nothing here: with on_error = \"stop\" the first record "
                     "that fails holds its partition");
}

/* --- both together ---------------------------------------------------------------------------- */

static bool topic_is_read(const char *named, const char *topic)
{
    struct topic_matcher *matcher = topic_matcher_new(named, NULL);
    bool takes = matcher && topic_matcher_takes(matcher, topic); /* else it is reported already */

    topic_matcher_free(matcher);
    return takes;
}

/* Whether two sources are one Kafka, as far as the file tells. */
static bool is_same_kafka(const struct conf_source *a, const struct conf_source *b)
{
    return a == b || (a && b && a->brokers.text && b->brokers.text &&
                      strcmp(a->brokers.text, b->brokers.text) == 0);
}

/* A letter that cannot be delivered would become a letter, which ... */
static void check_loop(const struct loader *loader, const struct conf_route *route)
{
    const struct conf_dlq *dlq = &loader->conf->dlq;

    if (!dlq->topic.text || !is_same_kafka(dlq->source, route->from))
        return;
    for (size_t i = 0; i < route->topics.count; i++) {
        const struct conf_text *topic = &route->topics.items[i];
        if (topic_is_read(topic->text, dlq->topic.text))
            conf_problem(loader->problems, topic->origin,
                         "dead letters would go round; `penstock dlq retry` sends them again",
                         "route '%s' reads the topic of the dlq, '%s'", route->name,
                         dlq->topic.text);
    }
}

void dlq_check(const struct loader *loader)
{
    const struct conf *conf = loader->conf;
    bool used = false;

    for (size_t i = 0; i < conf->route_count; i++) {
        const struct conf_route *route = &conf->routes[i];
        check_loop(loader, route);
        if (route->on_error != ON_ERROR_DLQ)
            continue;
        used = true;
        if (!conf->dlq.origin.file)
            conf_problem(loader->problems, route->origin, dlq_shape,
                         "route '%s' has on_error = \"dlq\", and the file has no 'dlq'",
                         route->name ? route->name : "");
    }
    if (conf->dlq.origin.file && !used)
        conf_warning(loader->problems, conf->dlq.origin, "say on_error = \"dlq\" in a route",
                     "no route sends records to the dlq");
}
