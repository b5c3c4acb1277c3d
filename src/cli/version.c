/* version.c: penstock version. */
#include "app/cli.h"
#include "cli/commands.h"

#include <stdio.h>

int cli_version(int argc, char **argv)
{
    (void)argc, (void)argv;
    printf("penstock %s\n", PENSTOCK_VERSION);
    return EXIT_OK;
}
