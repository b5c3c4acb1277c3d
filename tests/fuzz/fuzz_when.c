/* fuzz_when.c: any text as a condition, decided on one record; a condition in "!( )" decides the
 * other way. */
#include "codec/json.h"
#include "expr/when.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena arena;

static bool decide(const struct when *when)
{
    static const char value[] =
        "{\"a\":1.25,\"b\":\"x "
        "\\u00e9\\n\",\"c\":[1,{\"d\":null}],\"e\":{\"f\":true},\"g\":-1e400}";
    struct record record = {
        .key = SLICE("{\"k\":\"\xC3\xA9\"}"), .value = SLICE(value), .topic = "t", .offset = 42};
    struct scope scope = {.record = &record,
                          .value_codec = codec_find("json"),
                          .key_codec = codec_find("json"),
                          .arena = &arena};
    struct err err;
    bool holds;

    assert(when_holds(when, &scope, &holds, &err));
    arena_reset(&arena);
    return holds;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {ERR_NONE, ""};
    char *text = calloc(size + 4, 1);
    struct when *when, *opposite;

    memcpy(text, data, size);
    when = when_new(text, &err);
    assert((when == NULL) == (err.kind == ERR_CONFIG));
    assert(when || strncmp(err.text, "column ", 7) == 0);
    if (when) {
        size_t length = strlen(text);
        memmove(text + 2, text, length);
        memcpy(text, "!(", 2);
        memcpy(text + 2 + length, ")", 2);
        opposite = when_new(text, &err);
        assert(!opposite || decide(opposite) != decide(when)); /* too deep, perhaps */
        when_free(opposite);
    }
    when_free(when);
    free(text);
    return 0;
}
