/* check.c: penstock check: the mistakes of a configuration, without network or with it. */
#include "app/cli.h"
#include "app/load.h"
#include "base/json_writer.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/online.h"
#include "cli/options.h"
#include "conf/option_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
    {'c', "config", "FILE",
     "a configuration (default: $PENSTOCK_CONFIG, /etc/penstock/penstock.conf)"},
    {'o', "online", NULL, "ask Kafka and Redis too: topics, group, permissions of each command"},
    {'s', "strict", NULL, "warnings count as mistakes"},
    {'l', "list-settings", NULL, "only list every setting of a configuration, with its default"},
    {'r', "list-routes", NULL, "only list the names of the routes"},
    {'q', "quiet", NULL, "print nothing if all is well"},
    {'j', "json", NULL, "print one JSON object for each file, for a program"},
    {'h', "help", NULL, "print this"},
    {0},
};

static const char usage[] = "Usage: penstock check [OPTION]... [FILE]...\n"
                            "Lists every mistake of each FILE, with file and line. Connects to "
                            "servers only with --online.\n"
                            "'penstock --help' lists the exit statuses.\n";

static const char examples[] = "\nExamples:\n"
                               "  penstock check rides.conf\n"
                               "  penstock check --online -c /etc/penstock/penstock.conf\n";

struct check {
    bool online, strict, quiet, json, routes;
};

/* --- notes: right, but the operator should know ----------------------------------------------- */

/* Calls @p say with one or two sentences about the route. */
static void check_notes(const struct route *route,
                        void (*say)(void *context, const char *route, const char *text),
                        void *context)
{
    const char *name = route->conf->name;

    if (route->unlinks) {
        char *text =
            mem_format("a tombstone unlinks the key of %s", route->writes.items[0].command->name);
        say(context, name, text);
        free(text);
    } else if (route->passes) {
        say(context, name, "ignores tombstones and counts them as filtered, as del says");
    } else if (!route->deletes.count) {
        say(context, name,
            "ignores tombstones and counts them as filtered; del = \"...\" would act on them");
    }
    if (route->conf->delivery == EXACTLY_ONCE)
        say(context, name,
            "exactly once: each record's commands and its offset are one transaction");
    else if (route->conf->delivery == AT_MOST_ONCE)
        say(context, name,
            "at most once: a record's offset is committed before it is sent, so a crash or a lost "
            "connection loses the records in flight");
}

/* --- for a person ----------------------------------------------------------------------------- */

static void text_note(void *context, const char *route, const char *text)
{
    (void)context;
    printf("  %s: %s\n", route, text);
}

static void text_summary(const char *path, const struct loaded *loaded)
{
    const struct conf *conf = loaded->conf;

    printf("%s: ok: %zu source%s, %zu sink%s, %zu route%s\n", path, conf->source_count,
           conf->source_count == 1 ? "" : "s", conf->sink_count, conf->sink_count == 1 ? "" : "s",
           conf->route_count, conf->route_count == 1 ? "" : "s");
    for (size_t i = 0; i < loaded->routes->count; i++)
        check_notes(&loaded->routes->items[i], text_note, NULL);
}

static const char *const verdicts[] = {"ok", "warning", "error"};

/* The text may hold a server's own words. */
static void text_answer(void *context, const char *kind, const char *name,
                        enum probe_verdict verdict, const char *text)
{
    const struct check *check = context;

    if (verdict == PROBE_OK && check->quiet)
        return;
    printf("  %s %s: %s: ", kind, name, verdicts[verdict]);
    text_show(stdout, slice_of(text));
    putchar('\n');
}

static int check_as_text(const struct check *check, const char *path, struct loaded *loaded,
                         int status)
{
    if (status == EXIT_OK && !check->quiet)
        text_summary(path, loaded);
    if (status == EXIT_OK && check->online)
        status = online_check(loaded->conf, loaded->routes,
                              &(struct online_listener){(void *)check, text_answer});
    return status;
}

/* --- for a program: docs/reference/output.md -------------------------------------------------- */

