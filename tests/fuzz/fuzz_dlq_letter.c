/* fuzz_dlq_letter.c: any bytes as the fields of a stream's entry: a letter, or an error, and what
 * is a letter is written and read again as the same. */
#include "codec/dlq_fields.h"

#include <assert.h>
#include <stdlib.h>

enum { FIELDS_MOST = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena arena;

/* Fields are cut at every 0xfe, which no UTF-8 holds. */
static size_t cut_fields(const char *bytes, size_t size, struct slice *fields)
{
    size_t count = 0, from = 0;

    for (size_t i = 0; i <= size && count < FIELDS_MOST; i++)
        if (i == size || (unsigned char)bytes[i] == 0xfe) {
            fields[count++] = (struct slice){bytes + from, i - from};
            from = i + 1;
        }
    return count;
}

static void expect_same(const struct dlq_letter *one, const struct headers *ones,
                        const struct dlq_letter *other, const struct headers *others)
{
    assert(slice_equal(one->record.key, other->record.key));
    assert(slice_equal(one->record.value, other->record.value));
    assert(ones->count == others->count);
    for (size_t i = 0; i < ones->count; i++) {
        assert(slice_equal(ones->items[i].name, others->items[i].name));
        assert(slice_equal(ones->items[i].value, others->items[i].value));
        assert(!ones->items[i].value.data == !others->items[i].value.data);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice fields[FIELDS_MOST];
    size_t count = cut_fields((const char *)data, size, fields);
    struct dlq_letter letter, again;
    struct headers headers, headers_again;
    struct dlq_fields written;
    struct err err = {0};
    char topic[250];

    if (dlq_fields_read(fields, count, &arena, &headers, &letter, &err)) {
        dlq_fields_make(&written, &letter);
        assert(dlq_fields_read(written.items, written.count, &arena, &headers_again, &again, NULL));
        expect_same(&letter, &headers, &again, &headers_again);
        dlq_letter_take_place(&letter, topic, sizeof(topic));
        dlq_letter_read(&letter.record, &again);
        free(written.headers);
    } else {
        assert(err.kind == ERR_RECORD);
    }
    arena_reset(&arena);
    return 0;
}
