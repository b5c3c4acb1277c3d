/* fuzz_shape.c: any lines as the arguments of a command, the first picks it, an empty one is a
 * placeholder: the verdict is one of the four, and what is good with placeholders is good with what
 * may stand there. */
#include "redis/commands.h"
#include "redis/shape.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARGUMENTS_MOST = 64 };

static const struct command *pick(struct slice line)
{
    size_t count, number = 0;
    const struct command *rows = command_all(&count), *named = command_find(line);

    for (size_t i = 0; i < line.length; i++)
        number = number * 31 + (unsigned char)line.data[i];
    return named ? named : &rows[number % count];
}

static size_t read_lines(const char *text, size_t size, struct slice *lines)
{
    const char *end = text + size;
    size_t count = 0;

    while (text < end && count < ARGUMENTS_MOST) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((newline ? newline : end) - text);
        lines[count++] = (struct slice){length ? text : NULL, length};
        text += length + 1;
    }
    return count;
}

/* Where nothing depends on the placeholders, nothing changes when they are filled. */
static void fill(const struct shape *shape, struct slice *arguments, size_t count)
{
    struct shape_problem problem;

    for (size_t i = 1; i < count; i++)
        if (!arguments[i].data)
            arguments[i] = SLICE("any text");
    assert(shape_match(shape, arguments, count, NULL, &problem) == SHAPE_GOOD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice arguments[ARGUMENTS_MOST];
    const struct shape_item *items[ARGUMENTS_MOST];
    size_t count = read_lines((const char *)data, size, arguments);
    struct shape_problem problem = {.at = SIZE_MAX};

    if (!count || !arguments[0].data)
        return 0;
    const struct command *row = pick(arguments[0]);
    if (row->refused)
        return 0;
    struct shape *shape = shape_new(row->shape);
    enum shape_verdict verdict = shape_match(shape, arguments, count, items, &problem);
    if (verdict == SHAPE_BAD || verdict == SHAPE_UNKNOWN)
        assert(problem.at <= count && memchr(problem.text, '\0', sizeof(problem.text)));
    if (verdict == SHAPE_GOOD)
        fill(shape, arguments, count);
    shape_free(shape);
    return 0;
}
