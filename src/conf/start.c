/* start.c: where a partition without a committed offset begins. */
#include "conf/start.h"

#include "conf/read.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

/* What is left of the text; each step takes its part from the front, or leaves it. */
struct reader {
    const char *next;
};

/* Exactly @p digits digits within the range. */
static bool reader_number(struct reader *reader, int digits, int least, int most, int *number)
{
    int sum = 0;

    for (int i = 0; i < digits; i++) {
        if (!isdigit((unsigned char)reader->next[i]))
            return false;
        sum = sum * 10 + (reader->next[i] - '0');
    }
    reader->next += digits;
    *number = sum;
    return sum >= least && sum <= most;
}

static bool reader_sign(struct reader *reader, const char *signs)
{
    if (!*reader->next || !strchr(signs, *reader->next))
        return false;
    reader->next++;
    return true;
}

static bool reader_date(struct reader *reader, struct tm *tm)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (!reader_number(reader, 4, 1970, 9999, &tm->tm_year) || !reader_sign(reader, "-") ||
        !reader_number(reader, 2, 1, 12, &tm->tm_mon) || !reader_sign(reader, "-") ||
        !reader_number(reader, 2, 1, 31, &tm->tm_mday))
        return false;
    bool leap = tm->tm_year % 4 == 0 && (tm->tm_year % 100 != 0 || tm->tm_year % 400 == 0);
    int last = days[tm->tm_mon - 1] + (tm->tm_mon == 2 && leap);
    tm->tm_year -= 1900;
    tm->tm_mon--;
    return tm->tm_mday <= last;
}

/* ".5", ".500", ".500000": the milliseconds count. */
static int reader_fraction(struct reader *reader)
{
    int milliseconds = 0, scale = 100;

    if (!reader_sign(reader, "."))
        return 0;
    for (; isdigit((unsigned char)*reader->next); reader->next++, scale /= 10)
        milliseconds += (*reader->next - '0') * scale;
    return milliseconds;
}

static bool reader_clock(struct reader *reader, struct tm *tm, int *milliseconds)
{
    if (!reader_number(reader, 2, 0, 23, &tm->tm_hour) || !reader_sign(reader, ":") ||
        !reader_number(reader, 2, 0, 59, &tm->tm_min))
        return false;
    if (!reader_sign(reader, ":"))
        return true;
    if (!reader_number(reader, 2, 0, 60, &tm->tm_sec))
        return false;
    *milliseconds = reader_fraction(reader);
    return true;
}

/* "Z", "+01:00", "-03:30" as minutes ahead of UTC. */
static bool reader_zone(struct reader *reader, int *minutes)
{
    bool behind = *reader->next == '-';
    int hours, rest;

    *minutes = 0;
    if (reader_sign(reader, "Zz"))
        return true;
    if (!reader_sign(reader, "+-") || !reader_number(reader, 2, 0, 23, &hours) ||
        !reader_sign(reader, ":") || !reader_number(reader, 2, 0, 59, &rest))
        return false;
    *minutes = (behind ? -1 : 1) * (hours * 60 + rest);
    return true;
}

static bool start_time(const char *text, int64_t *time_ms)
{
    struct reader reader = {text};
    struct tm tm = {0};
    int milliseconds = 0, minutes = 0;

    if (!reader_date(&reader, &tm))
        return false;
    if (*reader.next &&
        (!reader_sign(&reader, "Tt ") || !reader_clock(&reader, &tm, &milliseconds) ||
         !reader_zone(&reader, &minutes)))
        return false;
    if (*reader.next)
        return false;
    *time_ms = ((int64_t)timegm(&tm) - (int64_t)minutes * 60) * 1000 + milliseconds;
    return true;
}

static const char *const words[] = {
    [START_EARLIEST] = "earliest", [START_LATEST] = "latest", [START_ERROR] = "error"};

bool start_parse(const char *text, struct conf_start *start, struct err *err)
{
    int64_t time;

    for (int i = START_EARLIEST; i <= START_ERROR; i++)
        if (strcmp(text, words[i]) == 0) {
            *start = (struct conf_start){.kind = (enum conf_start_kind)i};
            return true;
        }
    if (text[0] != '@' || !start_time(text + 1, &time))
        return err_set(err, ERR_CONFIG,
                       "must be earliest, latest, error or a time such as @2026-01-31T00:00:00Z");
    *start = (struct conf_start){START_TIME, time};
    return true;
}

void start_read(const struct loader *loader, const struct option *option,
                const struct setting *setting, void *field)
{
    struct conf_text text;
    struct err err = {0};

    if (read_text(loader, setting, option->name, &text) && !start_parse(text.text, field, &err))
        conf_problem(loader->problems, setting->origin, NULL, "'%s' %s, not '%s'", option->name,
                     err.text, read_shown(&text));
}

void start_write(const struct option *option, const void *field, bool secrets, FILE *out)
{
    const struct conf_start *start = field;
    time_t seconds = (time_t)(start->time_ms / 1000);
    char text[32];
    struct tm tm;

    (void)option, (void)secrets;
    if (start->kind != START_TIME) {
        fputs(words[start->kind], out);
        return;
    }
    strftime(text, sizeof(text), "@%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &tm));
    fputs(text, out);
    if (start->time_ms % 1000)
        fprintf(out, ".%03d", (int)(start->time_ms % 1000));
    fputc('Z', out);
}
