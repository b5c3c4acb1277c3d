/* cli.h: the command line: which subcommand, and the exit statuses they all share. */
#pragma once

/** sysexits(3), as far as penstock uses them. */
enum exit_status {
    EXIT_OK = 0,
    EXIT_NEGATIVE = 1,     /* the answer is no */
    EXIT_USAGE = 64,       /* the command line is wrong */
    EXIT_DATA = 65,        /* the input data is wrong */
    EXIT_NOINPUT = 66,     /* an input file cannot be read */
    EXIT_UNAVAILABLE = 69, /* Kafka or Redis cannot be reached */
    EXIT_SOFTWARE = 70,    /* a bug */
    EXIT_IO = 74,          /* standard output does not take the answer */
    EXIT_CONFIG = 78       /* the configuration is wrong */
};

/** Runs the subcommand that @p argv names; the exit status of the process. */
int cli_main(int argc, char **argv);
