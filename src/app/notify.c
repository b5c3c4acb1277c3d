/* notify.c: reports to systemd (sd_notify(3)) without its library. */
#include "app/notify.h"

#include "base/clock.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { MESSAGE_BYTES = 512 };

static int notify_handle = -1;
static struct sockaddr_un notify_address;
static socklen_t notify_address_length;
static int64_t watchdog_ms;

/* A number in an environment variable; -1 if there is none. */
static int64_t notify_number(const char *name)
{
    const char *text = getenv(name);
    int64_t number;

    return text && text_integer(slice_of(text), &number) ? number : -1;
}

/* "/run/systemd/notify", or "@name" in the abstract namespace, whose first byte is NUL (unix(7)).
 */
static bool notify_find(const char *path)
{
    size_t length = path ? strlen(path) : 0;

    if (length < 2 || length >= sizeof(notify_address.sun_path) || !strchr("/@", path[0]))
        return false;
    notify_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(notify_address.sun_path, path, length);
    if (path[0] == '@')
        notify_address.sun_path[0] = '\0';
    notify_address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return true;
}

void notify_open(void)
{
    int64_t period_us = notify_number("WATCHDOG_USEC"), process = notify_number("WATCHDOG_PID");

    notify_close();
    if (!notify_find(getenv("NOTIFY_SOCKET")))
        return;
    notify_handle = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    setsockopt(notify_handle, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){1, 0},
               sizeof(struct timeval)); /* a full queue may delay us, not stop us */
    if (period_us > 0 && (process < 0 || process == getpid()))
        watchdog_ms = period_us < 2000 ? 1 : period_us / 2000;
}

void notify_close(void)
{
    if (notify_handle >= 0)
        close(notify_handle);
    notify_handle = -1;
    watchdog_ms = 0;
}

static void notify_send(const char *message)
{
    if (notify_handle >= 0)
        sendto(notify_handle, message, strlen(message), MSG_NOSIGNAL,
               (const struct sockaddr *)&notify_address, notify_address_length);
}

void notify_ready(void)
{
    notify_send("READY=1");
}

/* systemd compares the time with its own, to know that this reload is the one it asked for. */
void notify_reloading(void)
{
    char message[MESSAGE_BYTES];

    snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_us());
    notify_send(message);
}

void notify_longer(int64_t longest_ms)
{
    char message[MESSAGE_BYTES];

    snprintf(message, sizeof(message), "EXTEND_TIMEOUT_USEC=%" PRId64, longest_ms * 1000);
    notify_send(message);
}

void notify_status(const char *format, ...)
{
    char message[MESSAGE_BYTES] = "STATUS=";
    size_t length = strlen(message);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message + length, sizeof(message) - length, format, arguments);
    va_end(arguments);
    notify_send(message);
}

void notify_stopping(int64_t longest_ms)
{
    char message[MESSAGE_BYTES];

    snprintf(message, sizeof(message), "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRId64,
             longest_ms * 1000);
    notify_send(message);
}

void notify_watchdog(void)
{
    notify_send("WATCHDOG=1");
}

int64_t notify_watchdog_ms(void)
{
    return watchdog_ms;
}
