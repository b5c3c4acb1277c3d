/* fuzz_path.c: any bytes as a path, up to the first line's end, followed in the JSON behind it. */
#include "codec/json.h"
#include "record/path.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena arena;

static void follow(const struct path *path, struct slice text)
{
    const struct value *root = json_decode(text, &arena, NULL);
    const struct value *found = root ? path_find(path, root) : NULL;

    assert(!found || (found >= root && found < root + root->span));
    arena_reset(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *end = size ? memchr(text, '\n', size) : NULL;
    size_t length = end ? (size_t)(end - text) : size;
    struct err err = {0};
    struct path *path = path_new((struct slice){text, length}, &err);

    assert((path == NULL) == (err.kind == ERR_CONFIG));
    if (path && end)
        follow(path, (struct slice){end + 1, size - length - 1});
    path_free(path);
    return 0;
}
