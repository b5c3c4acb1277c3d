/* diff.c: what differs between two configurations, by the rows of options.def. */
#include "conf/diff.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct diff {
    const struct conf *before, *after;
    void (*visit)(void *context, const struct difference *difference);
    void *context;
    size_t count;
};

/* Sources, sinks or routes: structs of @p size bytes that begin with their name. */
struct members {
    const void *items;
    size_t count, size;
};

typedef void compare_function(struct diff *diff, const char *path, const void *before,
                              const void *after);

static void report(struct diff *diff, const char *setting, const char *was, const char *is,
                   enum option_change change)
{
    diff->count++;
    diff->visit(diff->context, &(struct difference){setting, was, is, change});
}

/* The change that adding or removing the group @p name of @p group is. */
static enum option_change change_of_section(enum option_group group, const char *name)
{
    size_t count;
    const struct option *options = option_all(&count);

    for (size_t i = 0; i < count; i++)
        if (options[i].group == group && options[i].section && strcmp(options[i].name, name) == 0)
            return options[i].change;
    return CHANGE_RESTART;
}

/* --- one group -------------------------------------------------------------------------------- */

/* The field as text; free() frees it. */
static char *text_of(const struct option *option, const void *field, bool secrets)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    if (!out)
        return mem_text("");
    kinds[option->kind].write(option, field, secrets, out);
    fclose(out);
    return text;
}

static bool is_same(const struct option *option, const void *before, const void *after)
{
    char *was = text_of(option, before, true), *is = text_of(option, after, true);
    bool same = strcmp(was, is) == 0;

    explicit_bzero(was, strlen(was));
    explicit_bzero(is, strlen(is));
    free(was);
    free(is);
    return same;
}

/* A member that is there logs in with another password from the next time on. */
static enum option_change change_of(const struct option *option, const void *before,
                                    const void *after)
{
    if (option->kind == KIND_PROPERTIES && conf_properties_differ_in_login(before, after))
        return CHANGE_LIVE;
    return option->change;
}

static void report_option(struct diff *diff, const char *path, const struct option *option,
                          const void *before, const void *after)
{
    char *was = text_of(option, before, false), *is = text_of(option, after, false);
    char *setting = mem_format("%s%s%s", path, *path ? "." : "", option->name);

    report(diff, setting, was, is, change_of(option, before, after));
    free(setting);
    free(was);
    free(is);
}

/* @p before and @p after are the structs of @p group, which the file calls @p path. */
static void compare_group(struct diff *diff, enum option_group group, const char *path,
                          const void *before, const void *after)
{
    size_t count;
    const struct option *options = option_all(&count);

    for (size_t i = 0; i < count; i++) {
        const struct option *option = &options[i];
        if (option->group != group || option->section)
            continue;
        const void *old_field = (const char *)before + option->offset;
        const void *new_field = (const char *)after + option->offset;
        if (!is_same(option, old_field, new_field))
            report_option(diff, path, option, old_field, new_field);
    }
}

static void pass_over(void *context, const struct difference *difference)
{
    (void)context, (void)difference;
}

bool diff_is_same_route(const struct conf_route *before, const struct conf_route *after)
{
    struct diff diff = {.visit = pass_over};

    compare_group(&diff, GROUP_route, "", before, after);
    return diff.count == 0;
}

/* The group @p name inside of @p path, which either may lack. */
static void compare_inner(struct diff *diff, enum option_group outer, enum option_group group,
                          const char *path, bool had, bool has, const void *before,
                          const void *after)
{
    const char *name = option_group_text(group)->name;
    char *inner = mem_format("%s%s%s", path, *path ? "." : "", name);

    if (had && has)
        compare_group(diff, group, inner, before, after);
    else if (had || has)
        report(diff, inner, had ? "" : NULL, has ? "" : NULL, change_of_section(outer, name));
    free(inner);
}

/* --- groups with names ------------------------------------------------------------------------ */

static const void *member(const struct members *members, size_t index)
{
    return (const char *)members->items + index * members->size;
}

static const char *name_of(const void *item)
{
    return *(char *const *)item;
}

static const void *find_member(const struct members *members, const char *name)
{
    for (size_t i = 0; i < members->count; i++)
        if (strcmp(name_of(member(members, i)), name) == 0)
            return member(members, i);
    return NULL;
}

static bool is_among(const char *topic, const char *const *topics, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(topics[i], topic) == 0)
            return true;
    return false;
}

/* Whether routes of @p other read all topics of the route: then it changes no subscription. */
static bool is_read_by_others(const struct conf *other, const struct conf_source *source,
                              const struct conf_route *route)
{
    size_t count;
    const char **topics = conf_topics(other, source, &count);
    bool all = true;

    for (size_t i = 0; i < route->topics.count; i++)
        all &= is_among(route->topics.items[i].text, topics, count);
    free(topics);
    return all;
}

/* Whether a route of @p other writes to the route's sink: then no connections come or go. */
static bool is_written_by_others(const struct conf *other, const struct conf_source *source,
                                 const struct conf_route *route)
{
    for (size_t i = 0; i < other->route_count; i++) {
        const struct conf_route *one = &other->routes[i];
        if (one->from == source && strcmp(one->to->name, route->to->name) == 0 &&
            (one->delivery == EXACTLY_ONCE) == (route->delivery == EXACTLY_ONCE))
            return true;
    }
    return false;
}

