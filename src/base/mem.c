/* mem.c: allocation that never fails: without memory the process exits, and records that were not
 * committed are read again. */
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void mem_exhausted(void)
{
    static const char text[] = "penstock: out of memory\n";

    ssize_t written = write(STDERR_FILENO, text, sizeof(text) - 1);
    (void)written; /* there is nowhere to report it */
    _exit(70);     /* EX_SOFTWARE of sysexits(3) */
}

void *mem_alloc(size_t size)
{
    void *memory = calloc(1, size ? size : 1);

    if (!memory)
        mem_exhausted();
    return memory;
}

void *mem_array(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);

    if (!memory)
        mem_exhausted();
    return memory;
}

void *mem_resize(void *memory, size_t size)
{
    memory = realloc(memory, size ? size : 1);
    if (!memory)
        mem_exhausted();
    return memory;
}

char *mem_text(const char *text)
{
    return mem_copy(text, strlen(text));
}

char *mem_copy(const void *bytes, size_t length)
{
    char *copy = mem_resize(NULL, length + 1);

    if (length)
        memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

char *mem_format(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        mem_exhausted();
    va_end(arguments);
    return text;
}

void *mem_grow(void *memory, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return memory;
    size_t wanted = *capacity ? *capacity * 2 : 8;
    if (wanted > SIZE_MAX / size)
        mem_exhausted();
    *capacity = wanted;
    return mem_resize(memory, wanted * size);
}
