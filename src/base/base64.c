/* base64.c: bytes as text, by RFC 4648 section 4; libcrypto does the work, but accepts more than
 * that. */
#include "base/base64.h"

#include <openssl/evp.h>
#include <stdint.h>

enum { GROUPS = 1024, BYTES = 3 * GROUPS, DIGITS = 4 * GROUPS };

void base64_write(FILE *out, struct slice bytes)
{
    unsigned char digits[DIGITS + 1];

    for (size_t at = 0; at < bytes.length; at += BYTES) {
        size_t part = bytes.length - at < BYTES ? bytes.length - at : BYTES;
        int written = EVP_EncodeBlock(digits, (const unsigned char *)bytes.data + at, (int)part);
        fwrite(digits, 1, (size_t)written, out);
    }
}

/* How many '=' end the text; 3 if the text has anything but digits before them. */
static size_t padding_of(struct slice text)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t padding = 0;

    while (padding < 2 && text.length > padding && text.data[text.length - padding - 1] == '=')
        padding++;
    for (size_t i = 0; i < text.length - padding; i++)
        if (!text.data[i] || !strchr(alphabet, text.data[i]))
            return 3;
    return padding;
}

/* Whether encoding the bytes gives the last group of digits again: no bit of it is lost. */
static bool is_canonical(const char *group, const unsigned char *bytes, size_t padding)
{
    unsigned char digits[5];

    EVP_EncodeBlock(digits, bytes, (int)(3 - padding));
    return memcmp(digits, group, 4) == 0;
}

bool base64_read(struct slice text, char *out, size_t *length)
{
    size_t padding = text.length % 4 ? 3 : padding_of(text), bytes = text.length / 4 * 3;

    if (padding > 2 || text.length > INT32_MAX)
        return false;
    if (text.length && (EVP_DecodeBlock((unsigned char *)out, (const unsigned char *)text.data,
                                        (int)text.length) < 0 ||
                        !is_canonical(text.data + text.length - 4,
                                      (const unsigned char *)out + bytes - 3, padding)))
        return false;
    *length = bytes - padding;
    return true;
}
