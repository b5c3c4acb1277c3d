/* loader.c: a configuration file becomes a struct conf: its groups in order, and what concerns
 * several of them. */
#include "conf/loader.h"

#include "base/mem.h"
#include "base/text.h"
#include "conf/conf.h"
#include "conf/dlq.h"
#include "conf/document.h"
#include "conf/file.h"
#include "conf/libconfig_limits.h"
#include "conf/memory_budget.h"
#include "conf/option.h"
#include "conf/pool.h"
#include "conf/secret_file_modes.h"
#include "conf/sink.h"

#include <stdlib.h>
#include <string.h>

/* The setting @p name of the top level if it is of the right @p kind, else NULL and
 * a problem. */
static const struct setting *loader_section(const struct loader *loader, const struct setting *root,
                                            const char *name, enum setting_kind kind)
{
    const struct setting *setting = setting_find(root, name);

    if (!setting || setting->kind == kind)
        return setting;
    conf_problem(loader->problems, setting->origin, NULL, "'%s' must be %s, not %s", name,
                 kind == SETTING_LIST ? "a list of groups, ( { ... }, { ... } )"
                                      : setting_kind_name(kind),
                 setting_kind_name(setting->kind));
    return NULL;
}

/* The same for a section that must be there and must hold something; @p shape is how it looks. */
static const struct setting *loader_required_section(const struct loader *loader,
                                                     const struct setting *root, const char *name,
                                                     enum setting_kind kind, const char *shape)
{
    const struct setting *setting = setting_find(root, name);

    if (!setting)
        conf_problem(loader->problems, root->origin, shape, "'%s' is missing", name);
    else if (setting->kind == kind && setting->count == 0)
        conf_problem(loader->problems, setting->origin, shape, "'%s' is empty", name);
    return loader_section(loader, root, name, kind);
}

/* What messages call a member of a section: "source 'main'"; free() frees it. */
static char *loader_what(const char *kind, const struct setting *setting)
{
    const struct setting *name = setting_find(setting, "name");

    if (setting->name)
        return mem_format("%s '%s'", kind, setting->name);
    if (name && name->kind == SETTING_TEXT)
        return mem_format("%s '%s'", kind, name->text);
    return mem_format("a %s", kind);
}

static bool loader_is_group(const struct loader *loader, const struct setting *setting,
                            const char *what)
{
    if (setting->kind == SETTING_GROUP)
        return true;
    conf_problem(loader->problems, setting->origin, NULL, "%s must be a group { ... }, not %s",
                 what, setting_kind_name(setting->kind));
    return false;
}

static void loader_fill_token(const struct loader *loader, const struct setting *source_setting,
                              struct conf_source *source)
{
    const struct setting *setting = setting_find(source_setting, "token");
    char *what = mem_format("'token' of source '%s'", source->name);

    if (setting && loader_is_group(loader, setting, what)) {
        source->token.origin = setting->origin;
        option_fill_group(loader, GROUP_token, setting, NULL, setting->origin, what,
                          &source->token);
    }
    free(what);
}

static void loader_fill_source(const struct loader *loader, const struct setting *setting)
{
    struct conf *conf = loader->conf;
    char *what = loader_what("source", setting);

    if (loader_is_group(loader, setting, what)) {
        struct conf_source *source = &conf->sources[conf->source_count++];
        source->name = pool_copy(conf->pool, setting->name, strlen(setting->name));
        source->origin = source->librdkafka.origin = setting->origin;
        option_fill_group(loader, GROUP_source, setting, NULL, setting->origin, what, source);
        loader_fill_token(loader, setting, source);
    }
    free(what);
}

static void loader_fill_sink(const struct loader *loader, const struct setting *setting)
{
    struct conf *conf = loader->conf;
    char *what = loader_what("sink", setting);

    if (loader_is_group(loader, setting, what)) {
        struct conf_sink *sink = &conf->sinks[conf->sink_count++];
        sink->name = pool_copy(conf->pool, setting->name, strlen(setting->name));
        sink->origin = setting->origin;
        conf_sink_fill(loader, setting, what, sink);
    }
    free(what);
}

/* By name, then in the order of the file. */
static int loader_compare_names(const void *a, const void *b)
{
    const struct conf_route *left = *(struct conf_route *const *)a;
    const struct conf_route *right = *(struct conf_route *const *)b;
    int order = strcmp(left->name, right->name);

    return order ? order : (left > right) - (left < right);
}

/* Each against the first of its name. */
static void loader_check_route_names(const struct loader *loader)
{
    const struct conf *conf = loader->conf;
    struct conf_route **sorted = mem_array(conf->route_count, sizeof(*sorted));
    size_t count = 0, first = 0;

    for (size_t i = 0; i < conf->route_count; i++)
        if (conf->routes[i].name)
            sorted[count++] = &conf->routes[i];
    qsort(sorted, count, sizeof(struct conf_route *), loader_compare_names);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(sorted[i]->name, sorted[first]->name) != 0)
            first = i;
        else
            conf_problem(loader->problems, sorted[i]->origin, NULL,
                         "there are two routes '%s'; the first is at %s:%u", sorted[i]->name,
                         sorted[first]->origin.file, sorted[first]->origin.line);
    }
    free(sorted);
}