/* Whether workers that have the routes of @p other can take it, or go without it, as they are. */
static bool is_among_others(const struct conf *other, const struct conf_route *route)
{
    const struct conf_source *source = conf_source_of(other, route->from->name);

    return source && is_read_by_others(other, source, route) &&
           is_written_by_others(other, source, route);
}

/* Of adding the member to, or removing it from, @p other. */
static enum option_change change_of_member(const char *section, const void *item,
                                           const struct conf *other)
{
    if (strcmp(section, "routes") == 0 && is_among_others(other, item))
        return CHANGE_LIVE;
    return change_of_section(GROUP_top, section);
}

static void compare_members(struct diff *diff, const char *section, const struct members *before,
                            const struct members *after, compare_function *compare)
{
    for (size_t i = 0; i < before->count; i++) {
        const void *item = member(before, i), *other = find_member(after, name_of(item));
        char *path = mem_format("%s.%s", section, name_of(item));
        if (other)
            compare(diff, path, item, other);
        else
            report(diff, path, "", NULL, change_of_member(section, item, diff->after));
        free(path);
    }
    for (size_t i = 0; i < after->count; i++) {
        const void *item = member(after, i);
        char *path = mem_format("%s.%s", section, name_of(item));
        if (!find_member(before, name_of(item)))
            report(diff, path, NULL, "", change_of_member(section, item, diff->before));
        free(path);
    }
}

/* The names that the others have too, in order; free() frees it. */
static char *common_names(const struct members *members, const struct members *others)
{
    char *names = mem_text("");

    for (size_t i = 0; i < members->count; i++) {
        const char *name = name_of(member(members, i));
        if (!find_member(others, name))
            continue;
        char *longer = mem_format("%s%s%s", names, *names ? ", " : "", name);
        free(names);
        names = longer;
    }
    return names;
}

/* A record takes its routes in the order of the file. */
static void compare_order(struct diff *diff, const struct members *before,
                          const struct members *after)
{
    char *was = common_names(before, after), *is = common_names(after, before);

    if (strcmp(was, is) != 0)
        report(diff, "routes", was, is, CHANGE_LIVE);
    free(was);
    free(is);
}

static void compare_source(struct diff *diff, const char *path, const void *before,
                           const void *after)
{
    const struct conf_source *one = before, *other = after;

    compare_group(diff, GROUP_source, path, one, other);
    compare_inner(diff, GROUP_source, GROUP_token, path, one->token.origin.file,
                  other->token.origin.file, &one->token, &other->token);
}

static void compare_sink(struct diff *diff, const char *path, const void *before, const void *after)
{
    const struct conf_sink *one = before, *other = after;

    compare_group(diff, GROUP_sink, path, one, other);
    compare_inner(diff, GROUP_sink, GROUP_tls, path, true, true, &one->tls, &other->tls);
}

static void compare_route(struct diff *diff, const char *path, const void *before,
                          const void *after)
{
    const struct conf_route *one = before, *other = after;

    compare_group(diff, GROUP_route, path, one, other);
    compare_inner(diff, GROUP_route, GROUP_tolerance, path, one->tolerance.per > 0,
                  other->tolerance.per > 0, &one->tolerance, &other->tolerance);
    compare_inner(diff, GROUP_route, GROUP_retry, path, one->retry.timeout > 0,
                  other->retry.timeout > 0, &one->retry, &other->retry);
}

/* --- the file --------------------------------------------------------------------------------- */

size_t diff_confs(const struct conf *before, const struct conf *after,
                  void (*visit)(void *context, const struct difference *difference), void *context)
{
    struct diff diff = {before, after, visit, context, 0};
    const struct members old_routes = {before->routes, before->route_count,
                                       sizeof(struct conf_route)};
    const struct members new_routes = {after->routes, after->route_count,
                                       sizeof(struct conf_route)};

    compare_group(&diff, GROUP_top, "", before, after);
    compare_members(
        &diff, "sources",
        &(struct members){before->sources, before->source_count, sizeof(struct conf_source)},
        &(struct members){after->sources, after->source_count, sizeof(struct conf_source)},
        compare_source);
    compare_members(&diff, "sinks",
                    &(struct members){before->sinks, before->sink_count, sizeof(struct conf_sink)},
                    &(struct members){after->sinks, after->sink_count, sizeof(struct conf_sink)},
                    compare_sink);
    compare_members(&diff, "routes", &old_routes, &new_routes, compare_route);
    compare_order(&diff, &old_routes, &new_routes);
    compare_inner(&diff, GROUP_top, GROUP_dlq, "", before->dlq.origin.file, after->dlq.origin.file,
                  &before->dlq, &after->dlq);
    compare_inner(&diff, GROUP_top, GROUP_admin, "", true, true, &before->admin, &after->admin);
    compare_inner(&diff, GROUP_top, GROUP_log, "", true, true, &before->log, &after->log);
    return diff.count;
}

/* --- for a person ----------------------------------------------------------------------------- */

static void write_value(const char *text, FILE *out)
{
    fputs(*text ? text : "(not set)", out);
}

void diff_write(const struct difference *difference, FILE *out)
{
    fprintf(out, "%s: ", difference->setting);
    if (!difference->was) {
        fputs("added", out);
    } else if (!difference->is) {
        fputs("removed", out);
    } else if (strcmp(difference->was, difference->is) == 0) {
        fputs("another secret", out);
    } else {
        write_value(difference->was, out);
        fputs(" -> ", out);
        write_value(difference->is, out);
    }
    fprintf(out, " (%s)\n", option_changes[difference->change].word);
}
