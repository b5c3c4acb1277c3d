/* number.c: numbers, durations and sizes of the file. */
#include "conf/number.h"

#include "base/mem.h"
#include "base/text.h"
#include "conf/read.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char duration_hint[] =
    "a duration is a number and a unit (ms, s, m, h, d), in quotes: \"500ms\", \"5s\", \"7d\"";
static const char size_hint[] =
    "a size is a number of bytes, or in quotes with a unit: \"512KiB\", "
    "\"64MiB\", \"1GiB\"";

/* Reads a number that may also stand in a string, "${WORKERS:-2}", whose form @p parse knows.
 */
static bool parse_number(const struct loader *loader, const struct option *option,
                         const struct setting *setting, const char *wanted, const char *hint,
                         bool (*parse)(struct slice text, int64_t *number), int64_t *number)
{
    struct conf_text text;

    if (setting->kind != SETTING_TEXT) {
        read_refuse_kind(loader, option, setting, hint, wanted);
        return false;
    }
    if (!read_text(loader, setting, option->name, &text))
        return false;
    if (parse(slice_of(text.text), number))
        return true;
    conf_problem(loader->problems, setting->origin, hint, "'%s' must be %s, not '%s'", option->name,
                 wanted, read_shown(&text));
    return false;
}

/* Stores @p number if it lies within the row's range. */
static void store_within(const struct loader *loader, const struct option *option,
                         const struct setting *setting, int64_t number,
                         bool (*parse)(struct slice text, int64_t *number), int64_t *field)
{
    int64_t least = INT64_MIN, most = INT64_MAX;

    parse(slice_of(option->least), &least);
    parse(slice_of(option->most), &most);
    if (number >= least && number <= most)
        *field = number;
    else if (least == most)
        conf_problem(loader->problems, setting->origin, NULL, "'%s' must be %s", option->name,
                     option->least);
    else
        conf_problem(loader->problems, setting->origin, NULL, "'%s' must be from %s to %s",
                     option->name, option->least, option->most);
}

void number_read_integer(const struct loader *loader, const struct option *option,
                         const struct setting *setting, void *field)
{
    int64_t number = setting->integer;

    if (setting->kind == SETTING_INTEGER ||
        parse_number(loader, option, setting, "a whole number", NULL, text_integer, &number))
        store_within(loader, option, setting, number, text_integer, field);
}

/* So many seconds in the largest unit that fits: "7d". */
static char *duration_text(int64_t seconds)
{
    static const struct {
        int64_t seconds;
        char unit;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    size_t i = 0;

    while (seconds % units[i].seconds)
        i++;
    return mem_format("%" PRId64 "%c", seconds / units[i].seconds, units[i].unit);
}

char *number_duration_hint(const struct setting *setting)
{
    int64_t seconds = setting->kind == SETTING_INTEGER ? setting->integer : 0;

    if (setting->kind == SETTING_TEXT && !text_integer(slice_of(setting->text), &seconds))
        return mem_text(duration_hint);
    if (seconds <= 0)
        return mem_text(duration_hint);
    char *largest = duration_text(seconds);
    bool same = largest[strlen(largest) - 1] == 's';
    char *hint = mem_format(
        "a number needs its unit (ms, s, m, h, d): \"%" PRId64 "s\"%s%s%s, or \"%" PRId64 "ms\"",
        seconds, same ? "" : ", the same as \"", same ? "" : largest, same ? "" : "\"", seconds);
    free(largest);
    return hint;
}

void number_read_duration(const struct loader *loader, const struct option *option,
                          const struct setting *setting, void *field)
{
    char *hint = number_duration_hint(setting);
    int64_t milliseconds;

    if (parse_number(loader, option, setting, "a duration", hint, text_duration, &milliseconds))
        store_within(loader, option, setting, milliseconds, text_duration, field);
    free(hint);
}

void number_read_size(const struct loader *loader, const struct option *option,
                      const struct setting *setting, void *field)
{
    int64_t bytes = setting->integer;

    if (setting->kind == SETTING_INTEGER ||
        parse_number(loader, option, setting, "a size", size_hint, text_size, &bytes))
        store_within(loader, option, setting, bytes, text_size, field);
}

void number_write_integer(const struct option *option, const void *field, bool secrets, FILE *out)
{
    (void)option, (void)secrets;
    fprintf(out, "%" PRId64, *(const int64_t *)field);
}

void number_write_duration(const struct option *option, const void *field, bool secrets, FILE *out)
{
    int64_t milliseconds = *(const int64_t *)field;

    (void)option, (void)secrets;
    if (milliseconds % 1000 || !milliseconds) {
        fprintf(out, "%" PRId64 "ms", milliseconds);
        return;
    }
    char *text = duration_text(milliseconds / 1000);
    fputs(text, out);
    free(text);
}

void number_write_size(const struct option *option, const void *field, bool secrets, FILE *out)
{
    static const char *const units[] = {"", "KiB", "MiB", "GiB"};
    int64_t bytes = *(const int64_t *)field;
    size_t unit = 0;

    (void)option, (void)secrets;
    while (bytes && bytes % 1024 == 0 && unit < 3) {
        bytes /= 1024;
        unit++;
    }
    fprintf(out, "%" PRId64 "%s", bytes, units[unit]);
}
