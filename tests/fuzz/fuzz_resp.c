/*
 * fuzz_resp.c: replies of any kind, in pieces of any size.
 *
 * The first bytes choose where to cut. However the input is cut, the same replies are in it.
 */
#include "redis/resp.h"

#include <stdint.h>
#include <stdlib.h>

enum { CUTS = 4 };

struct result {
    size_t replies, errors;
    bool broken;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void scan(struct resp_scanner *scanner, struct slice *input, struct result *result)
{
    while (input->length && !result->broken) {
        enum resp_result got = resp_scan(scanner, input);
        if (got == RESP_MORE)
            return;
        result->broken = got == RESP_BROKEN;
        result->replies += got == RESP_REPLY;
        result->errors += got == RESP_REPLY && scanner->failed;
    }
}

static struct result scan_pieces(const char *bytes, size_t length, const uint8_t *cuts)
{
    struct resp_scanner scanner = {0};
    struct result result = {0};
    struct slice input = {bytes, 0};
    size_t end = 0;

    for (size_t i = 0; end < length && !result.broken; i++) {
        end += 1 + cuts[i % CUTS];
        end = end < length ? end : length;
        input.length = (size_t)(bytes + end - input.data);
        scan(&scanner, &input, &result);
    }
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t whole[CUTS] = {255, 255, 255, 255};

    if (size < CUTS || size > RESP_LINE_BYTES)
        return 0;
    const char *bytes = (const char *)data + CUTS;
    struct result pieces = scan_pieces(bytes, size - CUTS, data);
    struct result larger = scan_pieces(bytes, size - CUTS, whole);
    if (pieces.replies != larger.replies || pieces.errors != larger.errors ||
        pieces.broken != larger.broken)
        abort();
    return 0;
}
