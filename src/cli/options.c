/* options.c: GNU long options from a table that also prints the help. */
#include "cli/options.h"

#include "app/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { OPTIONS_MAX = 24 };

int cli_next(int argc, char **argv, const struct cli_option *options, char **argument)
{
    struct option longs[OPTIONS_MAX + 1] = {{0}};
    char shorts[OPTIONS_MAX * 2 + 1], *end = shorts;

    for (int i = 0; options[i].letter && i < OPTIONS_MAX; i++) {
        longs[i] =
            (struct option){options[i].name, options[i].argument != NULL, NULL, options[i].letter};
        *end++ = (char)options[i].letter;
        if (options[i].argument)
            *end++ = ':';
    }
    *end = '\0';
    int letter = getopt_long(argc, argv, shorts, longs, NULL);
    *argument = optarg;
    return letter;
}

int cli_index(void)
{
    return optind;
}

int cli_print_help(const char *usage, const struct cli_option *options, const char *examples)
{
    char name[64];

    fputs(usage, stdout);
    fputs("\nOptions:\n", stdout);
    for (; options->letter; options++) {
        snprintf(name, sizeof(name), "-%c, --%s%s%s", options->letter, options->name,
                 options->argument ? "=" : "", options->argument ? options->argument : "");
        printf("  %-26s %s\n", name, options->help);
    }
    fputs(examples, stdout);
    return EXIT_OK;
}

int cli_usage_error(const char *command)
{
    fprintf(stderr, "Try 'penstock %s --help'.\n", command);
    return EXIT_USAGE;
}

int cli_misused(const char *command, const char *why)
{
    fprintf(stderr, "penstock: %s\n", why);
    return cli_usage_error(command);
}
