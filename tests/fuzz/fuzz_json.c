/* fuzz_json.c: any bytes as JSON; of what is accepted, whether the tree keeps value.h's promises.
 */
#include "codec/json.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena arena;
static struct slice payload;

/* Whether the @p length bytes at @p bytes are the payload's. */
static bool is_inside(const char *bytes, size_t length)
{
    return bytes >= payload.data && bytes + length <= payload.data + payload.length;
}

static void check_name(const struct value *object, const struct value *child)
{
    assert(is_inside(child->name, child->name_length));
    struct slice name = value_name(child, &arena, NULL);
    const struct value *found = value_member(object, name);
    assert(found >= child);
    assert(slice_equal(value_name(found, &arena, NULL), name));
}

/* Containers of one text have the same tree wherever they stand. */
static void check_again(const struct value *container)
{
    const struct value *alone = json_decode(container->raw, &arena, NULL);

    assert(alone && alone->span == container->span && alone->count == container->count);
}

static void check(const struct value *value)
{
    const struct value *child = value_first(value);

    assert(is_inside(value->raw.data, value->raw.length));
    if (value->type < VALUE_ARRAY) {
        assert(value->span == 1 && value->count == 0);
        assert(value_text(value, &arena, NULL).length <= value->raw.length);
        return;
    }
    for (uint32_t i = 0; i < value->count; i++, child = value_next(child)) {
        if (value->type == VALUE_OBJECT && i < 64)
            check_name(value, child);
        check(child);
    }
    assert(child == value + value->span);
    if (value->span < 8)
        check_again(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};

    payload = (struct slice){(const char *)data, size};
    const struct value *value = json_decode(payload, &arena, &err);
    assert((value == NULL) == (err.kind == ERR_RECORD));
    if (value)
        check(value);
    arena_reset(&arena);
    return 0;
}
