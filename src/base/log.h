/*
 * log.h: what happened, as an event and its facts.
 *
 *      log_warn("partition held", LOG_STR("topic", topic), LOG_INT("partition", 3),
 * LOG_STR("error", err->text));
 *
 * error: somebody must act; warn: handled, and how; info: once a life or a rebalance; debug: once a
 * turn. Never a payload, never a secret. Lines go to stderr as logfmt, as JSON, or with "<N>"
 * priorities if stderr is the journal. A call that repeats is summed up: its first line is written,
 * and the next ones within ten seconds become one line for each topic, partition and route, with
 * the number left out and every offset (log_sum.h). Any thread may log.
 */
#pragma once
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct log_sum;

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format {
    LOG_AUTO,
    LOG_LOGFMT,
    LOG_JSON
}; /* auto: logfmt, with priorities for the journal or colours for a terminal */

struct log_field {
    const char *key; /* NULL ends a list */
    bool number;
    int64_t integer;
    struct slice text;
};

/* A text that is NULL, and a LOG_SOME() that is 0, are left out. */
#define LOG_STR(key, value)   ((struct log_field){(key), false, 0, slice_of(value)})
#define LOG_SLICE(key, value) ((struct log_field){(key), false, 0, (value)})
#define LOG_INT(key, value)   ((struct log_field){(key), true, (int64_t)(value), {0}})
#define LOG_SOME(key, value)  ((value) ? LOG_INT(key, value) : LOG_STR(key, NULL))
#define LOG_END               ((struct log_field){0})

/** One place in the code that logs; its repeats are counted here. */
struct log_site {
    uint32_t burst; /* lines that it may write in ten seconds */
    uint32_t written;
    int64_t until_ms; /* end of the current ten seconds */
    bool waits;       /* lines of them were left out */
    enum log_level level;
    const char *event;
    struct log_sum *sums;  /* of the lines left out */
    struct log_site *next; /* among those that wait */
};

/** Call once, before threads start. */
void log_configure(enum log_level level, enum log_format format);

/** From now on. Any thread. */
void log_set_level(enum log_level level);

enum log_level log_current_level(void);

bool log_enabled(enum log_level level);

/** Writes one line, unless @p site wrote its burst in the last ten seconds; NULL: always. @p fields
 * end with LOG_END. */
void log_write(struct log_site *site, enum log_level level, const char *event,
               const struct log_field *fields);

/** Writes the sums of each site whose ten seconds are over. Called about once a second. */
void log_sum_up(void);

/** The same at once, before the process ends. */
void log_finish(void);

#define LOG_AT(level, lines, event, ...)                                                           \
    do {                                                                                           \
        static struct log_site log_site_ = {.burst = (lines)};                                     \
        if (log_enabled(level))                                                                    \
            log_write(&log_site_, level, event, (const struct log_field[]){__VA_ARGS__});          \
    } while (0)

#define log_error(...)             LOG_AT_(LOG_ERROR, 1, __VA_ARGS__, LOG_END)
#define log_warn(...)              LOG_AT_(LOG_WARN, 1, __VA_ARGS__, LOG_END)
#define log_debug(...)             LOG_AT_(LOG_DEBUG, 1, __VA_ARGS__, LOG_END)
#define LOG_AT_(level, lines, ...) LOG_AT(level, lines, __VA_ARGS__)

/* A warning about one record: the first twenty in ten seconds are written one by one. */
#define log_warn_record(...) LOG_AT_(LOG_WARN, 20, __VA_ARGS__, LOG_END)

/* Events of the life of the process, a connection or a partition: each one is written. */
#define log_info(...) LOG_EACH_(LOG_INFO, __VA_ARGS__, LOG_END)
/* A warning or an error that is never summed up: each is about another thing. */
#define log_warn_each(...)    LOG_EACH_(LOG_WARN, __VA_ARGS__, LOG_END)
#define log_error_each(...)   LOG_EACH_(LOG_ERROR, __VA_ARGS__, LOG_END)
#define LOG_EACH_(level, ...) LOG_EACH(level, __VA_ARGS__)
#define LOG_EACH(level, event, ...)                                                                \
    do {                                                                                           \
        if (log_enabled(level))                                                                    \
            log_write(NULL, level, event, (const struct log_field[]){__VA_ARGS__});                \
    } while (0)
