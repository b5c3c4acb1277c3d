/*
 * value_json.c: a value as JSON text.
 *
 * What came from a text has its own; only what was built from parts is written here: measured
 * first, then written into memory of that size.
 */
#include "base/json_writer.h"
#include "base/text.h"
#include "record/value.h"

struct writer {
    char *out; /* NULL: only measures */
    size_t length;
    bool not_utf8; /* of what was measured */
};

static void put(struct writer *writer, struct slice bytes)
{
    if (writer->out && bytes.length)
        memcpy(writer->out + writer->length, bytes.data, bytes.length);
    writer->length += bytes.length;
}

/* How many bytes at the front of @p text stand for themselves in a JSON string. */
static size_t plain_length(struct slice text)
{
    size_t length = 0;

    while (length < text.length && (unsigned char)text.data[length] >= ' ' &&
           text.data[length] != '"' && text.data[length] != '\\')
        length++;
    return length;
}

static void put_escaped(struct writer *writer, struct slice text)
{
    char escape[JSON_ESCAPE_BYTES];

    for (;;) {
        size_t plain = plain_length(text);
        put(writer, (struct slice){text.data, plain});
        if (plain == text.length)
            return;
        put(writer, (struct slice){escape, json_escape(escape, (unsigned char)text.data[plain])});
        text.data += plain + 1;
        text.length -= plain + 1;
    }
}

/* @p escaped: it has its escapes already. */
static void put_string(struct writer *writer, struct slice text, bool escaped)
{
    if (!writer->out && !text_is_utf8(text))
        writer->not_utf8 = true;
    put(writer, SLICE("\""));
    if (escaped)
        put(writer, text);
    else
        put_escaped(writer, text);
    put(writer, SLICE("\""));
}

/* What needs no writing; data is NULL for strings, and containers that were built from parts. */
static struct slice own_text(const struct value *value)
{
    static const struct slice words[] = {
        [VALUE_NULL] = {"null", 4}, [VALUE_FALSE] = {"false", 5}, [VALUE_TRUE] = {"true", 4}};

    if (value->type == VALUE_STRING)
        return (struct slice){0};
    return value->raw.data || value->type > VALUE_TRUE ? value->raw : words[value->type];
}

static void put_value(struct writer *writer, const struct value *value);

static void put_container(struct writer *writer, const struct value *container)
{
    bool object = container->type == VALUE_OBJECT;
    const struct value *child = value_first(container);

    put(writer, object ? SLICE("{") : SLICE("["));
    for (uint32_t i = 0; i < container->count; i++, child = value_next(child)) {
        if (i)
            put(writer, SLICE(","));
        if (object) {
            put_string(writer, (struct slice){child->name, child->name_length},
                       child->name_escaped);
            put(writer, SLICE(":"));
        }
        put_value(writer, child);
    }
    put(writer, object ? SLICE("}") : SLICE("]"));
}

static void put_value(struct writer *writer, const struct value *value)
{
    struct slice own = own_text(value);

    if (value->type == VALUE_STRING)
        put_string(writer, value->raw, value->escaped);
    else if (own.data)
        put(writer, own);
    else
        put_container(writer, value);
}

static struct slice write_json(const struct value *value, struct arena *arena, struct err *err)
{
    struct writer writer = {0};

    put_value(&writer, value);
    if (writer.not_utf8) {
        err_set(err, ERR_RECORD, "not UTF-8, so not a JSON string");
        return (struct slice){0};
    }
    writer = (struct writer){.out = arena_take(arena, writer.length, err)};
    if (!writer.out)
        return (struct slice){0};
    put_value(&writer, value);
    return (struct slice){writer.out, writer.length};
}

struct slice value_json(const struct value *value, struct arena *arena, struct err *err)
{
    struct slice text = own_text(value);

    if (text.data)
        return text;
    if (value->type == VALUE_STRING)
        return arena_read(arena, value->raw.length, err) ? write_json(value, arena, err) : text;
    text = write_json(value, arena, err);
    ((struct value *)value)->raw = text; /* kept: a tree belongs to one thread */
    return text;
}
