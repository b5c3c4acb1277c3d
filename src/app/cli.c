/* cli.c: the command line: finds the subcommand and runs it. */
#include "app/cli.h"

#include "base/text.h"
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

static const struct cli_command commands[] = {
#define CLI_COMMAND(name, help) {#name, help, "penstock " #name, cli_##name},
#include "cli/commands.def"
#undef CLI_COMMAND
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void cli_exits(FILE *out)
{
    static const struct {
        int number;
        const char *meaning;
    } exits[] = {
#define EXIT_STATUS(name, number, meaning) {number, meaning},
#include "app/exits.def"
#undef EXIT_STATUS
    };

    fputs("\nExit statuses:\n", out);
    for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++)
        fprintf(out, "  %-2d  %s\n", exits[i].number, exits[i].meaning);
}

static void cli_help(FILE *out)
{
    fputs("Usage: penstock COMMAND [OPTION]...\n"
          "Reads records from Kafka, turns them into Redis commands, and commits a record's "
          "offset only after\nRedis has acknowledged it and every earlier record of its "
          "partition.\n\n"
          "Commands:\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].help);
    fputs("\n'penstock COMMAND --help' describes a command.\n", out);
    cli_exits(out);
}

static int cli_unknown(const char *word)
{
    const char *names[COMMANDS];
    const char *nearest;

    for (size_t i = 0; i < COMMANDS; i++)
        names[i] = commands[i].name;
    nearest = text_nearest(slice_of(word), names, COMMANDS);
    fprintf(stderr, "penstock: unknown command '%s'", word);
    if (nearest)
        fprintf(stderr, "; did you mean '%s'?", nearest);
    fputs("\nTry 'penstock --help'.\n", stderr);
    return EXIT_USAGE;
}

/* getopt begins its messages with argv[0]. */
static int cli_start(const struct cli_command *command, int argc, char **argv)
{
    char title[64];

    snprintf(title, sizeof(title), "%s", command->title);
    argv[0] = title;
    return command->run(argc, argv);
}

static const struct cli_command *cli_find(const char *word)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(word, commands[i].name) == 0)
            return &commands[i];
    return NULL;
}

/* "help", and "help run". */
static int cli_help_of(const char *word)
{
    const struct cli_command *command = word ? cli_find(word) : NULL;
    char help[] = "--help", *argv[] = {help, help, NULL};

    if (word && !command)
        return cli_unknown(word);
    if (command)
        return cli_start(command, 2, argv);
    cli_help(stdout);
    return EXIT_OK;
}

int cli_main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : NULL;
    const struct cli_command *command;

    if (!word) {
        cli_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
        return cli_help_of(argv[2]);
    command = cli_find(strcmp(word, "--version") == 0 ? "version" : word);
    return command ? cli_start(command, argc - 1, argv + 1) : cli_unknown(word);
}
