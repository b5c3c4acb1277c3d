/*
 * route.c: what one record becomes on one route.
 *
 * A record with a value runs "do", a tombstone runs "del"; either way the first command whose
 * condition holds, or each of them with "all". Behind a command that writes keys comes one PEXPIRE
 * for each distinct key if the route has a ttl that the command itself cannot carry. Out of
 * scope: compiling (compile.c), sending (worker.c).
 */
#include "flow/route.h"

#include "base/distinct.h"
#include "base/mem.h"
#include "base/text.h"
#include "conf/memory_budget.h"
#include "conf/topic.h"
#include "flow/shapes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rendered *rendering_add(struct rendering *out)
{
    out->items = mem_grow(out->items, out->count, &out->capacity, sizeof(*out->items));
    return &out->items[out->count++];
}

/* A condition that reads the value does not apply to a tombstone: it has none. One on the key or on
 * metadata does. */
static bool route_condition(const struct condition *when, const struct conf_text *text,
                            struct scope *scope, const struct route_trace *trace, bool *holds,
                            struct err *err)
{
    bool applies = !scope_is_tombstone(scope) ||
                   !(condition_reads(when) & (READS_VALUE_INSIDE | READS_VALUE_BYTES));

    *holds = true;
    if (applies && !condition_holds(when, scope, holds, err))
        return err_wrap(err, "when");
    if (trace)
        trace->condition(trace->context, text, applies, *holds);
    return true;
}

/* The milliseconds that the route's ttl gives this record, as digits. */
static bool route_ttl(const struct route *route, struct scope *scope, struct slice *number,
                      struct err *err)
{
    struct slice *arguments;
    int64_t milliseconds;
    size_t count;

    if (!route->ttl.template) {
        *number = route->ttl.number;
        return true;
    }
    if (!template_render(route->ttl.template, scope, &arguments, &count, err))
        return err_wrap(err, "ttl");
    if (count != 1 || !text_duration(arguments[0], &milliseconds) || milliseconds <= 0)
        return err_set(err, ERR_RECORD, "ttl: not a duration such as 90s or 15m");
    char *text = arena_alloc(scope->arena, sizeof(route->ttl.digits));
    number->data = text;
    number->length = (size_t)snprintf(text, sizeof(route->ttl.digits), "%" PRId64, milliseconds);
    return true;
}

static bool render_px(struct rendered *rendered, struct scope *scope, struct slice number,
                      struct err *err)
{
    struct slice *longer = arena_take(scope->arena, (rendered->count + 2) * sizeof(*longer), err);

    if (!longer)
        return false;
    memcpy(longer, rendered->arguments, rendered->count * sizeof(*longer));
    longer[rendered->count] = SLICE("PX");
    longer[rendered->count + 1] = number;
    rendered->arguments = longer;
    rendered->count += 2;
    return true;
}

/* The distinct keys that a command writes; *count of them. NULL: they are too many. */
static struct slice *written_keys(const struct rendered *written, struct arena *arena,
                                  size_t *count, struct err *err)
{
    size_t *positions = arena_take(arena, written->count * sizeof(*positions), err);
    struct slice *keys;

    if (!positions)
        return NULL;
    *count = command_written_keys(written->command, written->arguments, written->count, positions,
                                  written->count);
    keys = arena_take(arena, *count * sizeof(*keys), err);
    if (!keys)
        return NULL;
    for (size_t i = 0; i < *count; i++)
        keys[i] = written->arguments[positions[i]];
    return distinct(keys, count, arena, err) ? keys : NULL;
}

static bool render_expire(const struct route *route, struct rendering *out, struct rendered written,
                          struct scope *scope, struct slice number, struct err *err)
{
    size_t count;
    const struct slice *keys = written_keys(&written, scope->arena, &count, err);

    for (size_t i = 0; keys && i < count; i++) {
        struct slice *arguments = arena_take(scope->arena, 3 * sizeof(*arguments), err);
        if (!arguments)
            return false;
        arguments[0] = SLICE("PEXPIRE");
        arguments[1] = keys[i];
        arguments[2] = number;
        *rendering_add(out) = (struct rendered){.arguments = arguments,
                                                .count = 3,
                                                .command = route->pexpire,
                                                .key = arguments[1],
                                                .text = written.text};
    }
    return keys != NULL;
}

/* Without a key (PUBLISH) the first argument, the channel, keeps its order instead. */
static struct slice rendered_key(const struct rendered *rendered)
{
    const struct command *command = rendered->command;
    size_t position = 1;

    if (command && command->first_key > 0)
        position = (size_t)command->first_key;
    else if (command && !command_keys(command, rendered->arguments, rendered->count, &position, 1))
        position = 1;
    return position < rendered->count ? rendered->arguments[position] : (struct slice){0};
}

static bool render_command(const struct route *route, const struct route_command *command,
                           const struct conf_text *text, struct scope *scope, struct rendering *out,
                           struct err *err)
{
    struct rendered *rendered = rendering_add(out);
    struct slice *arguments, number = {0};

    *rendered = (struct rendered){.text = text}; /* whole, also if the template fails */
    if (!template_render(command->template, scope, &arguments, &rendered->count, err))
        return err_wrap(err, "%.*s", SLICE_ARGS(command->name));
    rendered->arguments = arguments;
    rendered->command = command->command;
    if (command->shape && !shapes_fit(command, arguments, rendered->count, err))
        return false;
    rendered->key = rendered_key(rendered);
    if (!command->expires)
        return true;
    if (!route_ttl(route, scope, &number, err))
        return false;
    if (command->command->flags & COMMAND_TTL_PX)
        return render_px(rendered, scope, number, err);
    return render_expire(route, out, *rendered, scope, number, err);
}

