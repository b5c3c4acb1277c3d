/* explained.c: what a route makes of one record. */
#include "cli/explained.h"

#include "base/clock.h"
#include "base/distinct.h"
#include "base/mem.h"
#include "cli/explained_arrays.h"
#include "cli/shown.h"
#include "conf/kind.h"
#include "conf/memory_budget.h"

#include <stdio.h>
#include <stdlib.h>

/* --- fields ----------------------------------------------------------------------------------- */

struct reading {
    struct explained *explained;
    struct scope *scope;
    bool secret; /* the text that names the fields: its words are not shown */
};

static bool field_is_there(const struct explained *explained, const char *name)
{
    for (size_t i = 0; i < explained->field_count; i++)
        if (strcmp(explained->fields[i].name, name) == 0)
            return true;
    return false;
}

static struct explained_field *field_new(struct explained *explained, const char *name)
{
    struct explained_field *field;

    explained->fields = mem_grow(explained->fields, explained->field_count, &explained->field_room,
                                 sizeof(*explained->fields));
    field = &explained->fields[explained->field_count++];
    *field = (struct explained_field){.name = name};
    return field;
}

static void field_set(struct explained_field *field, const struct value *value, struct arena *arena)
{
    field->found = true;
    field->type = value->type;
    field->text = value_text(value, arena, NULL);
}

static bool value_is_secret(const struct explained *explained, const struct reference *reference)
{
    return reference->kind == REFERENCE_TOPIC && shown_topics_are_secret(explained->route->conf);
}

static void fields_add(void *context, const struct reference *reference)
{
    const struct value hidden = value_of(VALUE_STRING, SLICE(SHOWN_SECRET));
    struct reading *reading = context;
    struct explained *explained = reading->explained;
    const char *name = reading->secret ? SHOWN_SECRET : reference->text;
    const struct value *found;
    struct explained_field *field;
    struct value scratch;

    if (field_is_there(explained, name))
        return;
    field = field_new(explained, name);
    if (reading->secret)
        field_set(field, &hidden, &explained->arena);
    else if (reference_find(reference, reading->scope, &scratch, &found, NULL) && found)
        field_set(field, value_is_secret(explained, reference) ? &hidden : found,
                  &explained->arena);
}

static void left_add(struct explained *explained, struct slice name, const char *type)
{
    for (size_t i = 0; i < explained->left_count; i++)
        if (slice_equal(explained->left[i].name, name))
            return;
    explained->left = mem_grow(explained->left, explained->left_count, &explained->left_room,
                               sizeof(*explained->left));
    explained->left[explained->left_count++] = (struct explained_left){name, type};
}

/* The type of a value that "%{*}" leaves out, because Redis has none for it; else NULL. */
static const char *left_type(const struct value *value)
{
    if (value->type == VALUE_NULL)
        return "null";
    if (value->type == VALUE_ARRAY)
        return "array";
    return value->type == VALUE_OBJECT ? "object" : NULL;
}

static void left_by_spread(struct reading *reading, const struct template *template)
{
    const struct value *root, *child;
    bool spread;

    template_least_arguments(template, &spread);
    if (!spread || reading->secret || !scope_value(reading->scope, &root, NULL) || !root ||
        root->type != VALUE_OBJECT)
        return;
    child = value_first(root);
    for (uint32_t i = 0; i < root->count; i++, child = value_next(child))
        if (left_type(child))
            left_add(reading->explained, value_name(child, &reading->explained->arena, NULL),
                     left_type(child));
}

static void fields_of_condition(struct reading *reading, const struct condition *when,
                                const struct conf_text *text)
{
    reading->secret = text->secret;
    if (when)
        condition_visit(when, fields_add, reading);
}

static void fields_of_commands(struct reading *reading, const struct route_commands *commands,
                               const struct conf_commands *conf)
{
    for (size_t i = 0; i < commands->count; i++) {
        fields_of_condition(reading, commands->items[i].when, &conf->items[i].when);
        reading->secret = conf->items[i].cmd.secret;
        template_visit(commands->items[i].template, fields_add, reading);
        left_by_spread(reading, commands->items[i].template);
    }
}

static void fields_of_write(struct reading *reading, const struct route *route)
{
    fields_of_commands(reading, &route->writes, &route->conf->do_);
    explained_arrays(reading->explained, reading->scope);
    reading->secret = route->conf->ttl.secret;
    if (route->ttl.template)
        template_visit(route->ttl.template, fields_add, reading);
}

/* On a route without "del" a tombstone deletes the key of the one write. */
static void fields_of_tombstone(struct reading *reading, const struct route *route)
{
    const struct route_command *write = &route->writes.items[0];

    fields_of_commands(reading, &route->deletes, &route->conf->del);
    reading->secret = route->conf->do_.items[0].cmd.secret;
    if (!route->deletes.count && route->unlinks)
        template_visit_argument(write->template, (size_t)write->command->first_key, fields_add,
                                reading);
}

static void explained_read(struct explained *explained, struct scope *scope)
{
    struct reading reading = {explained, scope, false};
    const struct route *route = explained->route;

    fields_of_condition(&reading, route->when, &route->conf->when);
    if (!scope_is_tombstone(scope))
        fields_of_write(&reading, route);
    else
        fields_of_tombstone(&reading, route);
}

/* --- conditions ------------------------------------------------------------------------------- */

static void conditions_add(void *context, const struct conf_text *text, bool applies, bool holds)
{
    struct explained *explained = context;

    explained->conditions = mem_grow(explained->conditions, explained->condition_count,
                                     &explained->condition_room, sizeof(*explained->conditions));
    explained->conditions[explained->condition_count++] =
        (struct explained_condition){shown_text(text), applies, holds};
}

