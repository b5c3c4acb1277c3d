/*
 * fuzz_words.c: any text for all the small readers of settings: URLs, brokers, sizes, durations,
 * times, durable, base64, "${...}", and what shows bytes on a terminal.
 */
#include "base/base64.h"
#include "base/text.h"
#include "conf/brokers.h"
#include "conf/durable.h"
#include "conf/expand.h"
#include "conf/start.h"
#include "conf/topic.h"
#include "conf/url.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_settings(const char *text)
{
    struct conf_start start;
    struct conf_durable durable;
    struct url url = {0};
    struct err err = {ERR_NONE, ""};
    int64_t number;

    if (url_parse(text, &url, &err))
        url_free(&url);
    else
        assert(err.kind == ERR_CONFIG && err.text[0]);
    brokers_check(text, &err);
    durable_parse(text, &durable, &err);
    topic_check_name(text, &err);
    if (start_parse(text, &start, &err))
        assert(start.kind != START_TIME || text[0] == '@');
    if (text_integer(slice_of(text), &number)) {
        char digits[24];
        snprintf(digits, sizeof(digits), "%lld", (long long)number);
        assert(strlen(digits) <= strlen(text));
    }
    if (text_duration(slice_of(text), &number) || text_size(slice_of(text), &number))
        assert(number >= 0);
}

/* Without files: whoever writes a configuration may name any, a fuzzer should not. */
static void read_expansion(const char *text)
{
    bool secret = false;
    struct err err = {ERR_NONE, ""};

    if (strstr(text, "file:") || strstr(text, "cred:"))
        return;
    char *expanded = expand(text, NULL, &secret, &err);
    assert(expanded || err.kind == ERR_CONFIG);
    assert(!expanded || strchr(text, '$') || strcmp(expanded, text) == 0);
    free(expanded);
}

static void read_base64(struct slice bytes)
{
    char *out = malloc(bytes.length / 4 * 3 + 1), *again;
    size_t length, written;

    if (base64_read(bytes, out, &length)) {
        FILE *file = open_memstream(&again, &written);
        base64_write(file, (struct slice){out, length});
        fclose(file);
        assert(slice_equal((struct slice){again, written}, bytes));
        free(again);
    }
    free(out);
}

/* Nothing that is shown controls a terminal. */
static void show(struct slice bytes)
{
    char *shown;
    size_t length;
    FILE *out = open_memstream(&shown, &length);

    text_quote(out, bytes);
    text_show(out, bytes);
    fclose(out);
    assert(text_is_utf8((struct slice){shown, length}));
    for (size_t i = 0; i < length; i++)
        assert((unsigned char)shown[i] >= ' ' && shown[i] != 0x7f);
    free(shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = memcpy(malloc(size + 1), data, size);

    bytes[size] = '\0';
    read_settings(bytes);
    read_expansion(bytes);
    free(bytes);
    bytes = memcpy(malloc(size ? size : 1), data, size); /* no NUL behind it */
    read_base64((struct slice){bytes, size});
    show((struct slice){bytes, size});
    free(bytes);
    return 0;
}
