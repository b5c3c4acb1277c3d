/*
 * dlq_json.c: prints a dead letter for a program, one object on one line.
 *
 * The names are a promise: docs/reference/output.md.
 */
#include "base/json_writer.h"
#include "base/text.h"
#include "cli/dlq_parts.h"
#include "cli/shown.h"

#include <stdio.h>

static void write_fact(struct json_writer *json, const struct dlq_letter *letter, const char *name,
                       enum dlq_fact fact)
{
    json_write_bytes(json, name, letter->facts[fact]);
}

static void write_letter(struct json_writer *json, const struct dlq_item *item)
{
    const struct dlq_letter *facts = &item->letter;

    json_write_text(json, "id", item->id);
    json_write_bool(json, "sent", item->done);
    json_write_text(json, "unreadable", item->sound ? NULL : item->why.text);
    if (!item->sound)
        return;
    write_fact(json, facts, "route", DLQ_FACT_ROUTE);
    write_fact(json, facts, "error", DLQ_FACT_ERROR);
    json_write_text(json, "topic", item->topic);
    json_write_integer(json, "partition", facts->record.partition);
    json_write_integer(json, "offset", facts->record.offset);
    if (facts->record.timestamp_ms >= 0)
        json_write_integer(json, "timestamp", facts->record.timestamp_ms);
    else
        json_write_null(json, "timestamp");
    json_write_open(json, "facts", '{');
    for (int fact = 0; fact < DLQ_FACTS; fact++)
        if (facts->facts[fact].data)
            write_fact(json, facts, dlq_fact_name((enum dlq_fact)fact), (enum dlq_fact)fact);
    json_write_close(json, '}');
}

static void write_headers(struct json_writer *json, const struct record *record)
{
    struct slice name, value;

    json_write_open(json, "headers", '[');
    for (size_t i = 0; record->headers.at && record->headers.at(record, i, &name, &value); i++) {
        json_write_open(json, NULL, '{');
        json_write_bytes(json, "key", name);
        json_write_bytes(json, "value", value);
        json_write_close(json, '}');
    }
    json_write_close(json, ']');
}

static void write_commands(struct json_writer *json, const struct dlq_now *now)
{
    json_write_open(json, "commands", '[');
    for (size_t i = 0; now->rendered && i < now->rendering.count; i++) {
        const struct rendered *rendered = &now->rendering.items[i];
        bool secret = shown_is_secret(now->route->conf, rendered);
        json_write_open(json, NULL, '[');
        for (size_t j = 0; j < rendered->count; j++)
            json_write_bytes(json, NULL, shown_argument(rendered, j, secret));
        json_write_close(json, ']');
    }
    json_write_close(json, ']');
    json_write_text(json, "now_error", now->rendered ? NULL : now->err.text);
}

void dlq_json(const struct dlq_item *item, const struct dlq_now *now)
{
    struct json_writer json = {.out = stdout};

    json_write_open(&json, NULL, '{');
    write_letter(&json, item);
    if (now && now->has_record) {
        json_write_bytes(&json, "key", now->record.key);
        json_write_bytes(&json, "value", now->record.value);
        write_headers(&json, &now->record);
    }
    if (now && item->sound)
        write_commands(&json, now);
    json_write_close(&json, '}');
    putchar('\n');
}
