/* fuzz_reply.c: any line as an error reply: it has a class, and what is left of it once its quotes
 * are hidden has nothing more to hide. */
#include "redis/reply.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    memcpy(text, data, size);
    text[size] = '\0';
    size_t length = strlen(text);
    char *bytes = memcpy(malloc(length + 1), text, length); /* no NUL stands behind a line */
    enum reply_class class = reply_classify((struct slice){bytes, length});
    const char *label = reply_label((struct slice){bytes, length});
    assert(reply_meanings[class].word[0] && label && *label);
    size_t hidden = reply_hide(text);
    assert(hidden <= length + 3 && hidden == strlen(text));
    char *again = memcpy(malloc(hidden + 4), text, hidden + 1);
    assert(reply_hide(again) == hidden && strcmp(again, text) == 0);
    free(again);
    free(bytes);
    free(text);
    return 0;
}
