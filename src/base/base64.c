/* base64.c: bytes as text, by RFC 4648 section 4. */
#include "base/base64.h"

#include <stdint.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_write(FILE *out, struct slice bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.data;

    for (size_t left = bytes.length; left > 0; left -= left < 3 ? left : 3, at += 3) {
        uint32_t group = (uint32_t)at[0] << 16;
        group |= left > 1 ? (uint32_t)at[1] << 8 : 0;
        group |= left > 2 ? (uint32_t)at[2] : 0;
        fputc(digits[group >> 18], out);
        fputc(digits[group >> 12 & 63], out);
        fputc(left > 1 ? digits[group >> 6 & 63] : '=', out);
        fputc(left > 2 ? digits[group & 63] : '=', out);
    }
}

/* The value of a digit; 64 where it is none. */
static uint32_t digit_value(char digit)
{
    const char *found = digit ? strchr(digits, digit) : NULL;

    return found ? (uint32_t)(found - digits) : 64;
}

/* How many bytes four characters stand for; 0 where they are no group. */
static size_t read_group(const char *text, bool last, char out[3])
{
    size_t bytes = !last || text[3] != '=' ? 3 : text[2] != '=' ? 2 : 1;
    uint32_t group = 0;

    for (size_t i = 0; i < 4; i++) {
        uint32_t value = i > bytes ? 0 : digit_value(text[i]);
        if (value > 63)
            return 0;
        group = group << 6 | value;
    }
    if (group & ((1u << (8 * (3 - bytes))) - 1)) /* bits that no byte takes */
        return 0;
    for (size_t i = 0; i < bytes; i++)
        out[i] = (char)(group >> (16 - 8 * i) & 255);
    return bytes;
}

bool base64_read(struct slice text, char *out, size_t *length)
{
    size_t total = 0;

    if (text.length % 4)
        return false;
    for (size_t i = 0; i < text.length; i += 4) {
        char group[3];
        size_t bytes = read_group(text.data + i, i + 4 == text.length, group);
        if (!bytes)
            return false;
        memcpy(out + total, group, bytes);
        total += bytes;
    }
    *length = total;
    return true;
}
