/*
 * fuzz_decimal.c: any two texts as numbers: they have one order, and rounding keeps it.
 *
 * The first byte says how many places are kept, and how; a space parts the numbers.
 */
#include "expr/decimal.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena arena;

static int sign(int number)
{
    return (number > 0) - (number < 0);
}

static void check_round(struct slice number, size_t places, enum decimal_mode mode)
{
    struct slice rounded, again;
    struct err err = {ERR_NONE, ""};

    if (!decimal_round(number, places, mode, &arena, &rounded, &err)) {
        assert(err.kind == ERR_RECORD);
        return;
    }
    assert(decimal_is(rounded));
    assert(decimal_round(rounded, places, mode, &arena, &again, &err));
    assert(slice_equal(rounded, again));
    if (mode == DECIMAL_TRUNCATE && number.data[0] != '-')
        assert(decimal_compare(rounded, number) <= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    char *bytes = memcpy(malloc(size - 1), data + 1, size - 1);
    struct slice whole = {bytes, size - 1};
    const char *blank = memchr(whole.data, ' ', whole.length);
    size_t length = blank ? (size_t)(blank - whole.data) : whole.length;
    struct slice one = {whole.data, length};
    struct slice two = blank ? (struct slice){blank + 1, whole.length - length - 1} : one;
    bool numbers = decimal_is(one);
    numbers = decimal_is(two) && numbers;
    if (numbers) {
        assert(sign(decimal_compare(one, two)) == -sign(decimal_compare(two, one)));
        assert(decimal_compare(one, one) == 0);
        check_round(one, data[0] % 8u, data[0] & 128 ? DECIMAL_HALF_UP : DECIMAL_TRUNCATE);
    }
    arena_reset(&arena);
    free(bytes);
    return 0;
}
