/* sink_driver.c: a sink, its event loop, and a note of what became of each command. */
#include "sink_driver.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { TURN_MS = 5, PATIENCE_MS = 20000, ARGUMENTS_LIMIT = 16 };

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

    driver->options = (struct conf_sink){
        .name = mem_text("test"),
        .host = mem_text("127.0.0.1"),
        .port = port,
        .connections = 1,
        .window_commands = 512,
        .window_bytes = 512 << 10,
        .connect_timeout = 2000,
        .response_timeout = 5000,
    };
    driver->base = event_base_new();
    return driver;
}

void driver_start(struct driver *driver)
{
    struct sink_events events = {driver,
                                 driver_on_done,
                                 driver_on_refused,
                                 driver_is_wanted,
                                 driver_on_dropped,
                                 driver_patience,
                                 NULL};
    struct metrics_shape shape = {.workers = 1, .sink_count = 1};
    const struct command *commands = command_all(&shape.command_count);
    struct err err;

    driver->names = mem_array(shape.command_count + 1, sizeof(char *));
    for (size_t i = 0; i < shape.command_count; i++)
        driver->names[i] = commands[i].name;
    driver->names[shape.command_count] = driver->options.name;
    shape.commands = driver->names;
    shape.sinks = driver->names + shape.command_count;
    driver->metrics = metrics_new(&shape);
    struct metrics_worker *worker = metrics_worker(driver->metrics, 0);
    driver->counters = worker->sinks;
    driver->sink = sink_new(&driver->options, 0, "a test", driver->base, worker, &events, &err);
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

void driver_close(struct driver *driver)
{
    if (!driver)
        return;
    sink_free(driver->sink);
    event_base_free(driver->base);
    metrics_free(driver->metrics);
    free(driver->options.name);
    free(driver->options.host);
    free(driver->options.socket_path);
    free(driver->names);
    free(driver);
}

void driver_stage(struct driver *driver, struct slice key, const struct slice *arguments,
                  size_t count)
{
    sink_put(driver->sink, arguments, count, command_find(arguments[0]), key, driver->put++);
}

void driver_put(struct driver *driver, ...)
{
    struct slice arguments[ARGUMENTS_LIMIT];
    size_t count = 0;
    va_list list;

    va_start(list, driver);
    for (const char *argument; (argument = va_arg(list, const char *));)
        arguments[count++] = slice_of(argument);
    va_end(list);
    driver_stage(driver, count > 1 ? arguments[1] : (struct slice){0}, arguments, count);
    sink_commit(driver->sink);
}

void driver_turn(struct driver *driver)
{
    struct timeval limit = {0, TURN_MS * 1000};

    sink_turn(driver->sink);
    event_base_loopexit(driver->base, &limit);
    event_base_loop(driver->base, EVLOOP_ONCE);
}

void driver_run(struct driver *driver, int64_t milliseconds)
{
    for (int64_t end_ms = clock_ms() + milliseconds; clock_ms() < end_ms;)
        driver_turn(driver);
}

bool driver_finish(struct driver *driver)
{
    int64_t end_ms = clock_ms() + PATIENCE_MS;

    while (driver->answered < driver->put && clock_ms() < end_ms)
        driver_turn(driver);
    return driver->answered == driver->put;
}

static bool driver_has_trouble(const struct driver *driver, const char *text)
{
    const char *trouble = sink_trouble(driver->sink);

    return trouble && strstr(trouble, text);
}

bool driver_wait_trouble(struct driver *driver, const char *text)
{
    int64_t end_ms = clock_ms() + PATIENCE_MS;

    while (!driver_has_trouble(driver, text) && clock_ms() < end_ms)
        driver_turn(driver);
    if (driver_has_trouble(driver, text))
        return true;
    fprintf(stderr, "no such trouble: %s, but: %s\n", text,
            sink_trouble(driver->sink) ? sink_trouble(driver->sink) : "none");
    return false;
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
