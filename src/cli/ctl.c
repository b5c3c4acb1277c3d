/* ctl.c: penstock ctl: asks a running bridge, and steers it. */
#include "app/cli.h"
#include "base/text.h"
#include "cli/admin_ask.h"
#include "cli/admin_place.h"
#include "cli/commands.h"
#include "cli/ctl_text.h"
#include "cli/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
    {'c', "config", "FILE", ADMIN_CONFIG_HELP},
    {'a', "admin", "ADDRESS", ADMIN_ADDRESS_HELP},
    {'t', "token-file", "FILE", ADMIN_TOKEN_HELP},
    {'j', "json", NULL, "print the answer as JSON, for a program"},
    {'h', "help", NULL, "print this"},
    {0},
};

static const char usage[] =
    "Usage: penstock ctl [OPTION]... status|routes|partitions|pause|resume|retry|skip|reload|log "
    "[ARGUMENT]...\n"
    "Asks a running bridge how it is, and steers it, over its unix socket or its admin port.\n"
    "\n"
    "Actions:\n"
    "  status                     whether it is ready, and why not; what it has done\n"
    "  routes                     every route, and what became of its records\n"
    "  partitions                 every partition: its offsets, its lag, and why it is not read\n"
    "  pause ROUTE                stop reading the route's topics; other routes of them wait, too\n"
    "  pause TOPIC PARTITION      stop reading one partition, also when it comes here later\n"
    "  resume ROUTE               read them again\n"
    "  resume TOPIC PARTITION     read it again\n"
    "  retry TOPIC PARTITION      try a held partition again at once\n"
    "  skip TOPIC PARTITION OFFSET  drop the record that holds the partition, which is the one at\n"
    "                             OFFSET: it is counted, logged, and gone\n"
    "  reload                     read the configuration again\n"
    "  log LEVEL                  change the level of the log: error, warn, info or debug\n"
    "\n"
    "A partition may be written as the log has it, too: 'rides[3]', and 'rides[3]@88121' for "
    "skip.\n"
    "Pauses outlast rebalances, and end with the process. The status is 1 if the bridge refuses.\n";

static const char examples[] = "\nExamples:\n"
                               "  penstock ctl -c rides.conf status\n"
                               "  penstock ctl -c rides.conf pause rides_cache\n"
                               "  penstock ctl -c rides.conf skip rides 3 88121\n"
                               "  penstock ctl --admin /run/penstock/admin.sock partitions --json\n"
                               "  penstock ctl --admin 10.0.0.7:9464 --token-file token reload\n";

/* --- what ------------------------------------------------------------------------------------- */

struct question {
    const struct action *action;
    char path[1024], body[64]; /* an empty body is none */
};

static void append_segment(char *path, size_t room, const char *text)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    size_t used = strlen(path);

    for (; *text && used + 4 < room; text++)
        used += (size_t)snprintf(path + used, room - used, strchr(plain, *text) ? "%c" : "%%%02X",
                                 (unsigned char)*text);
}

static bool wrong(const char *what)
{
    fprintf(stderr, "penstock ctl: %s\n", what);
    return false;
}

/* "rides[3]@88121" becomes three words; @p words has room for them. */
static int split_name(char **words, int count)
{
    char *open = strchr(words[0], '['), *close = open ? strchr(open, ']') : NULL;

    if (count != 1 || !close || (close[1] != '\0' && close[1] != '@'))
        return count;
    *open = *close = '\0';
    words[1] = open + 1;
    words[2] = close + 2;
    return close[1] == '@' ? 3 : 2;
}

static bool about_route(struct question *question, const char *action, const char *route)
{
    snprintf(question->path, sizeof(question->path), "/api/v1/routes/");
    append_segment(question->path, sizeof(question->path) - 16, route);
    strcat(strcat(question->path, "/"), action);
    return true;
}

static bool about_partition(struct question *question, const char *action, char *const *words)
{
    int64_t number;

    if (!text_integer(slice_of(words[1]), &number) || number < 0)
        return wrong("a partition is a number: TOPIC PARTITION");
    snprintf(question->path, sizeof(question->path), "/api/v1/partitions/");
    append_segment(question->path, sizeof(question->path) - 40, words[0]);
    snprintf(question->path + strlen(question->path), 40, "/%" PRId64 "/%s", number, action);
    return true;
}

static bool about_either(struct question *question, const char *action, char **words, int count)
{
    if (count == 1)
        return about_route(question, action, words[0]);
    if (count == 2)
        return about_partition(question, action, words);
    return wrong("pause and resume take ROUTE, or TOPIC PARTITION");
}

static bool about_retry(struct question *question, const char *action, char **words, int count)
{
    return count == 2 ? about_partition(question, action, words)
                      : wrong("retry takes TOPIC PARTITION");
}

