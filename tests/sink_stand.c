/* sink_stand.c: what a sink, or units, stand on in a test: options, an event loop, metrics. */
#include "sink_stand.h"

#include "base/mem.h"
#include "redis/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TURN_MS = 5 };

#define NAME "test"

struct conf_sink stand_options(int port)
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

void stand_open(struct stand *stand)
{
    struct metrics_shape shape = {.workers = 1, .sink_count = 1};
    const struct command *commands = command_all(&shape.command_count);

    stand->base = event_base_new();
    stand->names = mem_array(shape.command_count + 1, sizeof(*stand->names));
    for (size_t i = 0; i < shape.command_count; i++)
        stand->names[i] = commands[i].name;
    stand->names[shape.command_count] = NAME;
    shape.commands = stand->names;
    shape.sinks = stand->names + shape.command_count;
    stand->metrics = metrics_new(&shape);
    stand->worker = metrics_worker(stand->metrics, 0);
}

void stand_close(struct stand *stand, struct conf_sink *options)
{
    event_base_free(stand->base);
    metrics_free(stand->metrics);
    free(stand->names);
    free(options->name);
    free(options->host);
    free(options->socket_path);
}

void stand_turn(const struct stand *stand)
{
    struct timeval limit = {0, TURN_MS * 1000};

    event_base_loopexit(stand->base, &limit);
    event_base_loop(stand->base, EVLOOP_ONCE);
}

size_t stand_arguments(struct slice arguments[STAND_ARGUMENTS], va_list list)
{
    size_t count = 0;

    for (const char *argument; (argument = va_arg(list, const char *));)
        arguments[count++] = slice_of(argument);
    return count;
}

bool stand_is_trouble(const char *trouble, const char *text)
{
    return trouble && strstr(trouble, text);
}

bool stand_expect_trouble(const char *trouble, const char *text)
{
    if (!stand_is_trouble(trouble, text))
        fprintf(stderr, "no such trouble: %s, but: %s\n", text, trouble ? trouble : "none");
    return stand_is_trouble(trouble, text);
}
