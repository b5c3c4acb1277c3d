/*
 * decimal.c: numbers as their text says them.
 *
 * A number is read as 0.D x 10^point, D being its digits without zeros at either end: 120.50 is
 * 0.1205 x 10^3. Two such forms compare by sign, point and digits, and rounding is a matter of
 * where to cut D.
 */
#include "expr/decimal.h"

enum { INT64_SAFE_DIGITS = 18 };
#define EXPONENT_MAX INT64_C(1000000000000000000)

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static size_t digits_at(struct slice text, size_t from)
{
    size_t count = 0;

    while (from + count < text.length && is_digit(text.data[from + count]))
        count++;
    return count;
}

/* The exponent behind the "e" at @p at, held within EXPONENT_MAX; false if none follows. */
static bool read_exponent(struct slice text, size_t at, int64_t *exponent, size_t *end)
{
    bool negative = false;
    size_t count;

    at++;
    if (at < text.length && (text.data[at] == '-' || text.data[at] == '+'))
        negative = text.data[at++] == '-';
    count = digits_at(text, at);
    *exponent = 0;
    for (size_t i = 0; i < count; i++)
        *exponent = *exponent < EXPONENT_MAX / 10 ? *exponent * 10 + (text.data[at + i] - '0')
                                                  : EXPONENT_MAX;
    if (negative)
        *exponent = -*exponent;
    *end = at + count;
    return count > 0;
}

/* Takes the zeros off both ends of D, which moves the point. */
static void normalise(struct decimal *decimal, int64_t exponent)
{
    struct slice *whole = &decimal->whole, *fraction = &decimal->fraction;

    for (; whole->length && whole->data[0] == '0'; whole->data++)
        whole->length--;
    decimal->point = (int64_t)whole->length + exponent;
    if (!whole->length)
        for (; fraction->length && fraction->data[0] == '0'; fraction->data++) {
            fraction->length--;
            decimal->point--;
        }
    while (fraction->length && fraction->data[fraction->length - 1] == '0')
        fraction->length--;
    if (!fraction->length)
        while (whole->length && whole->data[whole->length - 1] == '0')
            whole->length--;
    decimal->length = whole->length + fraction->length;
}

bool decimal_read(struct slice text, struct decimal *decimal)
{
    size_t at = text.length && text.data[0] == '-', count = digits_at(text, at);
    int64_t exponent = 0;

    if (!count || (text.data[at] == '0' && count > 1))
        return false;
    *decimal = (struct decimal){.negative = at == 1, .whole = {text.data + at, count}};
    at += count;
    if (at < text.length && text.data[at] == '.') {
        count = digits_at(text, ++at);
        if (!count)
            return false;
        decimal->fraction = (struct slice){text.data + at, count};
        at += count;
    }
    if (at < text.length && (text.data[at] | 0x20) == 'e')
        if (!read_exponent(text, at, &exponent, &at))
            return false;
    normalise(decimal, exponent);
    return at == text.length;
}

bool decimal_is(struct slice text)
{
    struct decimal decimal;

    return decimal_read(text, &decimal);
}

/* Digit @p index of D; zeros follow it for ever. */
static char digit(const struct decimal *decimal, size_t index)
{
    if (index < decimal->whole.length)
        return decimal->whole.data[index];
    return index < decimal->length ? decimal->fraction.data[index - decimal->whole.length] : '0';
}

/* If one D begins with the other, the longer one is larger: it does not end with a zero. */
static int compare_digits(const struct decimal *a, const struct decimal *b)
{
    size_t shorter = a->length < b->length ? a->length : b->length;

    for (size_t i = 0; i < shorter; i++)
        if (digit(a, i) != digit(b, i))
            return digit(a, i) < digit(b, i) ? -1 : 1;
    return (a->length > b->length) - (a->length < b->length);
}

static int compare_magnitudes(const struct decimal *a, const struct decimal *b)
{
    if (!a->length || !b->length)
        return (a->length > 0) - (b->length > 0);
    if (a->point != b->point)
        return a->point < b->point ? -1 : 1;
    return compare_digits(a, b);
}

/* The short integers of most comparisons; false if the text is anything else. */
static bool read_short(struct slice text, int64_t *number)
{
    size_t at = text.length && text.data[0] == '-';
    int64_t sum = 0;

    if (text.length > INT64_SAFE_DIGITS)
        return false;
    for (size_t i = at; i < text.length; i++) {
        if (!is_digit(text.data[i]))
            return false;
        sum = sum * 10 + (text.data[i] - '0');
    }
    *number = at ? -sum : sum;
    return true;
}

int decimal_order(const struct decimal *a, const struct decimal *b)
{
    int order = compare_magnitudes(a, b);

    if (a->negative == b->negative)
        return a->negative ? -order : order;
    if (!a->length && !b->length)
        return 0;
    return a->negative ? -1 : 1;
}

int decimal_compare(struct slice a, struct slice b)
{
    struct decimal left = {0}, right = {0};
    int64_t x, y;

    if (read_short(a, &x) && read_short(b, &y))
        return (x > y) - (x < y);
    decimal_read(a, &left);
    decimal_read(b, &right);
    return decimal_order(&left, &right);
}

/* Adds one to the digits at @p first up to @p last, which may hold a point; there is room for the
 * carry. */
static void carry(const char *first, char *last)
{
    for (char *at = last; at >= first; at--) {
        if (*at == '.')
            continue;
        if (*at != '9') {
            ++*at;
            return;
        }
        *at = '0';
    }
}

/* Whether the first digit that is cut off says up. */
static bool rounds_up(const struct decimal *decimal, size_t places)
{
    int64_t cut = decimal->point + (int64_t)places;

    return cut >= 0 && digit(decimal, (size_t)cut) >= '5';
}

/* Writes D with @p whole digits before the point and @p places behind it; the end of it. */
static char *write_digits(const struct decimal *decimal, size_t whole, size_t places, char *at)
{
    int64_t index = decimal->point - (int64_t)whole;

    for (size_t i = 0; i < whole + places; i++, index++) {
        if (i == whole)
            *at++ = '.';
        *at++ = index < 0 ? '0' : digit(decimal, (size_t)index);
    }
    return at;
}

static bool all_zero(const char *at, const char *end)
{
    while (at < end && (*at == '0' || *at == '.'))
        at++;
    return at == end;
}

bool decimal_round(struct slice text, size_t places, enum decimal_mode mode, struct arena *arena,
                   struct slice *out, struct err *err)
{
    struct decimal decimal;
    char *buffer, *first, *end;
    size_t whole;

    if (!decimal_read(text, &decimal))
        return err_set(err, ERR_RECORD, "not a number");
    if (!decimal.length)
        decimal.point = 0;
    if (decimal.point > DECIMAL_DIGITS)
        return err_set(err, ERR_RECORD, "more than %d digits", DECIMAL_DIGITS);
    if (decimal.point < -DECIMAL_DIGITS - (int64_t)places)
        decimal.point = -DECIMAL_DIGITS - (int64_t)places;       /* zero in any case */
    whole = (decimal.point > 0 ? (size_t)decimal.point : 0) + 1; /* one more for the carry */
    buffer = arena_alloc(arena, 1 + whole + 1 + places);
    first = buffer + 1;
    end = write_digits(&decimal, whole, places, first);
    if (mode == DECIMAL_HALF_UP && rounds_up(&decimal, places))
        carry(first, end - 1);
    if (*first == '0' && whole > 1)
        first++;
    if (decimal.negative && !all_zero(first, end))
        *--first = '-';
    *out = (struct slice){first, (size_t)(end - first)};
    return true;
}
