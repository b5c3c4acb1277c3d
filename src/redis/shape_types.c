/*
 * shape_types.c: which texts an argument of a type may be.
 *
 * Never stricter than a server: what is let pass it may still refuse.
 */
#include "base/text.h"
#include "redis/shape.h"

#include <math.h>
#include <stdlib.h>
#include <strings.h>

enum { NUMBER_BYTES = 320 }; /* no server reads a longer one */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* How many digits stand at the front. */
static size_t digits(struct slice text)
{
    size_t count = 0;

    while (count < text.length && is_digit(text.data[count]))
        count++;
    return count;
}

static struct slice behind(struct slice text, size_t bytes)
{
    return (struct slice){text.data + bytes, text.length - bytes};
}

/* "-70.65": what nearly every record has, told in one pass. */
static bool is_plain_number(struct slice text)
{
    const char *at = text.data, *end = text.data + text.length;
    size_t dots = 0;

    at += at < end && *at == '-';
    if (at == end || !is_digit(*at) || !is_digit(end[-1]))
        return false;
    for (; at < end; at++)
        if (!is_digit(*at) && (*at != '.' || dots++))
            return false;
    return true;
}

/* As strtod() reads it, which is how servers do. */
static bool is_number(struct slice text)
{
    char copy[NUMBER_BYTES], *end;

    if (is_plain_number(text))
        return true;
    if (!text.length || text.length >= sizeof(copy) || strchr(" \t\n\v\f\r", text.data[0]))
        return false;
    memcpy(copy, text.data, text.length);
    copy[text.length] = '\0';
    double number = strtod(copy, &end);
    return end == copy + text.length && !isnan(number);
}

static bool is_integer(struct slice text, int64_t least)
{
    int64_t number;

    return text_integer(text, &number) && number >= least;
}

/* "5", "5-0" */
static bool is_id(struct slice text)
{
    size_t front = digits(text);
    struct slice rest = behind(text, front);

    if (!front || !rest.length)
        return front;
    rest = behind(rest, 1);
    return text.data[front] == '-' && rest.length && digits(rest) == rest.length;
}

/* "*", "5-*" */
static bool is_new_id(struct slice text)
{
    bool star = text.length && text.data[text.length - 1] == '*';
    size_t front = digits(text);

    if (!star)
        return is_id(text);
    return text.length == 1 || (front && text.length == front + 2 && text.data[front] == '-');
}

static bool is_bound(struct slice text)
{
    return is_number(text.length && text.data[0] == '(' ? behind(text, 1) : text);
}

static bool is_lex(struct slice text)
{
    if (!text.length)
        return false;
    return text.data[0] == '[' || text.data[0] == '(' || slice_is(text, "-") || slice_is(text, "+");
}

bool shape_type_takes(enum shape_type type, struct slice text)
{
    switch (type) {
    case TYPE_ANY:
        return true;
    case TYPE_INTEGER:
        return is_integer(text, INT64_MIN);
    case TYPE_NATURAL:
    case TYPE_COUNT0:
        return is_integer(text, 0);
    case TYPE_POSITIVE:
    case TYPE_COUNT:
        return is_integer(text, 1);
    case TYPE_NUMBER:
        return is_number(text);
    case TYPE_BIT:
        return is_integer(text, 0) && (slice_is(text, "0") || slice_is(text, "1"));
    case TYPE_ID:
        return is_id(text);
    case TYPE_NEWID:
        return is_new_id(text);
    case TYPE_BOUND:
        return is_bound(text);
    case TYPE_LEX:
        return is_lex(text);
    }
    return true;
}

const char *shape_type_text(enum shape_type type)
{
    static const char *const texts[] = {
        [TYPE_ANY] = "any text",
        [TYPE_INTEGER] = "a whole number",
        [TYPE_NATURAL] = "a whole number, 0 or more",
        [TYPE_POSITIVE] = "a whole number above 0",
        [TYPE_NUMBER] = "a number",
        [TYPE_BIT] = "0 or 1",
        [TYPE_ID] = "the id of a stream's entry, such as 1700000000000-0",
        [TYPE_NEWID] = "the id of a stream's entry, such as * or 1700000000000-0",
        [TYPE_BOUND] = "a number, or ( and a number",
        [TYPE_LEX] = "-, + or a text behind [ or (",
        [TYPE_COUNT] = "a whole number above 0",
        [TYPE_COUNT0] = "a whole number, 0 or more",
    };

    return texts[type];
}
