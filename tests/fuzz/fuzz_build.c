/*
 * fuzz_build.c: a tree of any JSON, built again part by part, is written as JSON that reads as the
 * same tree.
 */
#include "codec/json.h"
#include "record/build.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena arena;

static void build(struct builder *builder, const struct value *from);

static void build_children(struct builder *builder, const struct value *from)
{
    const struct value *child = value_first(from);

    builder_open(builder, (enum value_type)from->type);
    for (uint32_t i = 0; i < from->count; i++, child = value_next(child)) {
        if (from->type == VALUE_OBJECT && i % 2)
            builder_member(builder, value_name(child, &arena, NULL));
        if (from->type == VALUE_OBJECT && i % 2 == 0)
            builder_copy(builder, child);
        else
            build(builder, child);
    }
    builder_close(builder);
}

static void build(struct builder *builder, const struct value *from)
{
    if (from->type >= VALUE_ARRAY)
        build_children(builder, from);
    else
        builder_scalar(builder, (enum value_type)from->type, value_text(from, &arena, NULL));
}

static bool same_name(const struct value *a, const struct value *b)
{
    return slice_equal(value_name(a, &arena, NULL), value_name(b, &arena, NULL));
}

static void check_same(const struct value *a, const struct value *b)
{
    const struct value *one = value_first(a), *other = value_first(b);

    assert(a->type == b->type && a->span == b->span && a->count == b->count);
    if (a->type == VALUE_STRING)
        assert(value_compare_strings(a, b) == 0);
    else if (a->type == VALUE_NUMBER)
        assert(slice_equal(value_text(a, &arena, NULL), value_text(b, &arena, NULL)));
    for (uint32_t i = 0; i < a->count; i++, one = value_next(one), other = value_next(other)) {
        assert(a->type == VALUE_ARRAY || same_name(one, other));
        check_same(one, other);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct value *from = json_decode((struct slice){(const char *)data, size}, &arena, NULL);
    struct builder builder = builder_new(&arena, NULL);

    if (from) {
        build(&builder, from);
        const struct value *built = builder_end(&builder);
        assert(built);
        check_same(from, built);
        struct slice text = value_json(built, &arena, NULL);
        const struct value *read = json_decode(text, &arena, NULL);
        assert(read);
        check_same(built, read);
        assert(built->type < VALUE_ARRAY || value_text(built, &arena, NULL).data == text.data);
    }
    arena_reset(&arena);
    return 0;
}
