/*
 * fuzz_template.c: any text as a template, rendered on one record.
 *
 * The first byte chooses between a command and a single text. What stands behind a NUL is the
 * record's value, else that is a usual one.
 */
#include "codec/json.h"
#include "expr/template.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena arena;
static volatile size_t sum;

static void read_all(const struct slice *arguments, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < arguments[i].length; j++)
            sum += (unsigned char)arguments[i].data[j];
}

static void check_argument(const struct template *template, struct scope *scope,
                           struct slice expected)
{
    struct slice out, constant;
    struct err err;

    assert(template_render_argument(template, 0, scope, &out, &err));
    assert(slice_equal(out, expected));
    template_constant(template, 0, &constant);
    assert(!constant.data || slice_equal(constant, out));
}

static void render(const struct template *template, struct scope *scope)
{
    struct err err = {ERR_NONE, ""};
    struct slice *arguments;
    size_t count;
    bool open;

    if (!template_render(template, scope, &arguments, &count, &err)) {
        assert(err.kind == ERR_RECORD);
        return;
    }
    read_all(arguments, count);
    assert(count >= template_least_arguments(template, &open));
    assert(open || count == template_least_arguments(template, &open));
    if (!open)
        check_argument(template, scope, arguments[0]);
}

static void compile_and_render(const char *text, bool split, struct slice value)
{
    struct record record = {
        .key = SLICE("{\"k\":\"\xC3\xA9\"}"), .value = value, .topic = "t", .offset = 42};
    const struct decoder json = {.codec = codec_find("json")};
    struct scope scope = scope_of(&record, &arena, 0);
    struct err err = {ERR_NONE, ""};
    struct template *template = template_new(text, split, &err);

    scope.value_decoder = scope.key_decoder = &json;
    assert((template == NULL) == (err.kind == ERR_CONFIG));
    assert(template || strncmp(err.text, "column ", 7) == 0);
    if (template)
        render(template, &scope);
    template_free(template);
    arena_reset(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char usual[] =
        "{\"a\":1.25,\"b\":\"x \\u00e9\\n\",\"c\":[1,{\"d\":null}],\"e\":{\"f\":true},\"t\":"
        "\"2026-01-01T00:00:00Z\",\"n\":1767225600000,\"b\":\"last\"}";
    const uint8_t *behind;
    struct slice value = SLICE(usual);

    if (!size)
        return 0;
    behind = memchr(data + 1, 0, size - 1);
    if (behind)
        value = (struct slice){(const char *)behind + 1, size - (size_t)(behind + 1 - data)};
    char *payload = memcpy(malloc(value.length ? value.length : 1), value.data, value.length);
    char *text = memcpy(calloc(size, 1), data + 1, size - 1);
    compile_and_render(text, data[0] & 1, (struct slice){payload, value.length});
    free(text);
    free(payload);
    return 0;
}
