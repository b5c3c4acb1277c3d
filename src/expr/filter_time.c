/* filter_time.c: filters of dates: strftime, epoch. Always UTC, in the proleptic Gregorian
 * calendar, years 0 to 9999. */
#include "expr/decimal.h"
#include "expr/filter.h"

#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { DATE_BYTES = 2048, FORMAT_BYTES = 100, NUMBER_BYTES = 24, DIGITS_OF_MICROSECONDS = 6 };
#define YEAR_0    INT64_C(-62167219200) /* seconds since 1970 of 0000-01-01 */
#define YEAR_9999 INT64_C(253402300799) /* of the last second of 9999 */

/* How many of the unit make a second; 0 if there is no such unit. */
static int64_t unit_of(const struct filter_call *call, size_t index)
{
    struct slice unit = call->arguments[index].text;

    if (index >= call->count || slice_is(unit, "ms"))
        return 1000;
    if (slice_is(unit, "s"))
        return 1;
    return slice_is(unit, "us") ? 1000000 : 0;
}

static bool check_unit(const struct filter_call *call, size_t index, const struct cursor *cursor)
{
    return unit_of(call, index) != 0 ||
           cursor_error(cursor, call->arguments[index].at, "the unit must be 's', 'ms' or 'us'");
}

/* What depends on a time zone or a locale is left out, and %s, which epoch does. */
static bool check_format(struct slice format, const char *at, const struct cursor *cursor)
{
    static const char known[] = "aAbBCdDeFgGhHIjmMnprRStTuUVwWxXyY%";

    if (!format.length || format.length > FORMAT_BYTES || memchr(format.data, 0, format.length))
        return cursor_error(cursor, at, "the format must have 1 to %d bytes", FORMAT_BYTES);
    for (size_t i = 0; i < format.length; i++) {
        if (format.data[i] != '%')
            continue;
        if (++i == format.length)
            return cursor_error(cursor, at, "the format ends within a '%%'");
        if (!strchr(known, format.data[i]))
            return cursor_error(cursor, at, "strftime has no '%%%c' here", format.data[i]);
    }
    return true;
}

bool prepare_strftime(struct filter_call *call, const struct cursor *cursor)
{
    return check_format(call->arguments[0].text, call->arguments[0].at, cursor) &&
           check_unit(call, 1, cursor);
}

/* The format was checked at load, so the compiler need not. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static size_t write_date(char *date, const char *format, const struct tm *tm)
{
    return strftime(date, DATE_BYTES, format, tm);
}
#pragma GCC diagnostic pop

bool filter_strftime(const struct filter_call *call, struct scope *scope,
                     const struct value **value, struct value *out, struct err *err)
{
    int64_t unit = unit_of(call, 1), number, seconds;
    struct slice text;
    struct tm tm;
    time_t when;
    char *date;

    if (!filter_digits(*value, scope->arena, &text, err) ||
        !decimal_round(text, 0, DECIMAL_TRUNCATE, scope->arena, &text, err))
        return false;
    if (!text_integer(text, &number))
        return err_set(err, ERR_RECORD, "not a time of the years 0 to 9999");
    seconds = number / unit - (number % unit < 0);
    if (seconds < YEAR_0 || seconds > YEAR_9999)
        return err_set(err, ERR_RECORD, "not a time of the years 0 to 9999");
    when = (time_t)seconds;
    gmtime_r(&when, &tm);
    date = arena_alloc(scope->arena, DATE_BYTES);
    text = (struct slice){date, write_date(date, call->arguments[0].text.data, &tm)};
    arena_shrink(scope->arena, date, DATE_BYTES, text.length);
    *value = filter_result(out, VALUE_STRING, text);
    return true;
}

bool prepare_epoch(struct filter_call *call, const struct cursor *cursor)
{
    return check_unit(call, 0, cursor);
}

/* The next @p count digits as a number, from 0 to @p most. */
static bool take_number(struct slice *text, size_t count, int most, int *number)
{
    *number = 0;
    if (text->length < count)
        return false;
    for (; count; count--, text->data++, text->length--) {
        if (!isdigit((unsigned char)*text->data))
            return false;
        *number = *number * 10 + (*text->data - '0');
    }
    return *number <= most;
}

