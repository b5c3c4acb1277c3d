/*
 * terminal.h: the terminal as a full screen, and as it was again.
 *
 * One at a time. Whatever ends the process but SIGKILL, the terminal is given back: exit(), a
 * signal, a crash. It is given back while the process is stopped (Ctrl-Z), too.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/** Takes the terminal of standard output; false: it is none. */
bool terminal_open(void);

/** Gives it back. */
void terminal_close(void);

/** Its size; 80 and 24 if it does not say. */
void terminal_size(int *width, int *height);

/** Whether it shows UTF-8, by the locale. */
bool terminal_is_unicode(void);

enum terminal_event { TERMINAL_TIME, TERMINAL_RESIZED, TERMINAL_QUIT };

/** Waits for a resize, a key that ends ("q"), a signal that asks to stop, or so many milliseconds.
 */
enum terminal_event terminal_wait(int64_t milliseconds);