/* --- commands and keys ------------------------------------------------------------------------ */

static void commands_add(struct explained *explained, const struct rendered *rendered)
{
    struct slice *arguments = arena_alloc(&explained->arena, rendered->count * sizeof(*arguments));
    bool secret = shown_is_secret(explained->route->conf, rendered);

    for (size_t i = 0; i < rendered->count; i++)
        arguments[i] = shown_argument(rendered, i, secret);
    explained->commands = mem_grow(explained->commands, explained->command_count,
                                   &explained->command_room, sizeof(*explained->commands));
    explained->commands[explained->command_count++] =
        (struct explained_command){arguments, rendered->count};
}

static void keys_add(struct explained *explained, struct slice key)
{
    explained->keys = mem_grow(explained->keys, explained->key_count, &explained->key_room,
                               sizeof(*explained->keys));
    explained->keys[explained->key_count++] = key;
}

static void keys_of(struct explained *explained, const struct rendered *rendered)
{
    size_t *positions = arena_alloc(&explained->arena, rendered->count * sizeof(*positions));
    bool secret = shown_is_secret(explained->route->conf, rendered);
    size_t count = 0;

    if (rendered->command)
        count = command_keys(rendered->command, rendered->arguments, rendered->count, positions,
                             rendered->count);
    for (size_t i = 0; i < count; i++)
        keys_add(explained, shown_argument(rendered, positions[i], secret));
}

/* --- the outcome ------------------------------------------------------------------------------ */

static const char *why_nothing(const struct explained *explained, const struct scope *scope)
{
    const struct route *route = explained->route;

    if (route->when && !explained->conditions[0].holds)
        return "the route's condition is false";
    if (scope_is_tombstone(scope) && !route->deletes.count)
        return "a tombstone, and the route has no command for it";
    return "the condition of each command is false";
}

static void explained_succeed(struct explained *explained, const struct rendering *rendering,
                              const struct scope *scope)
{
    explained->outcome = rendering->count ? EXPLAINED_WRITTEN : EXPLAINED_FILTERED;
    if (!rendering->count)
        explained->why = why_nothing(explained, scope);
    for (size_t i = 0; i < rendering->count; i++) {
        commands_add(explained, &rendering->items[i]);
        keys_of(explained, &rendering->items[i]);
    }
    distinct(explained->keys, &explained->key_count, &explained->arena, NULL); /* has no limit */
}

/* The error may quote any text of the route. */
static void explained_fail(struct explained *explained, const struct err *err)
{
    static const enum explained_outcome outcomes[] = {
        [ON_ERROR_STOP] = EXPLAINED_HELD,
        [ON_ERROR_SKIP] = EXPLAINED_DROPPED,
        [ON_ERROR_DLQ] = EXPLAINED_DEAD_LETTERED,
    };
    const struct conf_route *conf = explained->route->conf;

    explained->failed = true;
    explained->outcome = err->kind == ERR_RETRY ? EXPLAINED_HELD : outcomes[conf->on_error];
    snprintf(explained->error, sizeof(explained->error), "%s",
             shown_route_is_secret(conf) ? SHOWN_SECRET : err->text);
}

static void explained_render(struct explained *explained, struct record *record, int64_t max_record)
{
    const struct route *route = explained->route;
    struct scope scope = scope_of(record, &explained->arena, clock_wall_ms());
    const struct route_trace trace = {conditions_add, explained};
    struct rendering rendering = {0};
    struct err err;

    scope.value_decoder = &route->value_decoder;
    scope.key_decoder = &route->key_decoder;
    explained->arena.limit = memory_budget_record(max_record);
    explained->arena.read_limit = memory_budget_reads(max_record);
    if (route_render_record(route, &scope, max_record, &rendering, &trace, &explained->stage, &err))
        explained_succeed(explained, &rendering, &scope);
    else
        explained_fail(explained, &err);
    explained->arena.limit = explained->arena.read_limit = 0;
    explained_read(explained, &scope); /* afterwards: the stage depends on what was decoded */
    free(rendering.items);
}

void explained_make(struct explained *explained, const struct route *route, struct record *record,
                    int64_t max_record)
{
    *explained = (struct explained){.route = route, .outcome = EXPLAINED_NOT_TAKEN};
    if (record->topic && !route_takes(route, record->topic)) {
        explained->why = "the route does not read that topic";
        return;
    }
    if (!record->topic)
        record->topic = route->conf->topics.items[0].text;
    explained_render(explained, record, max_record);
}

void explained_clear(struct explained *explained)
{
    free(explained->fields);
    free(explained->left);
    free(explained->arrays);
    free(explained->conditions);
    free(explained->commands);
    free(explained->keys);
    arena_free(&explained->arena);
}

/* --- names ------------------------------------------------------------------------------------ */

const char *explained_delivery(const struct explained *explained)
{
    return kinds[KIND_DELIVERY].words[explained->route->conf->delivery];
}

const char *explained_outcome_name(enum explained_outcome outcome)
{
    static const char *const names[] = {
        [EXPLAINED_WRITTEN] = "written", [EXPLAINED_FILTERED] = "filtered",
        [EXPLAINED_DROPPED] = "dropped", [EXPLAINED_DEAD_LETTERED] = "dead_lettered",
        [EXPLAINED_HELD] = "held",       [EXPLAINED_NOT_TAKEN] = "not_taken",
    };

    return names[outcome];
}
