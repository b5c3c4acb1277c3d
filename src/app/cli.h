/* cli.h: the command line: the subcommands and their common exit statuses. */
#pragma once

enum exit_status {
#define EXIT_STATUS(name, number, meaning) EXIT_##name = (number),
#include "app/exits.def"
#undef EXIT_STATUS
};

/** Runs the subcommand that @p argv names; the exit status of the process. */
int cli_main(int argc, char **argv);