static bool render_commands(const struct route *route, const struct route_commands *commands,
                            const struct conf_commands *conf, struct scope *scope,
                            struct rendering *out, const struct route_trace *trace, struct err *err)
{
    for (size_t i = 0; i < commands->count; i++) {
        const struct route_command *command = &commands->items[i];
        bool holds = true;
        if (command->when &&
            !route_condition(command->when, &conf->items[i].when, scope, trace, &holds, err))
            return false;
        if (!holds)
            continue;
        if (!render_command(route, command, &conf->items[i].cmd, scope, out, err))
            return false;
        if (!route->all)
            break;
    }
    return true;
}

/* A tombstone on a route without "del": the key of its one write goes. */
static bool render_unlink(const struct route *route, struct scope *scope, struct rendering *out,
                          struct err *err)
{
    const struct route_command *write = &route->writes.items[0];
    struct slice *arguments = arena_alloc(scope->arena, 2 * sizeof(*arguments));

    arguments[0] = SLICE("UNLINK");
    if (!template_render_argument(write->template, (size_t)write->command->first_key, scope,
                                  &arguments[1], err))
        return err_wrap(err, "UNLINK");
    *rendering_add(out) = (struct rendered){
        .arguments = arguments, .count = 2, .command = route->unlink, .key = arguments[1]};
    return true;
}

bool route_render(const struct route *route, struct scope *scope, struct rendering *out,
                  const struct route_trace *trace, struct err *err)
{
    bool holds = true;

    out->count = 0;
    scope->value_decoder = &route->value_decoder;
    scope->key_decoder = &route->key_decoder;
    if (route->when && !route_condition(route->when, &route->conf->when, scope, trace, &holds, err))
        return false;
    if (!holds)
        return true;
    if (!scope_is_tombstone(scope))
        return render_commands(route, &route->writes, &route->conf->do_, scope, out, trace, err);
    if (route->deletes.count)
        return render_commands(route, &route->deletes, &route->conf->del, scope, out, trace, err);
    return !route->unlinks || render_unlink(route, scope, out, err);
}

static enum stage failed_stage(const struct route *route, const struct scope *scope)
{
    if (!scope_is_tombstone(scope) && (route->reads & READS_VALUE_INSIDE) &&
        !scope->record->value_tree)
        return STAGE_DECODE;
    return STAGE_TEMPLATE;
}

static size_t rendered_bytes(const struct rendering *rendering)
{
    size_t bytes = 0;

    for (size_t i = 0; i < rendering->count; i++)
        for (size_t j = 0; j < rendering->items[i].count; j++)
            bytes += rendering->items[i].arguments[j].length;
    return bytes;
}

/* Whether that cannot be above @p most: an argument is a part of the record of @p size, or was made
 * in the arena's first chunk. What the file itself says is bounded by the file. */
static bool is_small(const struct rendering *rendering, const struct arena *arena, size_t size,
                     size_t most)
{
    size_t arguments = 0;

    for (size_t i = 0; i < rendering->count; i++)
        arguments += rendering->items[i].count;
    return !arena->taken && arguments * (size + ARENA_CHUNK_BYTES) <= most;
}

/* A template may repeat a value, and every repeat is copied into the window. */
static bool check_rendered(const struct rendering *rendering, const struct arena *arena,
                           size_t size, int64_t max_record, struct err *err)
{
    size_t most = memory_budget_record(max_record), bytes;

    if (is_small(rendering, arena, size, most))
        return true;
    bytes = rendered_bytes(rendering);
    return bytes + arena->taken <= most ||
           err_set(err, ERR_RECORD,
                   "its commands have %zu bytes; with the %zu that were needed to make them that "
                   "is above %zu (4 times max_record, 1 MiB at least)",
                   bytes, arena->taken, most);
}

bool route_render_record(const struct route *route, struct scope *scope, int64_t max_record,
                         struct rendering *out, const struct route_trace *trace, enum stage *stage,
                         struct err *err)
{
    size_t size = scope->record->key.length + scope->record->value.length;

    *stage = STAGE_LIMIT;
    if (size > (size_t)max_record)
        return err_set(err, ERR_RECORD, "record of %zu bytes is above max_record", size);
    if (route_render(route, scope, out, trace, err))
        return check_rendered(out, scope->arena, size, max_record, err);
    *stage = failed_stage(route, scope);
    return false;
}

/* --- by topic --------------------------------------------------------------------------------- */

bool route_takes(const struct route *route, const char *topic)
{
    for (size_t i = 0; i < route->conf->topics.count; i++)
        if (route->topics[i] && topic_matcher_takes(route->topics[i], topic))
            return true;
    return false;
}

struct topic_routes *routes_of_topic(const struct routes *routes, const struct conf_source *source,
                                     const char *topic)
{
    struct topic_routes *found = mem_new(struct topic_routes);

    found->items = mem_array(routes->count, sizeof(*found->items));
    for (size_t i = 0; i < routes->count; i++)
        if (routes->items[i].conf->from == source && route_takes(&routes->items[i], topic))
            found->items[found->count++] = &routes->items[i];
    if (found->count)
        found->delivery = found->items[0]->conf->delivery;
    return found;
}

void topic_routes_free(struct topic_routes *routes)
{
    if (routes)
        free(routes->items);
    free(routes);
}
