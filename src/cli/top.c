/* top.c: penstock top: what a running bridge does, live. */
#include "app/cli.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/admin_ask.h"
#include "cli/admin_place.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "cli/top_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct cli_option options[] = {
    {'c', "config", "FILE", ADMIN_CONFIG_HELP},
    {'a', "admin", "ADDRESS", ADMIN_ADDRESS_HELP},
    {'t', "token-file", "FILE", ADMIN_TOKEN_HELP},
    {'i', "interval", "DURATION", "how often to look (default: 1s)"},
    {'n', "iterations", "NUMBER", "look so often, and end"},
    {'j', "json", NULL, "print one JSON object for each look, for a program"},
    {'h', "help", NULL, "print this"},
    {0},
};

static const char usage[] =
    "Usage: penstock top [OPTION]... [FILE]\n"
    "Shows what a running bridge does, by the metrics of its admin port: rates, lag and latency,\n"
    "its routes, sinks and partitions, those that are held or far behind first. Figures are those\n"
    "since the look before. \"q\" or Ctrl-C ends it. If standard output is no terminal, frames "
    "are\n"
    "printed one below the other. There is no colour if the variable NO_COLOR is set.\n";

static const char examples[] = "\nExamples:\n"
                               "  penstock top\n"
                               "  penstock top --admin /run/penstock/admin.sock\n"
                               "  penstock top rides.conf --json -n 1 | jq .lag\n";

struct request {
    struct admin_choice choice;
    int64_t interval_ms, iterations; /* INT64_MAX: until it is ended */
    bool json;
};

/* --- looking ---------------------------------------------------------------------------------- */

static bool look(struct top *top, const char *token)
{
    struct err err;
    char *scrape = admin_get(top->address, "/metrics", token, &err);

    if (scrape)
        top_take(top, scrape, clock_ms());
    else
        snprintf(top->trouble, sizeof(top->trouble), "%s", err.text);
    free(scrape);
    return scrape;
}

static void show(const struct request *request, const struct top *top, struct top_screen *screen)
{
    if (request->json) {
        top_json(top);
        return;
    }
    if (screen->terminal)
        terminal_size(&screen->width, &screen->height);
    top_draw(top, screen);
}

/* False: it was asked to end. */
static bool wait_interval(const struct request *request, const struct top *top,
                          struct top_screen *screen)
{
    int64_t until_ms = clock_ms() + request->interval_ms;
    enum terminal_event event;

    while ((event = terminal_wait(until_ms - clock_ms())) == TERMINAL_RESIZED)
        if (top->interval_s > 0)
            show(request, top, screen);
    return event == TERMINAL_TIME;
}

static int run(const struct request *request, const struct admin_place *place)
{
    struct top top = {.address = place->address};
    struct top_screen screen = {.width = 80};

    if (!look(&top, place->token)) {
        fprintf(stderr, "penstock: no answer: %s\n", top.trouble);
        return EXIT_UNAVAILABLE;
    }
    screen.terminal = !request->json && terminal_open();
    screen.colour = screen.terminal && !getenv("NO_COLOR");
    screen.unicode = terminal_is_unicode();
    for (int64_t i = 0; i < request->iterations && wait_interval(request, &top, &screen); i++) {
        look(&top, place->token);
        show(request, &top, &screen);
        if (ferror(stdout))
            break;
    }
    terminal_close();
    top_free(&top);
    return EXIT_OK;
}

/* --- the command line ------------------------------------------------------------------------- */

static const char *top_option(struct request *request, int option, const char *argument)
{
    switch (option) {
    case 'i':
        return text_duration(slice_of(argument), &request->interval_ms) &&
                       request->interval_ms >= 100 && request->interval_ms <= 3600000
                   ? NULL
                   : "--interval takes a duration from 100ms to 60m, such as 2s";
    case 'n':
        return text_integer(slice_of(argument), &request->iterations) && request->iterations > 0
                   ? NULL
                   : "--iterations takes a number, 1 at least";
    case 'j':
        request->json = true;
        return NULL;
    default:
        admin_choice_take(&request->choice, option, argument);
        return NULL;
    }
}

int cli_top(int argc, char **argv)
{
    struct request request = {.interval_ms = 1000, .iterations = INT64_MAX};
    struct admin_place place;
    const char *why;
    char *argument;
    int option;

    while ((option = cli_next(argc, argv, options, &argument)) != CLI_END) {
        if (option == 'h')
            return cli_print_help(usage, options, examples);
        if (option == CLI_WRONG)
            return cli_usage_error("top");
        if ((why = top_option(&request, option, argument)))
            return cli_misused("top", why);
    }
    if (cli_index() + (request.choice.config ? 0 : 1) < argc)
        return cli_misused("top", "one configuration at a time");
    if (cli_index() < argc)
        request.choice.config = argv[cli_index()];
    int status = admin_place_find(&request.choice, &place);
    if (status == EXIT_OK)
        status = run(&request, &place);
    admin_place_free(&place);
    return status;
}
