/* main.c: hand the command line to app/cli.c, return its status. */
#include "app/cli.h"

int main(int argc, char **argv)
{
    return cli_main(argc, argv);
}
