/*
 * notify.h: reports to systemd (sd_notify(3)) without its library.
 *
 * Does nothing if $NOTIFY_SOCKET is not set. A message that cannot be sent is lost: systemd has its
 * own timeouts. Belongs to the main thread.
 */
#pragma once
#include <stdint.h>

/** Reads the environment; call once, before the rest. */
void notify_open(void);
void notify_close(void);

/** READY=1: the start, or a reload, is over. */
void notify_ready(void);

/** RELOADING=1: until notify_ready(). */
void notify_reloading(void);

/** EXTEND_TIMEOUT_USEC: the start, or the reload, may take @p longest_ms more, or until this is
 * called again. */
void notify_longer(int64_t longest_ms);

/** STATUS=...: one line for systemctl status. */
void notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** STOPPING=1, and EXTEND_TIMEOUT_USEC: the stop may take @p longest_ms. */
void notify_stopping(int64_t longest_ms);

/** WATCHDOG=1: the process is well. */
void notify_watchdog(void);

/** How often notify_watchdog() is due: half of systemd's timeout; 0: never. */
int64_t notify_watchdog_ms(void);
