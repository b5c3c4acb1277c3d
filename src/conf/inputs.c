/* inputs.c: the files that a configuration was read from, as they were just before. */
#include "conf/inputs.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct input {
    char *path;
    uint64_t state;
};

struct inputs {
    struct input *items;
    size_t count, capacity;
};

static uint64_t mix(uint64_t state, uint64_t value)
{
    return (state ^ value) * 0x9E3779B97F4A7C15 + (state >> 29);
}

/* By the time of change, too: the time of modification is whatever a program says it is. */
static uint64_t state_of(const char *path)
{
    struct stat status;
    uint64_t state = 1;

    if (stat(path, &status) != 0)
        return 0;
    state = mix(state, (uint64_t)status.st_dev);
    state = mix(state, (uint64_t)status.st_ino);
    state = mix(state, (uint64_t)status.st_size);
    state = mix(state, (uint64_t)status.st_mtim.tv_sec);
    state = mix(state, (uint64_t)status.st_mtim.tv_nsec);
    state = mix(state, (uint64_t)status.st_ctim.tv_sec);
    return mix(state, (uint64_t)status.st_ctim.tv_nsec);
}

struct inputs *inputs_new(void)
{
    return mem_new(struct inputs);
}

void inputs_free(struct inputs *inputs)
{
    if (!inputs)
        return;
    for (size_t i = 0; i < inputs->count; i++)
        free(inputs->items[i].path);
    free(inputs->items);
    free(inputs);
}

void inputs_add(struct inputs *inputs, const char *path)
{
    if (!inputs || !path)
        return;
    for (size_t i = 0; i < inputs->count; i++)
        if (strcmp(inputs->items[i].path, path) == 0)
            return;
    inputs->items =
        mem_grow(inputs->items, inputs->count, &inputs->capacity, sizeof(*inputs->items));
    inputs->items[inputs->count++] = (struct input){mem_text(path), state_of(path)};
}

uint64_t inputs_before(const struct inputs *inputs)
{
    uint64_t state = 1;

    for (size_t i = 0; i < inputs->count; i++)
        state = mix(state, inputs->items[i].state);
    return state;
}

uint64_t inputs_now(const struct inputs *inputs)
{
    uint64_t state = 1;

    for (size_t i = 0; i < inputs->count; i++)
        state = mix(state, state_of(inputs->items[i].path));
    return state;
}
