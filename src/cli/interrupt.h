/* interrupt.h: a tool that has something to put away before it ends. */
#pragma once
#include <stdbool.h>

/**
 * From now on SIGINT, SIGTERM, SIGHUP and SIGPIPE only ask for the end. Each of them does so once:
 * the next one of its kind ends the process as ever.
 */
void interrupt_watch(void);

/** Whether one came since. */
bool interrupt_asked(void);
