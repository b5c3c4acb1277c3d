/* read_file.c: the content of a small file. */
#include "conf/read_file.h"

#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BYTES_FIRST = 4096,
    PATIENCE_MS = 5000 /* for a pipe, such as a shell's <(command): a file never waits */
};

/* Twice the room; the old bytes are wiped, since they may be secret. */
static char *bytes_grow(char *bytes, size_t length, size_t *room)
{
    char *larger = mem_alloc(*room * 2);

    memcpy(larger, bytes, length);
    explicit_bzero(bytes, length);
    free(bytes);
    *room *= 2;
    return larger;
}

static char *bytes_discard(char *bytes, size_t length)
{
    explicit_bzero(bytes, length);
    free(bytes);
    return NULL;
}

/* Reads a piece: its length, 0 at the end, -1 with errno set; ETIMEDOUT if nothing came before
 * @p deadline_ms. */
static ssize_t bytes_take(int file, char *room, size_t size, int64_t deadline_ms)
{
    for (;;) {
        int64_t left_ms = deadline_ms - clock_ms();
        struct pollfd wait = {.fd = file, .events = POLLIN};
        int ready = poll(&wait, 1, left_ms > 0 ? (int)left_ms : 0);
        if (ready == 0)
            errno = ETIMEDOUT;
        ssize_t got = ready > 0 ? read(file, room, size) : -1;
        if (got >= 0 || (errno != EINTR && errno != EAGAIN))
            return got;
    }
}

static void bytes_failed(int patience_ms, struct err *err)
{
    if (errno == ETIMEDOUT)
        err_set(err, ERR_CONFIG, "it is a pipe, and did not come to its end within %d seconds",
                patience_ms / 1000);
    else
        err_set(err, ERR_CONFIG, "%s", strerror(errno));
}

char *read_descriptor(int file, int patience_ms, size_t limit, size_t *length, struct err *err)
{
    int64_t deadline_ms = clock_ms() + patience_ms;
    size_t used = 0, room = BYTES_FIRST;
    char *bytes = mem_alloc(room);
    ssize_t got;

    while ((got = bytes_take(file, bytes + used, room - used - 1, deadline_ms)) != 0) {
        if (got < 0) {
            bytes_failed(patience_ms, err);
            return bytes_discard(bytes, used);
        }
        used += (size_t)got;
        if (used > limit) {
            err_set(err, ERR_CONFIG, "longer than %zu bytes", limit);
            return bytes_discard(bytes, used);
        }
        if (used == room - 1)
            bytes = bytes_grow(bytes, used, &room);
    }
    bytes[used] = '\0';
    if (strlen(bytes) != used) {
        err_set(err, ERR_CONFIG, "it holds a NUL byte");
        return bytes_discard(bytes, used);
    }
    *length = used;
    return bytes;
}

char *read_file(const char *path, size_t limit, size_t *length, bool *missing, struct err *err)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (file < 0) {
        *missing = errno == ENOENT || errno == ENOTDIR;
        err_set(err, ERR_CONFIG, "%s", strerror(errno));
        return NULL;
    }
    *missing = false;
    char *bytes = read_descriptor(file, PATIENCE_MS, limit, length, err);
    close(file);
    return bytes;
}
