/* dlq_fields.c: a dead letter as the fields of a stream's entry. */
#include "codec/dlq_fields.h"

#include "base/base64.h"
#include "base/json_writer.h"
#include "base/mem.h"
#include "base/text.h"
#include "codec/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* --- writing ---------------------------------------------------------------------------------- */

static char *write_headers(const struct dlq_letter *letter, size_t *length)
{
    const struct record *record = &letter->record;
    char *text = NULL;
    struct json_writer json = {.out = open_memstream(&text, length)};
    struct slice name, value;

    json_write_open(&json, NULL, '[');
    for (size_t i = 0; i < letter->header_count; i++) {
        if (!record->headers.at(record, i, &name, &value))
            break;
        json_write_open(&json, NULL, '[');
        json_write_bytes(&json, NULL, name);
        json_write_bytes(&json, NULL, value);
        json_write_close(&json, ']');
    }
    json_write_close(&json, ']');
    fclose(json.out);
    return text;
}

static void fields_add(struct dlq_fields *fields, const char *name, struct slice value)
{
    if (!value.data)
        return;
    fields->items[fields->count++] = slice_of(name);
    fields->items[fields->count++] = value;
}

void dlq_fields_make(struct dlq_fields *fields, const struct dlq_letter *letter)
{
    size_t length;

    fields->count = 0;
    fields->headers = write_headers(letter, &length);
    fields_add(fields, "key", letter->record.key);
    fields_add(fields, "value", letter->record.value);
    fields_add(fields, "headers", (struct slice){fields->headers, length});
    if (letter->record.timestamp_ms >= 0) {
        snprintf(fields->timestamp, sizeof(fields->timestamp), "%" PRId64,
                 letter->record.timestamp_ms);
        fields_add(fields, "timestamp", slice_of(fields->timestamp));
    }
    for (int fact = 0; fact < DLQ_FACTS; fact++)
        fields_add(fields, dlq_fact_name((enum dlq_fact)fact), letter->facts[fact]);
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool read_base64(const struct value *value, struct arena *arena, struct slice *out,
                        struct err *err)
{
    const struct value *text = value_member(value, SLICE("base64"));

    if (!text || text->type != VALUE_STRING)
        return false;
    struct slice digits = value_text(text, arena, err);
    char *bytes = arena_take(arena, digits.length / 4 * 3 + 1, err);
    out->data = bytes;
    return digits.data && bytes && base64_read(digits, bytes, &out->length);
}

static bool read_bytes(const struct value *value, struct arena *arena, struct slice *out,
                       struct err *err)
{
    *out = (struct slice){0};
    if (value->type == VALUE_NULL)
        return true;
    if (value->type != VALUE_STRING)
        return read_base64(value, arena, out, err);
    *out = value_text(value, arena, err);
    return out->data != NULL;
}

static bool read_header(const struct value *pair, struct arena *arena, struct header *header,
                        struct err *err)
{
    const struct value *name = value_element(pair, 0), *value = value_element(pair, 1);

    return name && value && pair->count == 2 && read_bytes(name, arena, &header->name, err) &&
           header->name.data && read_bytes(value, arena, &header->value, err);
}

static bool read_headers(struct slice text, struct arena *arena, struct headers *headers,
                         struct err *err)
{
    const struct value *list = json_decode(text, arena, err);
    const struct value *pair;

    if (!list)
        return err_wrap(err, "headers");
    if (list->type != VALUE_ARRAY)
        return err_set(err, ERR_RECORD, "headers: not a list");
    struct header *items = arena_take(arena, list->count * sizeof(*items), err);
    if (!items)
        return err_wrap(err, "headers");
    *headers = (struct headers){items, list->count};
    pair = value_first(list);
    for (size_t i = 0; i < list->count; i++, pair = value_next(pair))
        if (!read_header(pair, arena, &items[i], err))
            return err_set(err, ERR_RECORD, "headers: number %zu is not [name, value]", i + 1);
    return true;
}

static void read_fact(struct dlq_letter *letter, struct slice name, struct slice value)
{
    for (int fact = 0; fact < DLQ_FACTS; fact++)
        if (slice_is(name, dlq_fact_name((enum dlq_fact)fact)))
            letter->facts[fact] = value;
}

bool dlq_fields_read(const struct slice *items, size_t count, struct arena *arena,
                     struct headers *headers, struct dlq_letter *letter, struct err *err)
{
    *headers = (struct headers){0};
    *letter = (struct dlq_letter){.record = {.timestamp_ms = -1, .headers = headers_of(headers)}};
    for (size_t i = 0; i + 1 < count; i += 2) {
        struct slice name = items[i], value = items[i + 1];
        if (slice_is(name, "key"))
            letter->record.key = value;
        else if (slice_is(name, "value"))
            letter->record.value = value;
        else if (slice_is(name, "headers") && !read_headers(value, arena, headers, err))
            return false;
        else if (slice_is(name, "timestamp") && !text_integer(value, &letter->record.timestamp_ms))
            return err_set(err, ERR_RECORD, "timestamp: not a number");
        read_fact(letter, name, value);
    }
    letter->header_count = headers->count;
    return true;
}
