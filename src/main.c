/* main.c: hand the command line to app/cli.c, return its status. */
#include "app/cli.h"
#include "base/failpoint.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#ifdef PENSTOCK_MIMALLOC
#include <mimalloc.h>
#endif

/* mimalloc 2.0 keeps freed memory for half a second: with large records that is as much again as is
 * in use. Its environment variables win. */
static void allocator_set(void)
{
#if defined(PENSTOCK_MIMALLOC) && MI_MALLOC_VERSION >= 200 && MI_MALLOC_VERSION < 210
    mi_option_set_default(mi_option_segment_decommit_delay, 0);
#endif
}

/* librdkafka's threads get the system's default, 8 MiB of addresses each, which ulimit -v counts.
 */
static void stacks_set(void)
{
    enum { STACK_BYTES = 1 << 20 };
    pthread_attr_t attributes;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);
}

/* A file that is opened gets the lowest free number: without this a library's socket could become
 * standard error, and log lines would go to it. */
static void streams_open(void)
{
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
        if (fcntl(stream, F_GETFD) < 0)
            open("/dev/null", O_RDWR); /* gets this number: all below it are open */
}

int main(int argc, char **argv)
{
    streams_open();
    allocator_set();
    stacks_set();
    FAILPOINT_START();
    return cli_main(argc, argv);
}
