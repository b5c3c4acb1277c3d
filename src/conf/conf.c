/* conf.c: a configuration file as a checked struct: its groups in order, and what concerns several.
 */
#include "conf/conf.h"

#include "base/mem.h"
#include "base/text.h"
#include "conf/deadletters.h"
#include "conf/document.h"
#include "conf/exposed.h"
#include "conf/file.h"
#include "conf/hazards.h"
#include "conf/kept.h"
#include "conf/memory.h"
#include "conf/option.h"
#include "conf/sink.h"
#include "conf/start.h"

#include <stdlib.h>
#include <string.h>

/* The setting @p name of the top level where it is of the kind it must be; tells where not. */
static const struct node *conf_section(const struct filling *filling, const struct node *root,
                                       const char *name, enum node_kind kind)
{
    const struct node *node = node_find(root, name);

    if (!node || node->kind == kind)
        return node;
    conf_problem(filling->problems, node->origin, NULL, "'%s' must be %s, not %s", name,
                 kind == NODE_LIST ? "a list of groups, ( { ... }, { ... } )"
                                   : node_kind_name(kind),
                 node_kind_name(node->kind));
    return NULL;
}

/* The same for a section that must be there and must hold something; @p shape is how it looks. */
static const struct node *conf_required_section(const struct filling *filling,
                                                const struct node *root, const char *name,
                                                enum node_kind kind, const char *shape)
{
    const struct node *node = node_find(root, name);

    if (!node)
        conf_problem(filling->problems, root->origin, shape, "'%s' is missing", name);
    else if (node->kind == kind && node->count == 0)
        conf_problem(filling->problems, node->origin, shape, "'%s' is empty", name);
    return conf_section(filling, root, name, kind);
}

/* What messages call a member of a section: "source 'main'"; free() ends it. */
static char *conf_what(const char *kind, const struct node *node)
{
    const struct node *name = node_find(node, "name");

    if (node->name)
        return mem_format("%s '%s'", kind, node->name);
    if (name && name->kind == NODE_TEXT)
        return mem_format("%s '%s'", kind, name->text);
    return mem_format("a %s", kind);
}

static bool conf_is_group(const struct filling *filling, const struct node *node, const char *what)
{
    if (node->kind == NODE_GROUP)
        return true;
    conf_problem(filling->problems, node->origin, NULL, "%s must be a group { ... }, not %s", what,
                 node_kind_name(node->kind));
    return false;
}

static void conf_fill_source(const struct filling *filling, const struct node *node)
{
    struct conf *conf = filling->conf;
    char *what = conf_what("source", node);

    if (conf_is_group(filling, node, what)) {
        struct conf_source *source = &conf->sources[conf->source_count++];
        source->name = kept_copy(conf->kept, node->name, strlen(node->name));
        source->origin = source->librdkafka_origin = node->origin;
        option_fill_group(filling, GROUP_source, node, NULL, node->origin, what, source);
        if (source->start.text)
            start_parse(source->start.text, &source->start_kind, &source->start_time_ms, NULL);
    }
    free(what);
}

static void conf_fill_sink(const struct filling *filling, const struct node *node)
{
    struct conf *conf = filling->conf;
    char *what = conf_what("sink", node);

    if (conf_is_group(filling, node, what)) {
        struct conf_sink *sink = &conf->sinks[conf->sink_count++];
        sink->name = kept_copy(conf->kept, node->name, strlen(node->name));
        sink->origin = node->origin;
        conf_sink_fill(filling, node, what, sink);
    }
    free(what);
}

/* By name, then in the order of the file. */
static int conf_compare_names(const void *a, const void *b)
{
    const struct conf_route *left = *(struct conf_route *const *)a;
    const struct conf_route *right = *(struct conf_route *const *)b;
    int order = strcmp(left->name, right->name);

    return order ? order : (left > right) - (left < right);
}

/* Each against the first of its name. */
static void conf_check_route_names(const struct filling *filling)
{
    const struct conf *conf = filling->conf;
    struct conf_route **sorted = mem_array(conf->route_count, sizeof(*sorted));
    size_t count = 0, first = 0;

    for (size_t i = 0; i < conf->route_count; i++)
        if (conf->routes[i].name)
            sorted[count++] = &conf->routes[i];
    qsort(sorted, count, sizeof(struct conf_route *), conf_compare_names);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(sorted[i]->name, sorted[first]->name) != 0)
            first = i;
        else
            conf_problem(filling->problems, sorted[i]->origin, NULL,
                         "there are two routes '%s'; the first is at %s:%u", sorted[i]->name,
                         sorted[first]->origin.file, sorted[first]->origin.line);
    }
    free(sorted);
}

static void conf_fill_route(const struct filling *filling, const struct node *node,
                            const struct node *defaults)
{
    struct conf *conf = filling->conf;
    char *what = conf_what("route", node);

    if (conf_is_group(filling, node, what)) {
        struct conf_route *route = &conf->routes[conf->route_count++];
        const struct node *name = node_find(node, "name");
        route->origin = name ? name->origin : node->origin;
        option_fill_group(filling, GROUP_route, node, defaults, node->origin, what, route);
        deadletters_fill_route(filling, node, defaults, route);
    }
    free(what);
}

