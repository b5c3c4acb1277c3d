/* sink_fixture.c: a sink, its event loop, and a note of what became of each command. */
#include "sink_fixture.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void sink_fixture_note(struct sink_fixture *fixture, uint32_t ticket,
                              enum ticket_outcome outcome)
{
    if (fixture->outcomes[ticket] != TICKET_OPEN) {
        fprintf(stderr, "ticket %u was answered twice\n", ticket);
        abort();
    }
    if (outcome != TICKET_DROPPED && ticket > 0 && fixture->outcomes[ticket - 1] == TICKET_OPEN)
        fixture->unordered = true;
    fixture->outcomes[ticket] = (unsigned char)outcome;
    fixture->answered++;
}

static void sink_fixture_on_done(void *context, uint32_t ticket)
{
    sink_fixture_note(context, ticket, TICKET_DONE);
}

static void sink_fixture_on_refused(void *context, uint32_t ticket, enum reply_class class,
                                    const char *text)
{
    struct sink_fixture *fixture = context;

    sink_fixture_note(fixture, ticket, TICKET_REFUSED);
    fixture->class = class;
    snprintf(fixture->text, sizeof(fixture->text), "%s", text);
}

static bool sink_fixture_is_wanted(void *context, uint32_t ticket)
{
    return ticket >= ((struct sink_fixture *)context)->unwanted_below;
}

static void sink_fixture_on_dropped(void *context, uint32_t ticket)
{
    sink_fixture_note(context, ticket, TICKET_DROPPED);
}

static int64_t sink_fixture_retry_timeout(void *context, uint32_t ticket)
{
    (void)ticket;
    return ((struct sink_fixture *)context)->retry_timeout_ms;
}

struct sink_fixture *sink_fixture_new(int port)
{
    struct sink_fixture *fixture = mem_new(struct sink_fixture);

    fixture->options = loop_fixture_options(port);
    loop_fixture_open(&fixture->loop);
    fixture->counters = metrics_sink(fixture->loop.worker, fixture->options.name);
    return fixture;
}

static void sink_fixture_on_suspected(void *context, uint32_t ticket, const char *text)
{
    struct sink_fixture *fixture = context;

    (void)text;
    fixture->suspected = ticket;
    fixture->suspicions++;
}

void sink_fixture_start(struct sink_fixture *fixture)
{
    struct sink_events events = {.context = fixture,
                                 .done = sink_fixture_on_done,
                                 .refused = sink_fixture_on_refused,
                                 .wanted = sink_fixture_is_wanted,
                                 .dropped = sink_fixture_on_dropped,
                                 .retry_timeout = sink_fixture_retry_timeout,
                                 .suspected = sink_fixture_on_suspected};
    struct err err;

    fixture->sink = sink_new(&(struct sink_options){.conf = &fixture->options,
                                                    .client_name = "a test",
                                                    .base = fixture->loop.base,
                                                    .counters = fixture->counters,
                                                    .events = &events},
                             &err);
    if (!fixture->sink) {
        fprintf(stderr, "sink_new: %s\n", err.text);
        abort();
    }
}

struct sink_fixture *sink_fixture_open(int port)
{
    struct sink_fixture *fixture = sink_fixture_new(port);

    sink_fixture_start(fixture);
    return fixture;
}

void sink_fixture_stop(struct sink_fixture *fixture)
{
    if (!fixture)
        return;
    sink_free(fixture->sink);
    fixture->sink = NULL;
}

void sink_fixture_close(struct sink_fixture *fixture)
{
    if (!fixture)
        return;
    sink_free(fixture->sink);
    loop_fixture_close(&fixture->loop, &fixture->options);
    free(fixture);
}

void sink_fixture_stage(struct sink_fixture *fixture, struct slice key,
                        const struct slice *arguments, size_t count)
{
    fixture->outcomes[fixture->put] = TICKET_OPEN;
    sink_put(fixture->sink, arguments, count, command_find(arguments[0]), key, fixture->put++);
}

void sink_fixture_put(struct sink_fixture *fixture, ...)
{
    struct slice arguments[LOOP_FIXTURE_ARGUMENTS];
    va_list list;

    va_start(list, fixture);
    size_t count = loop_fixture_arguments(arguments, list);
    va_end(list);
    sink_fixture_stage(fixture, count > 1 ? arguments[1] : (struct slice){0}, arguments, count);
    sink_commit(fixture->sink);
}

void sink_fixture_turn(struct sink_fixture *fixture)
{
    sink_turn(fixture->sink);
    loop_fixture_turn(&fixture->loop);
}

void sink_fixture_run(struct sink_fixture *fixture, int64_t milliseconds)
{
    for (int64_t end_ms = clock_ms() + milliseconds; clock_ms() < end_ms;)
        sink_fixture_turn(fixture);
}

bool sink_fixture_finish(struct sink_fixture *fixture)
{
    int64_t end_ms = clock_ms() + LOOP_FIXTURE_PATIENCE_MS;
    uint32_t before = fixture->answered;

    while (fixture->answered < fixture->put && clock_ms() < end_ms) {
        sink_fixture_turn(fixture);
        if (fixture->answered != before)
            end_ms = clock_ms() + LOOP_FIXTURE_PATIENCE_MS;
        before = fixture->answered;
    }
    return fixture->answered == fixture->put;
}

bool sink_fixture_until(struct sink_fixture *fixture, bool (*done)(struct sink_fixture *))
{
    int64_t end_ms = clock_ms() + LOOP_FIXTURE_PATIENCE_MS;

    while (!done(fixture) && clock_ms() < end_ms)
        sink_fixture_turn(fixture);
    return done(fixture);
}

bool sink_fixture_succeeds(struct sink_fixture *fixture)
{
    bool all = sink_fixture_finish(fixture);

    for (uint32_t i = 0; i < fixture->put; i++)
        if (fixture->outcomes[i] != TICKET_DONE) {
            fprintf(stderr, "ticket %u: outcome %d\n", i, fixture->outcomes[i]);
            return false;
        }
    return all;
}

bool sink_fixture_wait_trouble(struct sink_fixture *fixture, const char *text)
{
    int64_t end_ms = clock_ms() + LOOP_FIXTURE_PATIENCE_MS;

    while (!loop_fixture_is_trouble(sink_trouble(fixture->sink), text) && clock_ms() < end_ms)
        sink_fixture_turn(fixture);
    return loop_fixture_expect_trouble(sink_trouble(fixture->sink), text);
}

void sink_fixture_push_sequence(struct sink_fixture *fixture, int first, int last)
{
    char number[16];

    for (int i = first; i < last; i++) {
        while (!sink_has_room(fixture->sink))
            sink_fixture_turn(fixture);
        snprintf(number, sizeof(number), "%d", i);
        sink_fixture_put(fixture, "RPUSH", "seq", number, NULL);
    }
}
