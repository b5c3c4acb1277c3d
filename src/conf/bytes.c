/* bytes.c: a small file, whole. */
#include "conf/bytes.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BYTES_FIRST = 4096 };

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

/* Everything that @p file gives. */
static char *bytes_drain(int file, size_t limit, size_t *length, struct err *err)
{
    size_t used = 0, room = BYTES_FIRST;
    char *bytes = mem_alloc(room);
    ssize_t got;

    while ((got = read(file, bytes + used, room - used - 1)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            err_set(err, ERR_CONFIG, "%s", strerror(errno));
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

char *bytes_read(const char *path, size_t limit, size_t *length, bool *missing, struct err *err)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);

    if (file < 0) {
        *missing = errno == ENOENT || errno == ENOTDIR;
        err_set(err, ERR_CONFIG, "%s", strerror(errno));
        return NULL;
    }
    *missing = false;
    char *bytes = bytes_drain(file, limit, length, err);
    close(file);
    return bytes;
}
