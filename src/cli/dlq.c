/* dlq.c: penstock dlq: lists, shows and retries dead letters. */
#include "app/cli.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/dlq_parts.h"
#include "cli/interrupt.h"
#include "cli/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROGRESS_EACH = 100 };

static const struct cli_option options[] = {
    {'c', "config", "FILE",
     "the configuration (default: $PENSTOCK_CONFIG, /etc/penstock/penstock.conf)"},
    {'r', "route", "ROUTE", "only letters of this route"},
    {'t', "topic", "TOPIC", "only letters whose record came from this topic"},
    {'n', "limit", "NUMBER", "at most this many letters"},
    {'a', "all", NULL, "list: also letters retried before; retry: every letter"},
    {'d', "dry-run", NULL, "retry: show what would be sent"},
    {'j', "json", NULL, "list, show: print one JSON object for each letter, for a program"},
    {'h', "help", NULL, "print this"},
    {0},
};

static const char usage[] =
    "Usage: penstock dlq list|show|retry [OPTION]... [ID]...\n"
    "Reads the dead letters of the configuration's dlq, a topic or a stream, up to its present\n"
    "end. list prints one line for each letter: id, time, route, place of the record, error.\n"
    "show prints whole letters, with the record and the commands that its route makes of it\n"
    "now. retry sends letters through their route again, each letter once: it deletes the\n"
    "stream's entry, or commits the letter's offset in the group GROUP.dlq, every 100 letters,\n"
    "every second, and when it ends, fails or is stopped (SIGINT, SIGTERM). After a kill -9 or\n"
    "a crash the next run repeats at most 100 letters of a topic, or one letter of a stream.\n"
    "retry writes letters of an exactly-once route without its checkpoint.\n";

static const char examples[] = "\nExamples:\n"
                               "  penstock dlq list -c rides.conf --route rides_cache\n"
                               "  penstock dlq show -c rides.conf 0@17\n"
                               "  penstock dlq retry -c rides.conf --all\n";

struct tally {
    const char *route; /* owned */
    uint64_t count;
};

/* A walk over the letters, and its counts. */
struct walk {
    const struct dlq_request *request;
    struct loaded *loaded;
    struct dlq_box *box;
    struct dlq_retry *retry; /* of show and retry */
    uint64_t chosen, sent, stayed, foreign;
    bool stopped; /* before the end, by a signal */
    struct tally *routes;
    size_t route_count, route_capacity;
    bool *found; /* which of the request's ids */
};

/* --- which letters ---------------------------------------------------------------------------- */

static bool is_named(struct walk *walk, const char *id)
{
    for (size_t i = 0; i < walk->request->id_count; i++)
        if (strcmp(walk->request->ids[i], id) == 0)
            return walk->found[i] = true;
    return walk->request->id_count == 0;
}

static bool is_chosen(struct walk *walk, const struct dlq_item *item, bool with_done)
{
    const struct dlq_request *request = walk->request;

    if (!is_named(walk, item->id) || (item->done && !with_done && !request->id_count))
        return false;
    if (!item->sound)
        return !request->route && !request->topic;
    return (!request->route || slice_is(item->letter.facts[DLQ_FACT_ROUTE], request->route)) &&
           (!request->topic || strcmp(item->topic, request->topic) == 0);
}

static void walk_count(struct walk *walk, const struct dlq_item *item)
{
    struct slice route = item->letter.facts[DLQ_FACT_ROUTE];

    walk->chosen++;
    walk->foreign += !item->sound;
    if (!item->sound)
        return;
    for (size_t i = 0; i < walk->route_count; i++)
        if (slice_is(route, walk->routes[i].route)) {
            walk->routes[i].count++;
            return;
        }
    walk->routes =
        mem_grow(walk->routes, walk->route_count, &walk->route_capacity, sizeof(*walk->routes));
    walk->routes[walk->route_count++] =
        (struct tally){mem_copy(route.data ? route.data : "", route.length), 1};
}

/* --- the walks -------------------------------------------------------------------------------- */

static bool visit_list(struct walk *walk, const struct dlq_item *item, struct err *err)
{
    (void)err;
    if (walk->request->json)
        dlq_json(item, NULL);
    else
        dlq_text_line(item);
    return true;
}

static bool visit_show(struct walk *walk, const struct dlq_item *item, struct err *err)
{
    struct dlq_now now;

    (void)err;
    dlq_now_make(&now, walk->loaded, walk->retry, item);
    if (walk->request->json)
        dlq_json(item, &now);
    else
        dlq_text(item, &now);
    dlq_now_clear(&now);
    return true;
}

/* False: stop the retry. */
static bool visit_retry(struct walk *walk, const struct dlq_item *item, struct err *err)
{
    if (item->done) {
        printf("%s was sent before\n", item->id);
        return true;
    }
    if (!item->sound) {
        printf("%s stays: %s\n", item->id, item->why.text);
        walk->stayed++;
        return true;
    }
    if (!walk->request->dry_run && !dlq_box_takes_mark(walk->box, item, err))
        return false;
    if (!dlq_retry_send(walk->retry, item, err)) {
        walk->stayed++;
        return err->kind == ERR_RECORD;
    }
    walk->sent++;
    if (isatty(STDERR_FILENO) && walk->sent % PROGRESS_EACH == 0)
        fprintf(stderr, "%" PRIu64 " sent\n", walk->sent);
    return walk->request->dry_run || dlq_box_done(walk->box, item, err);
}

struct verb {
    const char *name;
    bool (*visit)(struct walk *walk, const struct dlq_item *item, struct err *err);
};

static const struct verb verbs[] = {
    {"list", visit_list}, {"show", visit_show}, {"retry", visit_retry}};

static bool walk_continues(const struct walk *walk)
{
    return (int64_t)walk->chosen < walk->request->limit && !interrupt_asked();
}