static void conf_fill_sources(const struct filling *filling, const struct node *root)
{
    const struct node *node =
        conf_required_section(filling, root, "sources", NODE_GROUP,
                              "sources = { NAME = { brokers = \"...\"; group = \"...\"; }; };");

    filling->conf->sources =
        kept_array(filling->conf->kept, node ? node->count : 0, sizeof(struct conf_source));
    for (size_t i = 0; node && i < node->count; i++)
        conf_fill_source(filling, &node->children[i]);
}

static void conf_fill_sinks(const struct filling *filling, const struct node *root)
{
    const struct node *node =
        conf_required_section(filling, root, "sinks", NODE_GROUP,
                              "sinks = { NAME = { url = \"redis://localhost:6379\"; }; };");

    filling->conf->sinks =
        kept_array(filling->conf->kept, node ? node->count : 0, sizeof(struct conf_sink));
    for (size_t i = 0; node && i < node->count; i++)
        conf_fill_sink(filling, &node->children[i]);
}

static void conf_fill_routes(const struct filling *filling, const struct node *root)
{
    const struct node *defaults = conf_section(filling, root, "defaults", NODE_GROUP);
    const struct node *node = conf_required_section(
        filling, root, "routes", NODE_LIST,
        "routes = ( { name = ...; from = ...; topics = ...; to = ...; do = ...; } );");

    option_check_defaults(filling, defaults);
    deadletters_fill_route(filling, NULL, defaults, &(struct conf_route){0});
    filling->conf->routes =
        kept_array(filling->conf->kept, node ? node->count : 0, sizeof(struct conf_route));
    for (size_t i = 0; node && i < node->count; i++)
        conf_fill_route(filling, &node->children[i], defaults);
    conf_check_route_names(filling);
}

bool conf_is_read(const struct conf *conf, const struct conf_source *source)
{
    for (size_t i = 0; i < conf->route_count; i++)
        if (conf->routes[i].from == source)
            return true;
    return false;
}

static bool conf_is_written(const struct conf *conf, const struct conf_sink *sink)
{
    for (size_t i = 0; i < conf->route_count; i++)
        if (conf->routes[i].to == sink)
            return true;
    return false;
}

/* What nothing reads from or writes to is probably a slip; among errors it would only distract. */
static void conf_warn_unused(const struct filling *filling)
{
    const struct conf *conf = filling->conf;

    if (conf_problems_count(filling->problems) > 0)
        return;
    for (size_t i = 0; i < conf->source_count; i++)
        if (!conf_is_read(conf, &conf->sources[i]) && conf->dlq.source != &conf->sources[i])
            conf_warning(filling->problems, conf->sources[i].origin, NULL,
                         "no route takes records from source '%s'", conf->sources[i].name);
    for (size_t i = 0; i < conf->sink_count; i++)
        if (!conf_is_written(conf, &conf->sinks[i]) && conf->dlq.sink != &conf->sinks[i])
            conf_warning(filling->problems, conf->sinks[i].origin, NULL,
                         "no route writes to sink '%s'", conf->sinks[i].name);
}

static void conf_fill(const struct filling *filling, const struct node *root)
{
    struct conf *conf = filling->conf;
    const struct node *admin = conf_section(filling, root, "admin", NODE_GROUP);
    const struct node *log = conf_section(filling, root, "log", NODE_GROUP);
    struct conf_origin top = root->origin;

    option_fill_group(filling, GROUP_top, root, NULL, top, "the top level", conf);
    memory_check(filling, root);
    option_fill_group(filling, GROUP_admin, admin, NULL, admin ? admin->origin : top, "'admin'",
                      conf);
    option_fill_group(filling, GROUP_log, log, NULL, log ? log->origin : top, "'log'", conf);
    conf_fill_sources(filling, root);
    conf_fill_sinks(filling, root);
    deadletters_fill(filling, root);
    conf_fill_routes(filling, root);
    deadletters_check(filling);
    conf_warn_unused(filling);
    if (conf_problems_count(filling->problems) == 0)
        exposed_check(filling);
    memory_bound_sinks(conf);
}

/* The names of the files live as long as the conf: origins point to them. */
static void conf_take_files(struct conf *conf, struct document *document)
{
    for (size_t i = 0; i < document->file_count; i++)
        kept_take(conf->kept, document->files[i]);
    conf->file = document->files[0];
    document->file_count = 0;
}

struct conf *conf_load(const char *path, struct conf_problems *problems)
{
    struct document document;
    struct conf *conf = NULL;
    struct node *root = NULL;

    if (document_read(&document, path, problems)) {
        hazards_check(&document, problems);
        root = file_parse(&document, problems);
    }
    if (root) {
        conf = mem_new(struct conf);
        conf->kept = kept_new();
        conf_take_files(conf, &document);
        conf_fill(&(struct filling){conf, problems}, root);
    }
    node_free(root);
    document_free(&document);
    return conf;
}

void conf_free(struct conf *conf)
{
    if (!conf)
        return;
    kept_free(conf->kept);
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
