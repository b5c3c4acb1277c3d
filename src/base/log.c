/*
 * log.c: what happened, as an event and its facts.
 *
 * A line is built in memory and leaves in one write(), so that lines of several threads, and of
 * several processes on one terminal, do not mix. A full, stuck or closed stderr loses lines, never
 * the process: they are counted, and the count is written once lines leave again.
 *
 * Texts come from Kafka, Redis and libraries, so they are cut at VALUE_BYTES, and bytes that are
 * not UTF-8 are replaced: a line is always whole and, as JSON, always valid.
 */
#include "base/log.h"

#include "base/clock.h"
#include "base/json_writer.h"
#include "base/log_sum.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    LINE_BYTES = 4096,  /* PIPE_BUF: poll() reports that a pipe has this much room */
    VALUE_BYTES = 1024, /* of one text, before escapes */
    ROOM_BYTES =
        LINE_BYTES + 6 * VALUE_BYTES + 256, /* a line, and the field that is one too many */
    STDERR_TIMEOUT_MS = 50,                 /* for a stderr that nobody reads */
    QUIET_MS = 10000
};

enum log_style { STYLE_PLAIN, STYLE_JOURNAL, STYLE_COLOUR, STYLE_JSON };

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static const int level_priorities[] = {3, 4, 6, 7}; /* sd-daemon(3) */
static const char *const level_colours[] = {"\033[31m", "\033[33m", "\033[32m", "\033[2m"};

static _Atomic(enum log_level) log_level = LOG_INFO;
static enum log_style log_style = STYLE_PLAIN;
static pthread_mutex_t log_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct log_site *log_sites; /* those that have left lines out */
static uint32_t log_lost;          /* lines that stderr did not accept */

/* systemd names the device and inode of the journal's socket in $JOURNAL_STREAM (systemd.exec(5)).
 */
static bool log_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat status;

    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device && status.st_ino == inode;
}

void log_configure(enum log_level level, enum log_format format)
{
    log_set_level(level);
    if (format == LOG_JSON)
        log_style = STYLE_JSON;
    else if (format == LOG_AUTO && log_is_journal())
        log_style = STYLE_JOURNAL;
    else if (format == LOG_AUTO && isatty(STDERR_FILENO) && !getenv("NO_COLOR"))
        log_style = STYLE_COLOUR;
    else
        log_style = STYLE_PLAIN;
}

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&log_level, level, memory_order_relaxed);
}

enum log_level log_current_level(void)
{
    return atomic_load_explicit(&log_level, memory_order_relaxed);
}

bool log_enabled(enum log_level level)
{
    return level <= log_current_level();
}

static bool log_is_plain_word(struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!isgraph((unsigned char)text.data[i]) || text.data[i] == '"' || text.data[i] == '=' ||
            text.data[i] == '\\')
            return false;
    return text.length > 0 && text.length <= VALUE_BYTES;
}

/* One character, with JSON's escape if a terminal would not show it as itself. */
static void log_put_character(FILE *line, const char *bytes, size_t length)
{
    uint32_t point = text_point((struct slice){bytes, length});
    char escape[JSON_ESCAPE_BYTES];

    if (point < ' ' || point == '"' || point == '\\')
        fwrite(escape, 1, json_escape(escape, (unsigned char)point), line);
    else if (text_is_visible(point))
        fwrite(bytes, 1, length, line);
    else
        fprintf(line, "\\u%04x", point > 0xffff ? 0xfffd : point);
}

/* With JSON's escapes; logfmt readers accept the same. */
static void log_put_quoted(FILE *line, struct slice text)
{
    size_t end = text.length > VALUE_BYTES ? VALUE_BYTES : text.length;

    fputc('"', line);
    for (size_t i = 0; i < end;) {
        size_t length = text_character((struct slice){text.data + i, text.length - i});
        if (length == 0)
            fputs("\\ufffd", line);
        else
            log_put_character(line, text.data + i, length);
        i += length ? length : 1;
    }
    fputs(end < text.length ? "...\"" : "\"", line);
}

static void log_put_field(FILE *line, const struct log_field *field)
{
    if (!field->number && !field->text.data)
        return;
    if (log_style == STYLE_JSON)
        fprintf(line, ",\"%s\":", field->key);
    else
        fprintf(line, " %s=", field->key);
    if (field->number)
        fprintf(line, "%" PRId64, field->integer);
    else if (log_style != STYLE_JSON && log_is_plain_word(field->text))
        fwrite(field->text.data, 1, field->text.length, line);
    else
        log_put_quoted(line, field->text);
}

