/* diff.c: penstock diff: the differences of two configurations, and what each change restarts. */
#include "conf/diff.h"
#include "app/cli.h"
#include "app/load.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

static const struct cli_option options[] = {
    {'q', "quiet", NULL, "print nothing; the exit status says whether they differ"},
    {'j', "json", NULL, "print one JSON object, for a program"},
    {'h', "help", NULL, "print this"},
    {0},
};

static const char usage[] =
    "Usage: penstock diff [OPTION]... OLD NEW\n"
    "Shows which settings have another meaning in the configuration NEW than in OLD, and what of\n"
    "penstock must start again for each: live (nothing), reconnect, rejoin or restart. Comments,\n"
    "the order of settings and defaults that are written out do not count. Secrets are not shown.\n"
    "A reload takes over all but what needs a restart. With other routes for an exactly-once\n"
    "topic it carries checkpoints on; after a restart on_checkpoint_mismatch decides.\n"
    "The status is 0 if they mean the same, 1 if not.\n";

static const char examples[] = "\nExample:\n"
                               "  penstock diff /etc/penstock/penstock.conf new.conf\n";

/* --- for a person ----------------------------------------------------------------------------- */

static void text_difference(void *context, const struct difference *difference)
{
    enum option_change *largest = context;

    if (difference->change > *largest)
        *largest = difference->change;
    diff_write(difference, stdout);
}

static int diff_as_text(const struct conf *before, const struct conf *after)
{
    enum option_change largest = CHANGE_NEVER;
    size_t count = diff_confs(before, after, text_difference, &largest);

    if (!count)
        return EXIT_OK;
    printf("%zu difference%s; what starts again: %s\n", count, count == 1 ? "" : "s",
           option_changes[largest].text);
    return EXIT_NEGATIVE;
}

/* --- for a program: docs/reference/output.md -------------------------------------------------- */

static void json_difference(void *context, const struct difference *difference)
{
    struct json_writer *json = context;

    json_write_open(json, NULL, '{');
    json_write_text(json, "setting", difference->setting);
    json_write_text(json, "was", difference->was);
    json_write_text(json, "is", difference->is);
    json_write_text(json, "change", option_changes[difference->change].word);
    json_write_close(json, '}');
}

static int diff_as_json(const struct conf *before, const struct conf *after)
{
    struct json_writer json = {.out = stdout};

    json_write_open(&json, NULL, '{');
    json_write_open(&json, "differences", '[');
    size_t count = diff_confs(before, after, json_difference, &json);
    json_write_close(&json, ']');
    json_write_close(&json, '}');
    putchar('\n');
    return count ? EXIT_NEGATIVE : EXIT_OK;
}

/* --- files ------------------------------------------------------------------------------------ */

static void say_nothing(void *context, const struct difference *difference)
{
    (void)context, (void)difference;
}

static int diff_as_status(const struct conf *before, const struct conf *after)
{
    return diff_confs(before, after, say_nothing, NULL) ? EXIT_NEGATIVE : EXIT_OK;
}

/* Both are read, so that the mistakes of both are told at once. */
static int diff_files(const char *old_path, const char *new_path,
                      int (*show)(const struct conf *before, const struct conf *after))
{
    struct loaded before, after;
    int old_status = load(old_path, CONF_ERROR, &before);
    int new_status = load(new_path, CONF_ERROR, &after);
    int status = old_status != EXIT_OK ? old_status : new_status;

    if (status == EXIT_OK)
        status = show(before.conf, after.conf);
    load_free(&before);
    load_free(&after);
    return status;
}

int cli_diff(int argc, char **argv)
{
    int (*show)(const struct conf *, const struct conf *) = diff_as_text;
    char *argument;
    int option;

    while ((option = cli_next(argc, argv, options, &argument)) != CLI_END) {
        switch (option) {
        case 'h':
            return cli_print_help(usage, options, examples);
        case 'q':
            show = diff_as_status;
            break;
        case 'j':
            show = diff_as_json;
            break;
        default:
            return cli_usage_error("diff");
        }
    }
    if (argc - cli_index() != 2) {
        fputs("penstock diff: two files, OLD and NEW\n", stderr);
        return cli_usage_error("diff");
    }
    return diff_files(argv[cli_index()], argv[cli_index() + 1], show);
}
