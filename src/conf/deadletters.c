/* deadletters.c: what a file says of records that cannot be delivered. */
#include "conf/deadletters.h"

#include "conf/topic.h"

#include <string.h>

static const char dlq_shape[] = "dlq = { source = \"...\"; topic = \"...\"; }; or "
                                "dlq = { sink = \"...\"; stream = \"...\"; };";

/* --- the group of the top level --------------------------------------------------------------- */

static void check_topic(const struct filling *filling, const struct conf_text *topic)
{
    struct err err = {0};

    if (topic->text && !topic_check_name(topic->text, &err))
        conf_problem(filling->problems, topic->origin, NULL, "'topic': %s", err.text);
}

/* A stream's key with a hole in it would be a key with "%{" in its name. */
static void check_stream(const struct filling *filling, const struct conf_text *stream)
{
    if (stream->text && strstr(stream->text, "%{"))
        conf_problem(filling->problems, stream->origin, NULL,
                     "'stream' is one key for all letters: nothing is filled in");
}

/* The group called @p name of @p node, else of "defaults"; NULL where neither has one. */
static const struct node *inner_group(const struct filling *filling, const struct node *node,
                                      const struct node *defaults, const char *name)
{
    const struct node *group = node_find(node, name);

    if (!group)
        group = node_find(defaults, name);
    if (!group || group->kind == NODE_GROUP)
        return group;
    conf_problem(filling->problems, group->origin, NULL, "'%s' must be a group { ... }, not %s",
                 name, node_kind_name(group->kind));
    return NULL;
}

static void check_shape(const struct filling *filling, const struct node *node)
{
    const struct conf_dlq *dlq = &filling->conf->dlq;
    bool topic = node_find(node, "source") || node_find(node, "topic");
    bool stream = node_find(node, "sink") || node_find(node, "stream") || node_find(node, "maxlen");
    const char *missing = NULL;

    if (topic && stream)
        conf_problem(filling->problems, node->origin, dlq_shape,
                     "'dlq' is a topic or a stream, not both");
    else if (stream)
        missing = !dlq->sink ? "sink" : !dlq->stream.text ? "stream" : NULL;
    else
        missing = !dlq->source ? "source" : !dlq->topic.text ? "topic" : NULL;
    if (missing)
        conf_problem(filling->problems, node->origin, dlq_shape, "'%s' is missing in 'dlq'",
                     missing);
}

void deadletters_fill(const struct filling *filling, const struct node *root)
{
    struct conf_dlq *dlq = &filling->conf->dlq;
    const struct node *set = node_find(root, "dlq");
    const struct node *node = inner_group(filling, root, NULL, "dlq");
    size_t before = conf_problems_count(filling->problems);

    if (set)
        dlq->origin = set->origin;
    if (!node)
        return;
    option_fill_group(filling, GROUP_dlq, node, NULL, node->origin, "'dlq'", dlq);
    check_topic(filling, &dlq->topic);
    check_stream(filling, &dlq->stream);
    if (conf_problems_count(filling->problems) == before)
        check_shape(filling, node);
}

/* --- the groups of a route -------------------------------------------------------------------- */

void deadletters_fill_route(const struct filling *filling, const struct node *node,
                            const struct node *defaults, struct conf_route *route)
{
    const struct node *tolerance = inner_group(filling, node, defaults, "tolerance");
    const struct node *retry = inner_group(filling, node, defaults, "retry");

    if (tolerance)
        option_fill_group(filling, GROUP_tolerance, tolerance, NULL, tolerance->origin,
                          "'tolerance'", route);
    if (retry)
        option_fill_group(filling, GROUP_retry, retry, NULL, retry->origin, "'retry'", route);
    if (tolerance && node_find(node, "tolerance") && route->on_error == ON_ERROR_STOP)
        conf_problem(filling->problems, tolerance->origin,
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
static void check_loop(const struct filling *filling, const struct conf_route *route)
{
    const struct conf_dlq *dlq = &filling->conf->dlq;

    if (!dlq->topic.text || !is_same_kafka(dlq->source, route->from))
        return;
    for (size_t i = 0; i < route->topics.count; i++) {
        const struct conf_text *topic = &route->topics.items[i];
        if (topic_is_read(topic->text, dlq->topic.text))
            conf_problem(filling->problems, topic->origin,
                         "dead letters would go round; `penstock dlq retry` sends them again",
                         "route '%s' reads the topic of the dlq, '%s'", route->name,
                         dlq->topic.text);
    }
}

void deadletters_check(const struct filling *filling)
{
    const struct conf *conf = filling->conf;
    bool used = false;

    for (size_t i = 0; i < conf->route_count; i++) {
        const struct conf_route *route = &conf->routes[i];
        check_loop(filling, route);
        if (route->on_error != ON_ERROR_DLQ)
            continue;
        used = true;
        if (!conf->dlq.origin.file)
            conf_problem(filling->problems, route->origin, dlq_shape,
                         "route '%s' has on_error = \"dlq\", and the file has no 'dlq'",
                         route->name ? route->name : "");
    }
    if (conf->dlq.origin.file && !used)
        conf_warning(filling->problems, conf->dlq.origin, "say on_error = \"dlq\" in a route",
                     "no route sends records to the dlq");
}