static void log_put_head(FILE *line, enum log_level level, const char *event)
{
    int64_t now_ms = clock_wall_ms();
    time_t seconds = (time_t)(now_ms / 1000);
    char date[32];
    struct tm tm;

    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &tm));
    if (log_style == STYLE_JSON) {
        fprintf(line, "{\"ts\":\"%s.%03dZ\",\"level\":\"%s\",\"msg\":", date, (int)(now_ms % 1000),
                level_names[level]);
        log_put_quoted(line, slice_of(event));
        return;
    }
    if (log_style == STYLE_JOURNAL) /* the journal knows the time and the level */
        fprintf(line, "<%d>", level_priorities[level]);
    else if (log_style == STYLE_COLOUR)
        fprintf(line, "\033[2m%s.%03dZ\033[0m %s%s\033[0m ", date + 11, (int)(now_ms % 1000),
                level_colours[level], level_names[level]);
    else
        fprintf(line, "ts=%s.%03dZ level=%s ", date, (int)(now_ms % 1000), level_names[level]);
    fputs("msg=", line);
    log_put_quoted(line, slice_of(event));
}

/* Puts as many fields as fit whole; the length of the line. */
static size_t log_build(char *room, enum log_level level, const char *event,
                        const struct log_field *fields)
{
    FILE *line = fmemopen(room, ROOM_BYTES, "w");
    long length = 0, used;

    if (!line)
        return 0;
    log_put_head(line, level, event);
    while ((used = ftell(line)) <= LINE_BYTES - 2) {
        length = used;
        if (!fields->key)
            break;
        log_put_field(line, fields++);
    }
    fclose(line);
    if (log_style == STYLE_JSON)
        room[length++] = '}';
    room[length++] = '\n';
    return (size_t)length;
}

/* False if stderr does not accept the line: it is closed, its disk is full, or nobody reads it. */
static bool log_emit(const char *line, size_t length)
{
    struct pollfd stream = {.fd = STDERR_FILENO, .events = POLLOUT};

    if (poll(&stream, 1, log_lost ? 0 : STDERR_TIMEOUT_MS) != 1 || stream.revents != POLLOUT)
        return false; /* a closed pipe has POLLERR beside it, and would raise SIGPIPE */
    return write(STDERR_FILENO, line, length) == (ssize_t)length;
}

static void log_put(enum log_level level, const char *event, const struct log_field *fields)
{
    char room[ROOM_BYTES];
    int saved = errno; /* a caller may log before it looks */
    uint32_t lost = log_lost;

    if (!log_emit(room, log_build(room, level, event, fields))) {
        log_lost++;
    } else if (lost) {
        log_lost = 0;
        log_put(LOG_WARN, "log lines lost",
                (const struct log_field[]){LOG_INT("lines", lost), LOG_END});
    }
    errno = saved;
}

static void log_put_sum(const struct log_site *site, struct log_sum *sum)
{
    struct log_field fields[LOG_SUM_FIELDS];

    log_sum_fields(sum, fields);
    log_put(site->level, site->event, fields);
    log_sum_free(sum);
}

/* Ends the site's ten seconds: writes the sums of the lines left out. */
static void log_settle(struct log_site *site)
{
    struct log_sum *sum;

    while ((sum = log_sum_take(&site->sums)))
        log_put_sum(site, sum);
    site->written = 0;
    site->waits = false;
}

static void log_leave_out(struct log_site *site, enum log_level level, const char *event,
                          const struct log_field *fields)
{
    struct log_sum *full;

    site->level = level;
    site->event = event;
    if (!site->waits) {
        site->waits = true;
        site->next = log_sites;
        log_sites = site;
    }
    full = log_sum_add(&site->sums, fields);
    if (full)
        log_put_sum(site, full);
}

/* Whether the site may write. */
static bool log_admit(struct log_site *site)
{
    int64_t now_ms = clock_ms();

    if (now_ms >= site->until_ms && !site->waits) { /* else log_sum_up() settles it first */
        site->written = 0;
        site->until_ms = now_ms + QUIET_MS;
    }
    if (site->written >= site->burst)
        return false;
    site->written++;
    return true;
}

void log_write(struct log_site *site, enum log_level level, const char *event,
               const struct log_field *fields)
{
    pthread_mutex_lock(&log_mutex);
    if (!site || log_admit(site))
        log_put(level, event, fields);
    else
        log_leave_out(site, level, event, fields);
    pthread_mutex_unlock(&log_mutex);
}

/* Settles the sites whose ten seconds were over at @p now_ms. */
static void log_settle_until(int64_t now_ms)
{
    pthread_mutex_lock(&log_mutex);
    for (struct log_site **link = &log_sites; *link;) {
        struct log_site *site = *link;
        if (now_ms < site->until_ms) {
            link = &site->next;
            continue;
        }
        *link = site->next;
        log_settle(site);
    }
    pthread_mutex_unlock(&log_mutex);
}

void log_sum_up(void)
{
    log_settle_until(clock_ms());
}

void log_finish(void)
{
    log_settle_until(INT64_MAX);
}