static void json_finding(void *context, const struct conf_finding *finding)
{
    struct json_writer *json = context;

    json_write_open(json, NULL, '{');
    json_write_text(json, "severity", conf_severity_name(finding->severity));
    json_write_text(json, "file", finding->origin.file);
    json_write_integer(json, "line", finding->origin.line);
    json_write_text(json, "text", finding->text);
    json_write_text(json, "hint", finding->hint);
    json_write_close(json, '}');
}

static void json_note(void *context, const char *route, const char *text)
{
    struct json_writer *json = context;

    json_write_open(json, NULL, '{');
    json_write_text(json, "route", route);
    json_write_text(json, "text", text);
    json_write_close(json, '}');
}

static void json_answer(void *context, const char *kind, const char *name,
                        enum probe_verdict verdict, const char *text)
{
    struct json_writer *json = context;

    json_write_open(json, NULL, '{');
    json_write_text(json, "of", kind);
    json_write_text(json, "name", name);
    json_write_text(json, "verdict", verdicts[verdict]);
    json_write_text(json, "text", text);
    json_write_close(json, '}');
}

static int check_as_json(const struct check *check, const char *path, struct loaded *loaded,
                         int status)
{
    struct json_writer json = {.out = stdout};

    json_write_open(&json, NULL, '{');
    json_write_text(&json, "file", path);
    json_write_open(&json, "findings", '[');
    conf_problems_each(loaded->problems, json_finding, &json);
    json_write_close(&json, ']');
    json_write_open(&json, "notes", '[');
    for (size_t i = 0; status == EXIT_OK && i < loaded->routes->count; i++)
        check_notes(&loaded->routes->items[i], json_note, &json);
    json_write_close(&json, ']');
    json_write_open(&json, "online", '[');
    if (status == EXIT_OK && check->online)
        status = online_check(loaded->conf, loaded->routes,
                              &(struct online_listener){&json, json_answer});
    json_write_close(&json, ']');
    json_write_integer(&json, "status", status);
    json_write_close(&json, '}');
    putchar('\n');
    return status;
}

/* --- the routes, for the completions of shells ------------------------------------------------ */

/* Also of a file with mistakes, which may be in the middle of being written. */
static int check_list_routes(const struct loaded *loaded, int status)
{
    for (size_t i = 0; loaded->conf && i < loaded->conf->route_count; i++)
        if (loaded->conf->routes[i].name)
            puts(loaded->conf->routes[i].name);
    return status;
}

/* --- files ------------------------------------------------------------------------------------ */

static int check_file(const struct check *check, const char *path)
{
    struct loaded loaded;
    int status = load(path, check->json ? CONF_SEVERITIES : CONF_NOTE, &loaded);

    if (status == EXIT_OK && check->strict && conf_warnings_count(loaded.problems))
        status = EXIT_NEGATIVE;
    if (check->routes)
        status = check_list_routes(&loaded, status);
    else if (check->json)
        status = check_as_json(check, path, &loaded, status);
    else
        status = check_as_text(check, path, &loaded, status);
    load_free(&loaded);
    return status;
}

static int check_files(const struct check *check, const char *config, char **files, int count)
{
    int status = EXIT_OK;

    if (config || !count)
        status = check_file(check, load_path(config));
    for (int i = 0; i < count; i++) {
        int one = check_file(check, files[i]);
        if (one > status)
            status = one;
    }
    return status;
}

int cli_check(int argc, char **argv)
{
    struct check check = {0};
    const char *config = NULL;
    char *argument;
    int option;

    while ((option = cli_next(argc, argv, options, &argument)) != CLI_END) {
        switch (option) {
        case 'h':
            return cli_print_help(usage, options, examples);
        case 'c':
            config = argument;
            break;
        case 'o':
            check.online = true;
            break;
        case 's':
            check.strict = true;
            break;
        case 'l':
            option_page_list(stdout);
            return EXIT_OK;
        case 'r':
            check.routes = true;
            break;
        case 'q':
            check.quiet = true;
            break;
        case 'j':
            check.json = true;
            break;
        default:
            return cli_usage_error("check");
        }
    }
    return check_files(&check, config, argv + cli_index(), argc - cli_index());
}
