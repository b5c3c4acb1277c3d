/* filter_number.c: filters of numbers: int, round. */
#include "expr/decimal.h"
#include "expr/filter.h"

enum { PLACES_MAX = 100 };

static bool round_to(size_t places, enum decimal_mode mode, struct scope *scope,
                     const struct value **value, struct value *out, struct err *err)
{
    struct slice text;

    if (!filter_digits(*value, scope->arena, &text, err) ||
        !decimal_round(text, places, mode, scope->arena, &text, err))
        return false;
    *value = filter_result(out, VALUE_NUMBER, text);
    return true;
}

bool filter_int(const struct filter_call *call, struct scope *scope, const struct value **value,
                struct value *out, struct err *err)
{
    (void)call;
    return round_to(0, DECIMAL_TRUNCATE, scope, value, out, err);
}

bool prepare_round(struct filter_call *call, const struct cursor *cursor)
{
    int64_t places = call->count ? call->arguments[0].integer : 0;

    if (places < 0 || places > PLACES_MAX)
        return cursor_error(cursor, call->arguments[0].at, "round takes 0 to %d places",
                            PLACES_MAX);
    return true;
}

bool filter_round(const struct filter_call *call, struct scope *scope, const struct value **value,
                  struct value *out, struct err *err)
{
    size_t places = call->count ? (size_t)call->arguments[0].integer : 0;

    return round_to(places, DECIMAL_HALF_UP, scope, value, out, err);
}
