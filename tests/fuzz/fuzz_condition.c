/* fuzz_condition.c: any text as a condition, decided on one record; a condition in "!( )" decides
 * the other way. */
#include "codec/json.h"
#include "expr/condition.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena arena;

static bool decide(const struct condition *condition)
{
    static const char value[] =
        "{\"a\":1.25,\"b\":\"x "
        "\\u00e9\\n\",\"c\":[1,{\"d\":null}],\"e\":{\"f\":true},\"g\":-1e400}";
    struct record record = {
        .key = SLICE("{\"k\":\"\xC3\xA9\"}"), .value = SLICE(value), .topic = "t", .offset = 42};
    const struct decoder json = {.codec = codec_find("json")};
    struct scope scope = scope_of(&record, &arena, 0);
    struct err err;
    bool holds;

    scope.value_decoder = scope.key_decoder = &json;
    assert(condition_holds(condition, &scope, &holds, &err));
    arena_reset(&arena);
    return holds;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {ERR_NONE, ""};
    char *text = calloc(size + 4, 1);
    struct condition *condition, *opposite;

    memcpy(text, data, size);
    condition = condition_new(text, &err);
    assert((condition == NULL) == (err.kind == ERR_CONFIG));
    assert(condition || strncmp(err.text, "column ", 7) == 0);
    if (condition) {
        size_t length = strlen(text);
        memmove(text + 2, text, length);
        memcpy(text, "!(", 2);
        memcpy(text + 2 + length, ")", 2);
        opposite = condition_new(text, &err);
        assert(!opposite || decide(opposite) != decide(condition)); /* too deep, perhaps */
        condition_free(opposite);
    }
    condition_free(condition);
    free(text);
    return 0;
}