/* One byte out of @p wanted. */
static bool take_byte(struct slice *text, const char *wanted, char *taken)
{
    if (!text->length || !*text->data || !strchr(wanted, *text->data))
        return false;
    *taken = *text->data++;
    text->length--;
    return true;
}

/* ".123456789", if it comes next; what is finer than a microsecond is dropped. */
static bool take_fraction(struct slice *text, int64_t *microseconds)
{
    size_t digits = 0;
    char point;

    *microseconds = 0;
    if (!take_byte(text, ".", &point))
        return true;
    for (; text->length && isdigit((unsigned char)*text->data); text->data++, text->length--)
        if (digits++ < DIGITS_OF_MICROSECONDS)
            *microseconds = *microseconds * 10 + (*text->data - '0');
    for (size_t i = digits; i < DIGITS_OF_MICROSECONDS; i++)
        *microseconds *= 10;
    return digits > 0;
}

/* "Z", "+01:00" or "-00:30". */
static bool take_zone(struct slice *text, int64_t *seconds)
{
    int hours, minutes;
    char sign, colon;

    *seconds = 0;
    if (!take_byte(text, "Zz+-", &sign))
        return false;
    if (sign == 'Z' || sign == 'z')
        return true;
    if (!take_number(text, 2, 23, &hours) || !take_byte(text, ":", &colon) ||
        !take_number(text, 2, 59, &minutes))
        return false;
    *seconds = (hours * 60 + minutes) * (sign == '-' ? -60 : 60);
    return true;
}

static bool take_date(struct slice *text, struct tm *tm)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap;
    char byte;

    if (!take_number(text, 4, 9999, &tm->tm_year) || !take_byte(text, "-", &byte) ||
        !take_number(text, 2, 12, &tm->tm_mon) || !take_byte(text, "-", &byte) ||
        !take_number(text, 2, 31, &tm->tm_mday) || tm->tm_mon == 0 || tm->tm_mday == 0)
        return false;
    leap = tm->tm_year % 4 == 0 && (tm->tm_year % 100 != 0 || tm->tm_year % 400 == 0);
    tm->tm_mon--;
    if (tm->tm_mday > days[tm->tm_mon] + (leap && tm->tm_mon == 1))
        return false;
    tm->tm_year -= 1900;
    return true;
}

/* RFC 3339, a space for the "T" allowed. A leap second counts as the first one behind it. */
static bool read_date(struct slice text, int64_t *seconds, int64_t *microseconds)
{
    struct tm tm = {0};
    int64_t zone;
    char byte;

    if (!take_date(&text, &tm) || !take_byte(&text, "Tt ", &byte) ||
        !take_number(&text, 2, 23, &tm.tm_hour) || !take_byte(&text, ":", &byte) ||
        !take_number(&text, 2, 59, &tm.tm_min) || !take_byte(&text, ":", &byte) ||
        !take_number(&text, 2, 60, &tm.tm_sec) || !take_fraction(&text, microseconds) ||
        !take_zone(&text, &zone) || text.length)
        return false;
    *seconds = (int64_t)timegm(&tm) - zone;
    return true;
}

bool filter_epoch(const struct filter_call *call, struct scope *scope, const struct value **value,
                  struct value *out, struct err *err)
{
    int64_t unit = unit_of(call, 0), seconds, microseconds;
    struct slice text;
    char *number;

    if (!filter_text(*value, scope->arena, &text, err))
        return false;
    if ((*value)->type != VALUE_STRING || !read_date(text, &seconds, &microseconds))
        return err_set(err, ERR_RECORD, "not an RFC 3339 date and time");
    number = arena_alloc(scope->arena, NUMBER_BYTES);
    int length = snprintf(number, NUMBER_BYTES, "%" PRId64,
                          seconds * unit + microseconds / (1000000 / unit));
    *value = filter_result(out, VALUE_NUMBER, (struct slice){number, (size_t)length});
    return true;
}
