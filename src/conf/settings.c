/* settings.c: every setting of a configuration, with its value, by the rows of options.def. */
#include "conf/settings.h"

#include "base/mem.h"

#include <stdlib.h>

struct walk {
    void (*visit)(void *context, const struct setting_value *setting);
    void *context;
};

static void visit_option(const struct walk *walk, const char *path, const struct option *option,
                         const void *field)
{
    char *name = mem_format("%s%s%s", path, *path ? "." : "", option->name), *value = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&value, &length);

    kinds[option->kind].write(option, field, false, out);
    fclose(out);
    walk->visit(walk->context, &(struct setting_value){name, value, option});
    free(value);
    free(name);
}

/* @p target is the struct of @p group, which the file calls @p path. */
static void visit_group(const struct walk *walk, enum option_group group, const char *path,
                        const void *target)
{
    size_t count;
    const struct option *options = option_all(&count);

    for (size_t i = 0; i < count; i++)
        if (options[i].group == group && !options[i].section)
            visit_option(walk, path, &options[i], (const char *)target + options[i].offset);
}

/* A group inside of another: "sinks.live" has "sinks.live.tls". */
static void visit_inner(const struct walk *walk, enum option_group group, const char *outer,
                        const void *target)
{
    char *path = mem_format("%s.%s", outer, option_group_text(group)->name);

    visit_group(walk, group, path, target);
    free(path);
}

static void visit_sink(const struct walk *walk, const struct conf_sink *sink)
{
    char *path = mem_format("sinks.%s", sink->name);

    visit_group(walk, GROUP_sink, path, sink);
    visit_inner(walk, GROUP_tls, path, &sink->tls);
    free(path);
}

static void visit_route(const struct walk *walk, const struct conf_route *route)
{
    char *path = mem_format("routes.%s", route->name);

    visit_group(walk, GROUP_route, path, route);
    if (route->tolerance.per)
        visit_inner(walk, GROUP_tolerance, path, &route->tolerance);
    if (route->retry.timeout)
        visit_inner(walk, GROUP_retry, path, &route->retry);
    free(path);
}

static void visit_source(const struct walk *walk, const struct conf_source *source)
{
    char *path = mem_format("sources.%s", source->name);

    visit_group(walk, GROUP_source, path, source);
    if (source->token.origin.file)
        visit_inner(walk, GROUP_token, path, &source->token);
    free(path);
}

void settings_visit(const struct conf *conf,
                    void (*visit)(void *context, const struct setting_value *setting),
                    void *context)
{
    const struct walk walk = {visit, context};

    visit_group(&walk, GROUP_top, "", conf);
    for (size_t i = 0; i < conf->source_count; i++)
        visit_source(&walk, &conf->sources[i]);
    for (size_t i = 0; i < conf->sink_count; i++)
        visit_sink(&walk, &conf->sinks[i]);
    for (size_t i = 0; i < conf->route_count; i++)
        visit_route(&walk, &conf->routes[i]);
    if (conf->dlq.origin.file)
        visit_group(&walk, GROUP_dlq, "dlq", &conf->dlq);
    visit_group(&walk, GROUP_admin, "admin", &conf->admin);
    visit_group(&walk, GROUP_log, "log", &conf->log);
}
