/* filter_json.c: a value as JSON text. */
#include "base/json_writer.h"
#include "base/text.h"
#include "expr/filter.h"

/* How many bytes it takes in quotes, with escapes where they are needed. */
static size_t quoted_length(struct slice text, bool escaped)
{
    size_t length = 2 + text.length;

    for (size_t i = 0; !escaped && i < text.length; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte < ' ')
            length += JSON_ESCAPE_BYTES - 1;
        else
            length += byte == '"' || byte == '\\';
    }
    return length;
}

/* Puts *text in quotes; @p escaped: it has its escapes already. */
static bool quote(struct slice *text, bool escaped, struct arena *arena, struct err *err)
{
    size_t room = quoted_length(*text, escaped);
    char *json = arena_take(arena, room, err), *out = json;

    if (!json)
        return false;
    *out++ = '"';
    for (size_t i = 0; i < text->length; i++) {
        char byte = text->data[i];
        if (!escaped && ((unsigned char)byte < ' ' || byte == '"' || byte == '\\'))
            out += json_escape(out, (unsigned char)byte);
        else
            *out++ = byte;
    }
    *out++ = '"';
    arena_shrink(arena, json, room, (size_t)(out - json));
    *text = (struct slice){json, (size_t)(out - json)};
    return true;
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
        if (!arena_read(scope->arena, text.length, err))
            return false;
        if (!text_is_utf8(text))
            return err_set(err, ERR_RECORD, "not UTF-8, so not a JSON string");
        if (!quote(&text, (*value)->escaped, scope->arena, err))
            return false;
    }
    *value = filter_result(out, VALUE_STRING, text);
    return true;
}