static bool about_skip(struct question *question, const char *action, char **words, int count)
{
    int64_t offset;

    if (count != 3 || !text_integer(slice_of(words[2]), &offset) || offset < 0)
        return wrong("skip takes TOPIC PARTITION OFFSET");
    snprintf(question->body, sizeof(question->body), "{\"offset\": %" PRId64 "}", offset);
    return about_partition(question, action, words);
}

static bool about_log(struct question *question, const char *action, char **words, int count)
{
    static const char *const levels[] = {"error", "warn", "info", "debug"};
    size_t i = 0;

    while (i < 4 && (count != 1 || strcmp(words[0], levels[i]) != 0))
        i++;
    if (i == 4)
        return wrong("log takes a level: error, warn, info or debug");
    snprintf(question->body, sizeof(question->body), "{\"level\": \"%s\"}", levels[i]);
    snprintf(question->path, sizeof(question->path), "/api/v1/%s", action);
    return true;
}

static bool about_all(struct question *question, const char *action, char **words, int count)
{
    (void)words;
    snprintf(question->path, sizeof(question->path), "/api/v1/%s", action);
    return !count || wrong("this action takes no argument");
}

static const struct action {
    const char *name, *method;
    bool (*make)(struct question *question, const char *action, char **words, int count);
    bool (*print)(struct slice json);
} actions[] = {
    {"status", "GET", about_all, ctl_print_status},
    {"routes", "GET", about_all, ctl_print_routes},
    {"partitions", "GET", about_all, ctl_print_partitions},
    {"pause", "POST", about_either, ctl_print_message},
    {"resume", "POST", about_either, ctl_print_message},
    {"retry", "POST", about_retry, ctl_print_message},
    {"skip", "POST", about_skip, ctl_print_message},
    {"reload", "POST", about_all, ctl_print_reload},
    {"log", "POST", about_log, ctl_print_message},
};

enum { ACTIONS = sizeof(actions) / sizeof(actions[0]) };

static bool make_question(struct question *question, char **words, int count)
{
    const char *names[ACTIONS];
    char *rest[4] = {NULL};

    for (size_t i = 0; i < ACTIONS; i++)
        names[i] = actions[i].name;
    for (int i = 1; i < count && i < 5; i++)
        rest[i - 1] = words[i];
    for (size_t i = 0; count && i < ACTIONS; i++)
        if (strcmp(words[0], names[i]) == 0) {
            int given = count > 1 ? split_name(rest, count - 1) : 0;
            *question = (struct question){.action = &actions[i]};
            return actions[i].make(question, names[i], rest, given);
        }
    const char *nearest = count ? text_nearest(slice_of(words[0]), names, ACTIONS) : NULL;
    fprintf(stderr, "penstock ctl: %s%s%s%s%s\n", count ? "unknown action " : "no action",
            count ? words[0] : "", nearest ? "; did you mean " : "", nearest ? nearest : "",
            nearest ? "?" : "");
    return false;
}

/* --- all together ----------------------------------------------------------------------------- */

static int print_answer(const struct action *action, int status, char *text, bool json)
{
    struct slice body = slice_of(text);

    if (!json && status != 200)
        ctl_print_refusal(body);
    else if (json || !action->print(body))
        fputs(text, stdout);
    if (status == 401)
        fputs("penstock ctl: --token-file FILE names the file that has it\n", stderr);
    if (status == 200)
        return EXIT_OK;
    return status == 401 || status == 403 || status == 503 ? EXIT_UNAVAILABLE : EXIT_NEGATIVE;
}

static int ask(const struct question *question, const struct admin_place *place, bool json)
{
    const struct admin_question asked = {place->address, place->token, question->action->method,
                                         question->path, question->body[0] ? question->body : NULL};
    struct err err;
    int status;
    char *body = admin_ask(&asked, &status, &err);

    if (!body) {
        fprintf(stderr, "penstock ctl: %s\n", err.text);
        return EXIT_UNAVAILABLE;
    }
    status = print_answer(question->action, status, body, json);
    free(body);
    return status;
}

int cli_ctl(int argc, char **argv)
{
    struct admin_choice choice = {0};
    struct admin_place place;
    struct question question;
    bool json = false;
    char *argument;
    int option;

    while ((option = cli_next(argc, argv, options, &argument)) != CLI_END) {
        if (option == 'h')
            return cli_print_help(usage, options, examples);
        if (option == CLI_WRONG)
            return cli_usage_error("ctl");
        json |= option == 'j';
        admin_choice_take(&choice, option, argument);
    }
    if (!make_question(&question, argv + cli_index(), argc - cli_index()))
        return cli_usage_error("ctl");
    int status = admin_place_find(&choice, &place);
    if (status == EXIT_OK)
        status = ask(&question, &place, json);
    admin_place_free(&place);
    return status;
}
