/* interrupt.h: signals that ask a tool to stop. */
#pragma once
#include <stdbool.h>

/**
 * From now on SIGINT, SIGTERM, SIGHUP and SIGPIPE only set a flag. Each of them does so once: the
 * next one of its kind ends the process as usual.
 */
void interrupt_watch(void);

/** Whether one has come since then. */
bool interrupt_asked(void);
