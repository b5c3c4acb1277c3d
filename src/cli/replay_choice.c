/* replay_choice.c: what is replayed, and whether it may be. */
#include "app/cli.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/replay_parts.h"
#include "cli/shown.h"
#include "flow/repeats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMANDS_SHOWN = 5 }; /* of so many records */

/* --- which routes ----------------------------------------------------------------------------- */

static bool takes_some(const struct route *route, const struct ranges_question *question)
{
    for (size_t i = 0; i < question->wish_count; i++)
        if (route_takes(route, question->wishes[i].topic))
            return true;
    if (question->wish_count)
        return false;
    return !question->topic || route_takes(route, question->topic);
}

/* The configuration with no other routes: so nothing else is opened, subscribed or rendered. */
static void keep_routes(const struct replay_request *request, struct loaded *loaded)
{
    struct conf *conf = loaded->conf;
    size_t kept = 0;

    for (size_t i = 0; i < conf->route_count; i++) {
        bool named = !request->route || strcmp(conf->routes[i].name, request->route) == 0;
        if (named && takes_some(&loaded->routes->items[i], &request->question))
            conf->routes[kept++] = conf->routes[i];
    }
    conf->route_count = kept;
    routes_free(loaded->routes);
    loaded->routes = routes_new(conf, loaded->problems);
}

static int no_such_route(const struct loaded *loaded, const char *name)
{
    size_t count = loaded->conf->route_count;
    const char **names = mem_array(count, sizeof(*names));
    const char *nearest;

    for (size_t i = 0; i < count; i++)
        names[i] = loaded->conf->routes[i].name;
    nearest = text_nearest(slice_of(name), names, count);
    fprintf(stderr, "penstock: there is no route '%s'", name);
    if (nearest)
        fprintf(stderr, "; did you mean '%s'?", nearest);
    fputc('\n', stderr);
    free(names);
    return EXIT_USAGE;
}

/* --- whether they may be ---------------------------------------------------------------------- */

/* Each reason is told. */
static bool may_replay(const struct route *route, bool may_repeat)
{
    struct slice name = repeats_shown(route);

    if (route->conf->delivery == EXACTLY_ONCE) {
        fprintf(stderr,
                "penstock: route '%s' is exactly_once: each of its records was carried out once, "
                "and a replay would do it again; replay other routes with --route or --topic\n",
                route->conf->name);
        return false;
    }
    if (may_repeat)
        return true;
    if (route->conf->delivery == AT_MOST_ONCE)
        fprintf(stderr,
                "penstock: route '%s' is at_most_once, and a replay would send its records again; "
                "--allow-repeats says that this is meant\n",
                route->conf->name);
    if (name.data)
        fprintf(stderr,
                "penstock: route '%s': a second %.*s of the same record changes Redis again, or it "
                "is not known to do no harm; --allow-repeats says that this is meant\n",
                route->conf->name, SLICE_ARGS(name));
    return !name.data && route->conf->delivery != AT_MOST_ONCE;
}

int replay_choose(const struct replay_request *request, struct loaded *loaded,
                  const struct conf_source **source)
{
    bool good = true;

    if (request->route && !routes_find(loaded->routes, request->route))
        return no_such_route(loaded, request->route);
    keep_routes(request, loaded);
    if (!loaded->routes->count) {
        fputs("penstock: no route reads such a topic\n", stderr);
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < loaded->routes->count; i++)
        good &= may_replay(&loaded->routes->items[i], request->may_repeat);
    if (!good)
        return EXIT_NEGATIVE;
    *source = loaded->conf->routes[0].from;
    for (size_t i = 1; i < loaded->conf->route_count; i++)
        if (loaded->conf->routes[i].from != *source) {
            fprintf(stderr,
                    "penstock: these routes read from the sources '%s' and '%s': replay one after "
                    "the other, with --route or --topic\n",
                    (*source)->name, loaded->conf->routes[i].from->name);
            return EXIT_USAGE;
        }
    return EXIT_OK;
}

/* --- what the operator should know ------------------------------------------------------------ */

void replay_warn(const struct loaded *loaded, const struct ranges *ranges)
{
    size_t count;
    const struct range_found *all = ranges_all(ranges, &count);

    for (size_t i = 0; i < count; i++) {
        const struct range_found *range = &all[i];
        if (range->gone)
            fprintf(stderr,
                    "penstock: %s[%" PRId32 "]: %" PRId64 " offsets from %" PRId64
                    " down are not in the log any more\n",
                    range->topic, range->number, range->gone, range->start - 1);
        if (range->committed > range->to && range->from < range->to)
            fprintf(stderr,
                    "penstock: %s[%" PRId32 "]: the bridge has done the records up to %" PRId64
                    ", and the replay ends at %" PRId64 ": keys that both wrote get older values\n",
                    range->topic, range->number, range->committed, range->to);
    }
    for (size_t i = 0; i < loaded->routes->count; i++) {
        const struct route *route = &loaded->routes->items[i];
        if (route->ttl.milliseconds || route->ttl.template)
            fprintf(stderr, "penstock: route '%s': the ttl of its keys begins again\n",
                    route->conf->name);
    }
}

/* --- a dry run -------------------------------------------------------------------------------- */

static void show_route(const struct loaded *loaded, const struct route *route,
                       struct record *record)
{
    struct arena arena = {0};
    struct rendering rendering = {0};
    struct scope scope = scope_of(record, &arena, clock_wall_ms());
    enum stage stage;
    struct err err;
    bool good = route_render_record(route, &scope, loaded->conf->max_record, &rendering, NULL,
                                    &stage, &err);

    if (!good)
        printf("  %s: cannot be delivered: %s\n", route->conf->name, err.text);
    else if (!rendering.count)
        printf("  %s: filtered\n", route->conf->name);
    for (size_t i = 0; good && i < rendering.count; i++) {
        printf("  %s: ", route->conf->name);
        shown_command("", route->conf, &rendering.items[i]);
    }
    free(rendering.items);
    arena_free(&arena);
}

static void show_record(void *context, struct record *record)
{
    const struct loaded *loaded = context;

    printf("%s[%" PRId32 "]@%" PRId64 "\n", record->topic, record->partition, record->offset);
    for (size_t i = 0; i < loaded->routes->count; i++)
        if (route_takes(&loaded->routes->items[i], record->topic))
            show_route(loaded, &loaded->routes->items[i], record);
}

int replay_show(const struct loaded *loaded, struct ranges *ranges)
{
    size_t count;
    const struct range_found *all = ranges_all(ranges, &count);
    int64_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        printf("%s[%" PRId32 "]: offsets %" PRId64 " to %" PRId64 ", %" PRId64 " in all\n",
               all[i].topic, all[i].number, all[i].from, all[i].to, all[i].to - all[i].from);
        sum += all[i].to - all[i].from;
    }
    printf("%" PRId64 " offsets would be replayed; the first commands:\n", sum);
    ranges_peek(ranges, COMMANDS_SHOWN, show_record, (void *)(uintptr_t)loaded);
    puts("nothing was written");
    return EXIT_OK;
}
