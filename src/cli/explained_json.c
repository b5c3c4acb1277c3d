/*
 * explained_json.c: what a route makes of one record, for a program.
 *
 * The names are a promise: docs/reference/explain.md. One object on one line.
 */
#include "base/json_writer.h"
#include "cli/explained.h"
#include "cli/shown.h"

static void write_route(const struct explained *explained, struct json_writer *json)
{
    const struct conf_route *conf = explained->route->conf;

    json_write_text(json, "route", conf->name);
    json_write_text(json, "file", conf->origin.file);
    json_write_integer(json, "line", conf->origin.line);
    json_write_open(json, "topics", '[');
    for (size_t i = 0; i < conf->topics.count; i++)
        json_write_text(json, NULL, shown_text(&conf->topics.items[i]));
    json_write_close(json, ']');
    json_write_text(json, "sink", conf->to->name);
    json_write_text(json, "delivery", explained_delivery(explained));
    json_write_text(json, "format", explained->route->value_decoder.codec->name);
}

static void write_outcome(const struct explained *explained, struct json_writer *json)
{
    json_write_bool(json, "matched", !explained->why);
    json_write_text(json, "why", explained->why);
    json_write_text(json, "outcome", explained_outcome_name(explained->outcome));
}

/* Numbers, lists and objects are JSON as the record has them, to the last digit. */
static void write_field(const struct explained_field *field, struct json_writer *json)
{
    json_write_open(json, NULL, '{');
    json_write_text(json, "name", field->name);
    json_write_bool(json, "found", field->found);
    if (!field->found)
        json_write_null(json, "value");
    else if (field->type == VALUE_STRING)
        json_write_bytes(json, "value", field->text);
    else
        json_write_raw(json, "value", field->text);
    json_write_close(json, '}');
}

static void write_fields(const struct explained *explained, struct json_writer *json)
{
    json_write_open(json, "fields", '[');
    for (size_t i = 0; i < explained->field_count; i++)
        write_field(&explained->fields[i], json);
    json_write_close(json, ']');
}

static void write_left(const struct explained *explained, struct json_writer *json)
{
    json_write_open(json, "left_out", '[');
    for (size_t i = 0; i < explained->left_count; i++) {
        json_write_open(json, NULL, '{');
        json_write_bytes(json, "name", explained->left[i].name);
        json_write_text(json, "type", explained->left[i].type);
        json_write_close(json, '}');
    }
    json_write_close(json, ']');
}

static void write_arrays(const struct explained *explained, struct json_writer *json)
{
    json_write_open(json, "arrays", '[');
    for (size_t i = 0; i < explained->array_count; i++) {
        json_write_open(json, NULL, '{');
        json_write_text(json, "name", explained->arrays[i].name);
        json_write_text(json, "command", explained->arrays[i].command);
        json_write_text(json, "argument", explained->arrays[i].argument);
        json_write_close(json, '}');
    }
    json_write_close(json, ']');
}

static void write_conditions(const struct explained *explained, struct json_writer *json)
{
    json_write_open(json, "conditions", '[');
    for (size_t i = 0; i < explained->condition_count; i++) {
        const struct explained_condition *condition = &explained->conditions[i];
        json_write_open(json, NULL, '{');
        json_write_text(json, "when", condition->text);
        if (condition->evaluated)
            json_write_bool(json, "holds", condition->holds);
        else
            json_write_null(json, "holds");
        json_write_close(json, '}');
    }
    json_write_close(json, ']');
}

static void write_list(struct json_writer *json, const char *name, const struct slice *items,
                       size_t count)
{
    json_write_open(json, name, '[');
    for (size_t i = 0; i < count; i++)
        json_write_bytes(json, NULL, items[i]);
    json_write_close(json, ']');
}

static void write_commands(const struct explained *explained, struct json_writer *json)
{
    json_write_open(json, "commands", '[');
    for (size_t i = 0; i < explained->command_count; i++)
        write_list(json, NULL, explained->commands[i].arguments, explained->commands[i].count);
    json_write_close(json, ']');
    write_list(json, "keys", explained->keys, explained->key_count);
}

static void write_error(const struct explained *explained, struct json_writer *json)
{
    if (!explained->failed) {
        json_write_null(json, "error");
        return;
    }
    json_write_open(json, "error", '{');
    json_write_text(json, "stage", metrics_stage_name(explained->stage));
    json_write_text(json, "text", explained->error);
    json_write_close(json, '}');
}

void explained_write_json(const struct explained *explained, FILE *out)
{
    struct json_writer json = {.out = out};

    json_write_open(&json, NULL, '{');
    write_route(explained, &json);
    write_outcome(explained, &json);
    write_fields(explained, &json);
    write_left(explained, &json);
    write_arrays(explained, &json);
    write_conditions(explained, &json);
    write_commands(explained, &json);
    write_error(explained, &json);
    json_write_close(&json, '}');
    fputc('\n', out);
}
