/*
 * fuzz_handshake.c: a server, or a proxy, that answers a handshake with anything.
 *
 * The first byte chooses the options, the second how long the pieces are. Where the answers end the
 * other side hangs up.
 */
#include "redis/handshake.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
    assert(memchr(text, '\0', size));
}

/* Feeds what is left; whether the handshake is over. */
static bool feed(struct handshake *handshake, struct slice bytes, size_t piece)
{
    struct err err = {ERR_NONE, ""};

    for (size_t at = 0; at < bytes.length; at += piece) {
        size_t length = bytes.length - at < piece ? bytes.length - at : piece;
        enum handshake_result result =
            handshake_feed(handshake, (struct slice){bytes.data + at, length}, &err);
        assert(result == HANDSHAKE_MORE || result == HANDSHAKE_SEND || result == HANDSHAKE_DONE ||
               err.text[0]);
        if (result == HANDSHAKE_SEND)
            assert(handshake_output(handshake).length > 0);
        if (result != HANDSHAKE_MORE && result != HANDSHAKE_SEND)
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned choice = size > 0 ? data[0] : 0;
    const struct handshake_options options = {
        .username = choice & 1 ? "user" : NULL,
        .password = choice & 2 ? "hunter2" : NULL,
        .client_name = "fuzz",
        .database = choice & 4 ? 3 : 0,
    };
    const struct handshake_peer former = {.id = choice & 8 ? 7 : 0, .address = "127.0.0.1:1"};
    struct handshake_memory memory = {.left_out = choice >> 4};
    struct handshake handshake = {0};
    struct err err;

    if (size < 2)
        return 0;
    char *bytes = memcpy(malloc(size - 1), data + 1, size - 1); /* ends where the input does */
    handshake_begin(&handshake, &options, &former, &memory);
    if (!feed(&handshake, (struct slice){bytes + 1, size - 2}, (unsigned char)bytes[0] % 32u + 1))
        handshake_hung_up(&handshake, &err);
    check_text(handshake.self.address, sizeof(handshake.self.address));
    check_text(handshake.run_id, sizeof(handshake.run_id));
    handshake_end(&handshake);
    free(bytes);
    return 0;
}
