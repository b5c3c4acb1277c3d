/* run.c: penstock run: the bridge itself. */
#include "app/cli.h"
#include "app/life_log.h"
#include "app/load.h"
#include "app/service.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/options.h"

#include <stdio.h>

static const struct cli_option options[] = {
    {'c', "config", "FILE",
     "the configuration (default: $PENSTOCK_CONFIG, /etc/penstock/penstock.conf)"},
    {'h', "help", NULL, "print this"},
    {0},
};

static const char usage[] = "Usage: penstock run [OPTION]... [FILE]\n"
                            "Runs the bridge until SIGTERM or SIGINT. Then it reads no more, waits "
                            "for Redis' answers, commits\n"
                            "and leaves the group. A second signal ends it at once. SIGHUP reads "
                            "the configuration again:\n"
                            "if it has mistakes nothing changes, and the log has them.\n";

static const char examples[] = "\nExamples:\n"
                               "  penstock run rides.conf\n"
                               "  PENSTOCK_CONFIG=rides.conf penstock run\n";

int cli_run(int argc, char **argv)
{
    struct loaded loaded;
    const char *path = NULL;
    char *argument;
    int option, status;

    while ((option = cli_next(argc, argv, options, &argument)) != CLI_END) {
        if (option == 'h')
            return cli_print_help(usage, options, examples);
        if (option == CLI_WRONG)
            return cli_usage_error("run");
        path = argument;
    }
    if (!path && cli_index() + 1 == argc)
        path = argv[cli_index()];
    else if (cli_index() < argc) {
        fputs("penstock run: more than one file\n", stderr);
        return cli_usage_error("run");
    }
    status = load(load_path(path), CONF_ERROR, &loaded);
    if (status == EXIT_OK) {
        log_configure(loaded.conf->log.level, loaded.conf->log.format);
        life_log_start(&loaded);
        life_log_findings(&loaded);
        status = service_run(&loaded);
    }
    load_free(&loaded);
    return status;
}
