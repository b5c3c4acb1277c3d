/* commands.h: the subcommands; the rows are in commands.def, each is a file of this folder. */
#pragma once

struct cli_command {
    const char *name, *help, *title;
    int (*run)(int argc, char **argv); /* argv[0] is the subcommand; the exit status */
};

#define CLI_COMMAND(name, help) int cli_##name(int argc, char **argv);
#include "cli/commands.def"
#undef CLI_COMMAND
