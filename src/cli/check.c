/* check.c: penstock check: what is wrong with a configuration, without network or with it. */
#include "app/cli.h"
#include "app/load.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/online.h"
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

static const struct cli_option options[] = {
    {'c', "config", "FILE",
     "a configuration (default: $PENSTOCK_CONFIG, /etc/penstock/penstock.conf)"},
    {'o', "online", NULL, "ask Kafka and Redis too: topics, group, permissions of each command"},
    {'s', "strict", NULL, "warnings count as mistakes"},
    {'l', "list-settings", NULL,
     "list every setting of a configuration with its default, and nothing else"},
    {'q', "quiet", NULL, "say nothing where all is well"},
    {'h', "help", NULL, "print this"},
    {0},
};

static const char usage[] = "Usage: penstock check [OPTION]... [FILE]...\n"
                            "Says all that is wrong with each FILE at once, as file:line. Without "
                            "--online nothing is connected to.\n"
                            "Exit status: 0 all is well; 1 warnings, with --strict; 69 a server "
                            "cannot be reached or would refuse\n"
                            "something; 78 mistakes in a file.\n";

static const char examples[] = "\nExamples:\n"
                               "  penstock check rides.conf\n"
                               "  penstock check --online -c /etc/penstock/penstock.conf\n";

struct check {
    bool online, strict, quiet;
};

/* --- what the operator should know though it is no mistake ------------------------------------ */

static void check_note_delivery(const struct route *route)
{
    if (route->conf->delivery == EXACTLY_ONCE)
        printf("  %s: exactly once: each record's commands and its offset are one transaction\n",
               route->conf->name);
    else if (route->conf->delivery == AT_MOST_ONCE)
        printf("  %s: at most once: a record's offset is committed before it is sent, so a crash "
               "or a lost connection loses what was in flight\n",
               route->conf->name);
}

static void check_note_tombstones(const struct route *route)
{
    if (route->unlinks)
        printf("  %s: a tombstone unlinks the key of %s\n", route->conf->name,
               route->writes.items[0].command->name);
    else if (!route->deletes.count)
        printf(
            "  %s: a tombstone passes it by, counted as filtered; say del = \"...\" to act on it\n",
            route->conf->name);
}

static void check_summary(const char *path, const struct loaded *loaded)
{
    const struct conf *conf = loaded->conf;

    printf("%s: ok: %zu source%s, %zu sink%s, %zu route%s\n", path, conf->source_count,
           conf->source_count == 1 ? "" : "s", conf->sink_count, conf->sink_count == 1 ? "" : "s",
           conf->route_count, conf->route_count == 1 ? "" : "s");
    for (size_t i = 0; i < loaded->routes->count; i++) {
        check_note_tombstones(&loaded->routes->items[i]);
        check_note_delivery(&loaded->routes->items[i]);
    }
}

static int check_file(const struct check *check, const char *path)
{
    struct loaded loaded;
    int status = load(path, CONF_NOTE, &loaded);

    if (status == EXIT_OK && check->strict && conf_warnings_count(loaded.problems))
        status = EXIT_NEGATIVE;
    if (status == EXIT_OK && !check->quiet)
        check_summary(path, &loaded);
    if (status == EXIT_OK && check->online)
        status = online_check(loaded.conf, loaded.routes, check->quiet);
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
            conf_write_options(stdout);
            return EXIT_OK;
        case 'q':
            check.quiet = true;
            break;
        default:
            return cli_usage_error("check");
        }
    }
    return check_files(&check, config, argv + cli_index(), argc - cli_index());
}
