/* options.h: GNU long options from a table that also prints the help. */
#pragma once

struct cli_option {
    int letter; /* 0 ends the table */
    const char *name;
    const char *argument; /* NULL: it has none */
    const char *help;
};

enum { CLI_END = -1, CLI_WRONG = '?' };

/**
 * The letter of the next option of @p argv, its argument in *argument; CLI_END after the last,
 * CLI_WRONG if it is unknown or lacks its argument (reported on stderr).
 */
int cli_next(int argc, char **argv, const struct cli_option *options, char **argument);

/** The place in argv of the first word that is not an option, after cli_next() returned CLI_END. */
int cli_index(void);

/** Prints @p usage, the table and @p examples to stdout; EXIT_OK. */
int cli_print_help(const char *usage, const struct cli_option *options, const char *examples);

/** Points to the help of @p command on stderr; EXIT_USAGE. */
int cli_usage_error(const char *command);

/** The same after a line that says why. */
int cli_misused(const char *command, const char *why);
