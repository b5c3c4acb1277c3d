/* fuzz_body.c: any bytes as the chunks of a body. Where they are cut makes no difference. */
#include "app/body.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What connection_receive() does, with @p step more bytes each time. */
static int take(struct body *body, const uint8_t *data, size_t size, size_t step, size_t *at)
{
    const struct request request = {.method = METHOD_POST, .has_body = true, .chunked = true};
    int status = body_begin(body, &request) == 200 ? 100 : 0;
    size_t end = 0, used;

    *at = 0;
    while (status == 100 && end < size) {
        end = size - end < step ? size : end + step;
        status = body_take(body, (struct slice){(const char *)data + *at, end - *at}, &used);
        *at += used;
        assert(*at <= end && body->length <= BODY_BYTES);
    }
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct body whole = {0}, pieces = {0};
    size_t end = 0, end_of_pieces = 0;
    int status;

    if (size < 2)
        return 0;
    status = take(&whole, data + 1, size - 1, size, &end);
    assert(status == 100 || status == 200 || status == 400 || status == 413);
    assert(take(&pieces, data + 1, size - 1, data[0] % 16 + 1, &end_of_pieces) == status);
    if (status == 200) {
        assert(end == end_of_pieces && whole.length == pieces.length);
        assert(!whole.length || memcmp(whole.bytes, pieces.bytes, whole.length) == 0);
    }
    body_clear(&whole);
    body_clear(&pieces);
    return 0;
}
