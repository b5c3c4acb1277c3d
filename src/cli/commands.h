/* commands.h: the subcommands: a row in commands.def and a file in this folder for each. */
#pragma once

struct cli_command {
    const char *name, *help, *title;
    int (*run)(int argc, char **argv); /* argv[0] is the subcommand; the exit status */
};

#define CLI_COMMAND(name, help) int cli_##name(int argc, char **argv);
#include "cli/commands.def"
#undef CLI_COMMAND
