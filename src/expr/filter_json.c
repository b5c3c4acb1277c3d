/* filter_json.c: a value as JSON text. */
#include "base/json_writer.h"
#include "base/text.h"
#include "expr/filter.h"

/* @p text in quotes, with escapes where they are needed; @p escaped: it has them already. */
static struct slice quoted(struct slice text, bool escaped, struct arena *arena)
{
    size_t room = 2;
    char *json, *out;

    for (size_t i = 0; i < text.length; i++)
        room += (unsigned char)text.data[i] < ' ' ? JSON_ESCAPE_BYTES : 2;
    out = json = arena_alloc(arena, room);
    *out++ = '"';
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.data[i];
        if (!escaped && ((unsigned char)byte < ' ' || byte == '"' || byte == '\\'))
            out += json_escape(out, (unsigned char)byte);
        else
            *out++ = byte;
    }
    *out++ = '"';
    arena_shrink(arena, json, room, (size_t)(out - json));
    return (struct slice){json, (size_t)(out - json)};
}

bool filter_json(const struct filter_call *call, struct scope *scope, const struct value **value,
                 struct value *out, struct err *err)
{
    struct slice text;

    (void)call;
    if (!*value)
        return true;
    text = (*value)->text;
    if ((*value)->type == VALUE_STRING) {
        if (!text_is_utf8(text))
            return err_set(err, ERR_RECORD, "not UTF-8, so not a JSON string");
        text = quoted(text, (*value)->escaped, scope->arena);
    }
    *value = filter_result(out, VALUE_STRING, text);
    return true;
}
