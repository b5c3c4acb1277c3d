/* loop_fixture.c: what a sink, or units, need in a test: options, an event loop, metrics. */
#include "loop_fixture.h"

#include "base/mem.h"
#include "redis/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TURN_MS = 5 };

#define NAME "test"

struct conf_sink loop_fixture_options(int port)
{
    return (struct conf_sink){
        .name = mem_text(NAME),
        .host = mem_text("127.0.0.1"),
        .port = port,
        .connections = 1,
        .window_commands = 512,
        .window_bytes = 512 << 10,
        .connect_timeout = 2000,
        .response_timeout = 5000,
        .checkpoint_prefix = {.text = "penstock"},
        .unit_records = 16,
        .unit_bytes = 64 << 10,
    };
}

void loop_fixture_open(struct loop_fixture *loop)
{
    struct metrics_shape shape = {.workers = 1};
    const struct command *commands = command_all(&shape.command_count);

    loop->base = event_base_new();
    loop->names = mem_array(shape.command_count, sizeof(*loop->names));
    for (size_t i = 0; i < shape.command_count; i++)
        loop->names[i] = commands[i].name;
    shape.commands = loop->names;
    loop->metrics = metrics_new(&shape);
    loop->worker = metrics_worker(loop->metrics, 0);
}

void loop_fixture_close(struct loop_fixture *loop, struct conf_sink *options)
{
    event_base_free(loop->base);
    metrics_free(loop->metrics);
    free(loop->names);
    free(options->name);
    free(options->host);
    free(options->socket_path);
}

void loop_fixture_turn(const struct loop_fixture *loop)
{
    struct timeval limit = {0, TURN_MS * 1000};

    event_base_loopexit(loop->base, &limit);
    event_base_loop(loop->base, EVLOOP_ONCE);
}

size_t loop_fixture_arguments(struct slice arguments[LOOP_FIXTURE_ARGUMENTS], va_list list)
{
    size_t count = 0;

    for (const char *argument; (argument = va_arg(list, const char *));)
        arguments[count++] = slice_of(argument);
    return count;
}

bool loop_fixture_is_trouble(const char *trouble, const char *text)
{
    return trouble && strstr(trouble, text);
}

bool loop_fixture_expect_trouble(const char *trouble, const char *text)
{
    if (!loop_fixture_is_trouble(trouble, text))
        fprintf(stderr, "no such trouble: %s, but: %s\n", text, trouble ? trouble : "none");
    return loop_fixture_is_trouble(trouble, text);
}
