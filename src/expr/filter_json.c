/* filter_json.c: a value as JSON text. */
#include "expr/filter.h"

bool filter_json(const struct filter_call *call, struct scope *scope, const struct value **value,
                 struct value *out, struct err *err)
{
    struct slice text;

    (void)call;
    if (!*value)
        return true;
    text = value_json(*value, scope->arena, err);
    *value = filter_result(out, VALUE_STRING, text);
    return text.data != NULL;
}
