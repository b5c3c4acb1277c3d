/* interrupt.c: signals that ask a tool to stop. */
#include "cli/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t asked;

static void interrupt_note(int number)
{
    (void)number;
    asked = 1;
}

void interrupt_watch(void)
{
    /* SIGPIPE: the reader of the tool's output has closed it, as "head" does. */
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    struct sigaction action = {.sa_handler = interrupt_note,
                               .sa_flags = SA_RESTART | (int)SA_RESETHAND};

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sigaction(numbers[i], &action, NULL);
}

bool interrupt_asked(void)
{
    return asked;
}
