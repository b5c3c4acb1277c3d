/*
 * fuzz_answer.c: any bytes as the answers that transactions read, whole and in two pieces.
 *
 * The first byte says where they are cut: what comes in pieces must be read as what comes at once.
 */
#include "redis/answer.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_inside(struct slice part, struct slice whole)
{
    return !part.data ||
           (part.data >= whole.data && part.data + part.length <= whole.data + whole.length);
}

static void check_inside(const struct answer *answer, struct slice whole)
{
    assert(is_inside(answer->text, whole));
    for (size_t i = 0; answer->type == '*' && i < answer->count; i++)
        assert(is_inside(answer->items[i], whole));
}

/* Reads answers until there is no whole one; how many bytes they were. */
static size_t read_all(struct answer *answer, struct slice bytes, enum resp_result *last)
{
    struct slice rest = bytes;

    while ((*last = answer_read(answer, &rest)) != RESP_MORE && *last != RESP_BROKEN)
        check_inside(answer, bytes);
    assert(rest.data >= bytes.data && rest.length <= bytes.length);
    return bytes.length - rest.length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct answer answer = {0};
    enum resp_result whole, piece;

    if (!size)
        return 0;
    char *bytes = memcpy(malloc(size), data, size);
    struct slice input = {bytes + 1, size - 1};
    size_t cut = (unsigned char)bytes[0] % size;
    size_t used = read_all(&answer, input, &whole);
    size_t first = read_all(&answer, (struct slice){input.data, cut}, &piece);
    assert(first <= used);
    if (piece != RESP_BROKEN) { /* what was whole stays so, and the rest is read from there */
        struct slice rest = {input.data + first, input.length - first};
        assert(first + read_all(&answer, rest, &piece) == used && piece == whole);
    }
    answer_free(&answer);
    free(bytes);
    return 0;
}