static void loader_fill_route(const struct loader *loader, const struct setting *setting,
                              const struct setting *defaults)
{
    struct conf *conf = loader->conf;
    char *what = loader_what("route", setting);

    if (loader_is_group(loader, setting, what)) {
        struct conf_route *route = &conf->routes[conf->route_count++];
        const struct setting *name = setting_find(setting, "name");
        route->origin = name ? name->origin : setting->origin;
        option_fill_group(loader, GROUP_route, setting, defaults, setting->origin, what, route);
        dlq_fill_route(loader, setting, defaults, route);
    }
    free(what);
}

static void loader_fill_sources(const struct loader *loader, const struct setting *root)
{
    const struct setting *setting =
        loader_required_section(loader, root, "sources", SETTING_GROUP,
                                "sources = { NAME = { brokers = \"...\"; group = \"...\"; }; };");

    loader->conf->sources =
        pool_array(loader->conf->pool, setting ? setting->count : 0, sizeof(struct conf_source));
    for (size_t i = 0; setting && i < setting->count; i++)
        loader_fill_source(loader, &setting->children[i]);
}

static void loader_fill_sinks(const struct loader *loader, const struct setting *root)
{
    const struct setting *setting =
        loader_required_section(loader, root, "sinks", SETTING_GROUP,
                                "sinks = { NAME = { url = \"redis://localhost:6379\"; }; };");

    loader->conf->sinks =
        pool_array(loader->conf->pool, setting ? setting->count : 0, sizeof(struct conf_sink));
    for (size_t i = 0; setting && i < setting->count; i++)
        loader_fill_sink(loader, &setting->children[i]);
}

static void loader_fill_routes(const struct loader *loader, const struct setting *root)
{
    const struct setting *defaults = loader_section(loader, root, "defaults", SETTING_GROUP);
    const struct setting *setting = loader_required_section(
        loader, root, "routes", SETTING_LIST,
        "routes = ( { name = ...; from = ...; topics = ...; to = ...; do = ...; } );");

    option_check_defaults(loader, defaults);
    dlq_fill_route(loader, NULL, defaults, &(struct conf_route){0});
    loader->conf->routes =
        pool_array(loader->conf->pool, setting ? setting->count : 0, sizeof(struct conf_route));
    for (size_t i = 0; setting && i < setting->count; i++)
        loader_fill_route(loader, &setting->children[i], defaults);
    loader_check_route_names(loader);
}

/* What nothing reads from or writes to is probably a slip; among errors it would only distract. */
static void loader_warn_unused(const struct loader *loader)
{
    const struct conf *conf = loader->conf;

    if (conf_problems_count(loader->problems) > 0)
        return;
    for (size_t i = 0; i < conf->source_count; i++)
        if (!conf_is_read(conf, &conf->sources[i]) && conf->dlq.source != &conf->sources[i])
            conf_warning(loader->problems, conf->sources[i].origin, NULL,
                         "no route takes records from source '%s'", conf->sources[i].name);
    for (size_t i = 0; i < conf->sink_count; i++)
        if (!conf_is_written(conf, &conf->sinks[i]) && conf->dlq.sink != &conf->sinks[i])
            conf_warning(loader->problems, conf->sinks[i].origin, NULL,
                         "no route writes to sink '%s'", conf->sinks[i].name);
}

static void loader_fill(const struct loader *loader, const struct setting *root)
{
    struct conf *conf = loader->conf;
    const struct setting *admin = loader_section(loader, root, "admin", SETTING_GROUP);
    const struct setting *log = loader_section(loader, root, "log", SETTING_GROUP);
    struct conf_origin top = root->origin;

    option_fill_group(loader, GROUP_top, root, NULL, top, "the top level", conf);
    memory_budget_check(loader, root);
    option_fill_group(loader, GROUP_admin, admin, NULL, admin ? admin->origin : top, "'admin'",
                      &conf->admin);
    option_fill_group(loader, GROUP_log, log, NULL, log ? log->origin : top, "'log'", &conf->log);
    loader_fill_sources(loader, root);
    loader_fill_sinks(loader, root);
    dlq_fill(loader, root);
    loader_fill_routes(loader, root);
    dlq_check(loader);
    loader_warn_unused(loader);
    if (conf_problems_count(loader->problems) == 0)
        secret_file_modes_check(loader);
    memory_budget_bound(conf);
}

/* The conf takes the document, which has the names of the files: origins point to them. */
static struct conf *loader_make(struct document *document, struct conf_problems *problems,
                                struct inputs *inputs)
{
    struct setting *root = file_parse(document, problems);
    struct conf *conf;

    if (!root)
        return NULL;
    conf = mem_new(struct conf);
    conf->pool = pool_new();
    conf->document = document;
    conf->file = document->files[0];
    loader_fill(&(struct loader){conf, problems, inputs}, root);
    setting_free(root);
    return conf;
}

struct conf *loader_read(const char *path, struct conf_problems *problems, struct inputs *inputs)
{
    struct document *document = mem_new(struct document);
    struct conf *conf = NULL;

    if (document_read(document, path, problems, inputs)) {
        libconfig_limits_check(document, problems);
        conf = loader_make(document, problems, inputs);
    }
    if (!conf)
        document_release(document);
    return conf;
}

struct conf *loader_expand_again(const struct conf *conf, struct conf_problems *problems,
                                 struct inputs *inputs)
{
    struct document *document = document_share(conf->document);
    struct conf *again = loader_make(document, problems, inputs);

    if (!again)
        document_release(document);
    return again;
}