static bool walk_letters(struct walk *walk, const struct verb *verb, struct err *err)
{
    bool with_done = walk->request->all && verb->visit != visit_retry;
    struct dlq_item item;

    err->kind = ERR_NONE;
    while (walk_continues(walk) && dlq_box_next(walk->box, &item, err)) {
        if (!is_chosen(walk, &item, with_done))
            continue;
        walk_count(walk, &item);
        if (!verb->visit(walk, &item, err))
            return false;
        err->kind = ERR_NONE;
    }
    walk->stopped = interrupt_asked();
    return err->kind == ERR_NONE;
}

/* The exit status. */
static int walk_tell_missing(const struct walk *walk)
{
    int status = EXIT_OK;

    if (walk->stopped) {
        fputs("penstock: stopped before the end: the other letters are unchanged\n", stderr);
        return EXIT_NEGATIVE;
    }
    for (size_t i = 0; i < walk->request->id_count; i++)
        if (!walk->found[i]) {
            fprintf(stderr, "penstock: there is no letter %s\n", walk->request->ids[i]);
            status = EXIT_DATA;
        }
    return status;
}

static int walk_sum_up(const struct walk *walk, const struct verb *verb)
{
    int status = walk_tell_missing(walk);

    fprintf(stderr, "%" PRIu64 " letter%s", walk->chosen, walk->chosen == 1 ? "" : "s");
    for (size_t i = 0; i < walk->route_count; i++)
        fprintf(stderr, "%s %s: %" PRIu64, i ? "," : ";", walk->routes[i].route,
                walk->routes[i].count);
    if (walk->foreign)
        fprintf(stderr, "; not letters: %" PRIu64, walk->foreign);
    if (verb->visit == visit_retry)
        fprintf(stderr, "; sent %" PRIu64 ", stayed %" PRIu64, walk->sent, walk->stayed);
    fputc('\n', stderr);
    return walk->stayed ? EXIT_NEGATIVE : status;
}

static int walk_fail(const struct err *err)
{
    fprintf(stderr, "penstock: %s\n", err->text);
    return err->kind == ERR_CONFIG ? EXIT_CONFIG : EXIT_UNAVAILABLE;
}

static int dlq(const struct dlq_request *request, const struct verb *verb, struct loaded *loaded)
{
    struct walk walk = {.request = request, .loaded = loaded};
    struct err err;
    int status;

    for (size_t i = 0; i < request->id_count; i++)
        if (!dlq_box_is_id(loaded->conf, request->ids[i])) {
            fprintf(stderr,
                    "penstock: '%s' is not the id of a letter: ids of this dlq look like %s\n",
                    request->ids[i], loaded->conf->dlq.source ? "0@17" : "1700000000000-0");
            return EXIT_USAGE;
        }
    if (!(walk.box = dlq_box_open(loaded->conf, &err)))
        return walk_fail(&err);
    walk.found = mem_array(request->id_count, sizeof(*walk.found));
    walk.retry = dlq_retry_new(loaded, request->dry_run);
    if (verb->visit == visit_retry)
        interrupt_watch(); /* mark the letters that were sent before the process ends */
    status = walk_letters(&walk, verb, &err) ? EXIT_OK : walk_fail(&err);
    if (!dlq_box_keep(walk.box, &err))
        status = walk_fail(&err);
    int sum = walk_sum_up(&walk, verb);
    for (size_t i = 0; i < walk.route_count; i++)
        free((char *)walk.routes[i].route);
    dlq_retry_free(walk.retry);
    dlq_box_close(walk.box);
    free(walk.routes);
    free(walk.found);
    return status ? status : sum;
}

/* --- the command line ------------------------------------------------------------------------- */

static bool dlq_option(struct dlq_request *request, int option, char *argument)
{
    switch (option) {
    case 'c':
        request->config = argument;
        return true;
    case 'r':
        request->route = argument;
        return true;
    case 't':
        request->topic = argument;
        return true;
    case 'n':
        return text_integer(slice_of(argument), &request->limit) && request->limit > 0;
    case 'a':
        return request->all = true;
    case 'j':
        return request->json = true;
    default:
        return request->dry_run = true;
    }
}

static const struct verb *dlq_verb(const char *word)
{
    for (size_t i = 0; word && i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strcmp(verbs[i].name, word) == 0)
            return &verbs[i];
    return NULL;
}

int cli_dlq(int argc, char **argv)
{
    struct dlq_request request = {.limit = INT64_MAX};
    struct loaded loaded;
    char *argument;
    int option;

    while ((option = cli_next(argc, argv, options, &argument)) != CLI_END) {
        if (option == 'h')
            return cli_print_help(usage, options, examples);
        if (option == CLI_WRONG)
            return cli_usage_error("dlq");
        if (!dlq_option(&request, option, argument))
            return cli_misused("dlq", "--limit takes a number of letters, 1 at least");
    }
    const struct verb *verb = dlq_verb(argv[cli_index()]);
    if (!verb)
        return cli_misused("dlq", "list, show or retry?");
    request.ids = (const char **)&argv[cli_index() + 1];
    request.id_count = (size_t)(argc - cli_index() - 1);
    if (verb->visit == visit_retry && !request.id_count && !request.all)
        return cli_misused("dlq", "which letters? Give their ids, or --all");
    if (request.dry_run && verb->visit != visit_retry)
        return cli_misused("dlq", "--dry-run goes with retry");
    if (request.json && verb->visit == visit_retry)
        return cli_misused("dlq", "--json goes with list and show");
    int status = load(load_path(request.config), CONF_ERROR, &loaded);
    if (status == EXIT_OK)
        status = dlq(&request, verb, &loaded);
    load_free(&loaded);
    return status;
}
