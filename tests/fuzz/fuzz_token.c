/* fuzz_token.c: any bytes as a token that may say when it ends. */
#include "kafka/token.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assert(token_end_ms((struct slice){(const char *)data, size}) >= -1);
    return 0;
}
