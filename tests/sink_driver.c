/* sink_driver.c: a sink, its event loop, and a note of what became of each command. */
#include "sink_driver.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void driver_note(struct driver *driver, uint32_t ticket, enum driver_outcome outcome)
{
    if (driver->outcomes[ticket] != DRIVER_OPEN) {
        fprintf(stderr, "ticket %u was answered twice\n", ticket);
        abort();
    }
    if (outcome != DRIVER_DROPPED && ticket > 0 && driver->outcomes[ticket - 1] == DRIVER_OPEN)
        driver->unordered = true;
    driver->outcomes[ticket] = (unsigned char)outcome;
    driver->answered++;
}

static void driver_on_done(void *context, uint32_t ticket)
{
    driver_note(context, ticket, DRIVER_DONE);
}

static void driver_on_refused(void *context, uint32_t ticket, enum reply_class class,
                              const char *text)
{
    struct driver *driver = context;

    driver_note(driver, ticket, DRIVER_REFUSED);
    driver->class = class;
    snprintf(driver->text, sizeof(driver->text), "%s", text);
}

static bool driver_is_wanted(void *context, uint32_t ticket)
{
    return ticket >= ((struct driver *)context)->unwanted_below;
}

static void driver_on_dropped(void *context, uint32_t ticket)
{
    driver_note(context, ticket, DRIVER_DROPPED);
}

static int64_t driver_patience(void *context, uint32_t ticket)
{
    (void)ticket;
    return ((struct driver *)context)->patience_ms;
}

struct driver *driver_new(int port)
{
    struct driver *driver = mem_new(struct driver);

    driver->options = stand_options(port);
    stand_open(&driver->stand);
    driver->counters = driver->stand.worker->sinks;
    return driver;
}

static void driver_on_suspected(void *context, uint32_t ticket, const char *text)
{
    struct driver *driver = context;

    (void)text;
    driver->suspected = ticket;
    driver->suspicions++;
}

void driver_start(struct driver *driver)
{
    struct sink_events events = {.context = driver,
                                 .done = driver_on_done,
                                 .refused = driver_on_refused,
                                 .wanted = driver_is_wanted,
                                 .dropped = driver_on_dropped,
                                 .patience = driver_patience,
                                 .suspected = driver_on_suspected};
    struct err err;

    driver->sink = sink_new(&driver->options, 0, "a test", driver->stand.base, driver->stand.worker,
                            &events, &err);
    if (!driver->sink) {
        fprintf(stderr, "sink_new: %s\n", err.text);
        abort();
    }
}

struct driver *driver_open(int port)
{
    struct driver *driver = driver_new(port);

    driver_start(driver);
    return driver;
}

void driver_stop(struct driver *driver)
{
    if (!driver)
        return;
    sink_free(driver->sink);
    driver->sink = NULL;
}

void driver_close(struct driver *driver)
{
    if (!driver)
        return;
    sink_free(driver->sink);
    stand_close(&driver->stand, &driver->options);
    free(driver);
}

void driver_stage(struct driver *driver, struct slice key, const struct slice *arguments,
                  size_t count)
{
    sink_put(driver->sink, arguments, count, command_find(arguments[0]), key, driver->put++);
}

void driver_put(struct driver *driver, ...)
{
    struct slice arguments[STAND_ARGUMENTS];
    va_list list;

    va_start(list, driver);
    size_t count = stand_arguments(arguments, list);
    va_end(list);
    driver_stage(driver, count > 1 ? arguments[1] : (struct slice){0}, arguments, count);
    sink_commit(driver->sink);
}

void driver_turn(struct driver *driver)
{
    sink_turn(driver->sink);
    stand_turn(&driver->stand);
}

void driver_run(struct driver *driver, int64_t milliseconds)
{
    for (int64_t end_ms = clock_ms() + milliseconds; clock_ms() < end_ms;)
        driver_turn(driver);
}

bool driver_finish(struct driver *driver)
{
    int64_t end_ms = clock_ms() + STAND_PATIENCE_MS;

    while (driver->answered < driver->put && clock_ms() < end_ms)
        driver_turn(driver);
    return driver->answered == driver->put;
}

bool driver_succeeds(struct driver *driver)
{
    bool all = driver_finish(driver);

    for (uint32_t i = 0; i < driver->put; i++)
        if (driver->outcomes[i] != DRIVER_DONE) {
            fprintf(stderr, "ticket %u: outcome %d\n", i, driver->outcomes[i]);
            return false;
        }
    return all;
}

bool driver_wait_trouble(struct driver *driver, const char *text)
{
    int64_t end_ms = clock_ms() + STAND_PATIENCE_MS;

    while (!stand_is_trouble(sink_trouble(driver->sink), text) && clock_ms() < end_ms)
        driver_turn(driver);
    return stand_expect_trouble(sink_trouble(driver->sink), text);
}

void driver_push_sequence(struct driver *driver, int first, int last)
{
    char number[16];

    for (int i = first; i < last; i++) {
        while (!sink_has_room(driver->sink))
            driver_turn(driver);
        snprintf(number, sizeof(number), "%d", i);
        driver_put(driver, "RPUSH", "seq", number, NULL);
    }
}
