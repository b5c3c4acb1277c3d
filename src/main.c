/* main.c: hand the command line to app/cli.c, return its status. */
#include "app/cli.h"
#include "base/failpoint.h"

int main(int argc, char **argv)
{
    FAILPOINT_START();
    return cli_main(argc, argv);
}
