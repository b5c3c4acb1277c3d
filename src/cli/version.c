/* version.c: penstock version. */
#include "app/cli.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "kafka/library.h"
#include "redis/library.h"

#include <event2/event.h>

#include <stdio.h>

static const struct cli_option options[] = {
    {'h', "help", NULL, "print this"},
    {0},
};

int cli_version(int argc, char **argv)
{
    char *argument;
    int option = cli_next(argc, argv, options, &argument);

    if (option == 'h')
        return cli_print_help(
            "Usage: penstock version\nPrints the versions of penstock and of its libraries.\n",
            options, "");
    if (option != CLI_END || cli_index() < argc)
        return cli_usage_error("version");
    printf("penstock %s\nlibrdkafka %s\nhiredis %s\nlibevent %s\n", PENSTOCK_VERSION,
           kafka_library_version(), redis_library_version(), event_get_version());
    return EXIT_OK;
}
