/* filter_value.c: what filters share: the text of their input, and their result. */
#include "expr/filter.h"

bool filter_text(const struct value *value, struct arena *arena, struct slice *text,
                 struct err *err)
{
    *text = value_text(value, arena, err);
    return text->data && arena_read(arena, text->length, err);
}

const struct value *filter_result(struct value *out, enum value_type type, struct slice text)
{
    *out = value_of(type, text);
    return out;
}

bool filter_digits(const struct value *in, struct arena *arena, struct slice *text, struct err *err)
{
    if (in->type != VALUE_NUMBER && in->type != VALUE_STRING)
        return err_set(err, ERR_RECORD, "not a number");
    return filter_text(in, arena, text, err);
}
