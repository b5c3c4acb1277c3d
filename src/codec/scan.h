/*
 * scan.h: the two loops over bytes that decide how fast JSON is read.
 *
 * Both look at 16 bytes a step (SSE2), elsewhere at 8 in a register. They never read behind @p end:
 * a payload is not followed by anything that belongs to us, so the last bytes go one by one.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/** A byte that stands for itself in a string: ASCII, no control, neither quote nor backslash. */
static inline bool scan_is_plain(char byte)
{
    return (signed char)byte >= 0x20 && byte != '"' && byte != '\\';
}

/** A byte before which, or before whose successor, a value begins: a comma or an opening bracket.
 */
static inline bool scan_is_opener(char byte)
{
    return byte == ',' || byte == '[' || byte == '{';
}

#ifdef __SSE2__

/** The first byte from @p at that is not plain, or @p end. */
static inline const char *scan_plain(const char *at, const char *end)
{
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
    const __m128i space = _mm_set1_epi8(0x20);

    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i odd = _mm_cmplt_epi8(bytes, space); /* signed: bytes from 0x80 are below, too */

        odd = _mm_or_si128(odd, _mm_cmpeq_epi8(bytes, quote));
        odd = _mm_or_si128(odd, _mm_cmpeq_epi8(bytes, backslash));
        int mask = _mm_movemask_epi8(odd);
        if (mask)
            return at + __builtin_ctz((unsigned)mask);
    }
    while (at < end && scan_is_plain(*at))
        at++;
    return at;
}

/* How many of the 16 bytes at @p at open something, in each of the two halves of the answer. */
static inline __m128i scan_openers_16(const char *at)
{
    const __m128i bit = _mm_set1_epi8(0x20), brace = _mm_set1_epi8('{'), comma = _mm_set1_epi8(',');
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i opens = _mm_cmpeq_epi8(_mm_or_si128(bytes, bit), brace); /* '[' | 0x20 is '{' */

    opens = _mm_or_si128(opens, _mm_cmpeq_epi8(bytes, comma));
    return _mm_sad_epu8(_mm_and_si128(opens, _mm_set1_epi8(1)), _mm_setzero_si128());
}

/** How many commas and opening brackets stand in the text, those within strings included. */
static inline size_t scan_openers(const char *at, const char *end)
{
    __m128i sum = _mm_setzero_si128();
    size_t count;

    for (; end - at >= 16; at += 16)
        sum = _mm_add_epi64(sum, scan_openers_16(at));
    count = (size_t)_mm_cvtsi128_si32(sum) + (size_t)_mm_cvtsi128_si32(_mm_srli_si128(sum, 8));
    for (; at < end; at++)
        count += scan_is_opener(*at);
    return count;
}

#else

enum { SCAN_WORD = sizeof(uint64_t) };
#define SCAN_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The high bit of some byte is set where one of the eight may not be plain; none where all are. */
static inline uint64_t scan_odd(uint64_t bytes)
{
    uint64_t quote = bytes ^ SCAN_EACH('"'), backslash = bytes ^ SCAN_EACH('\\');
    uint64_t odd = bytes | (bytes - SCAN_EACH(0x20));

    odd |= (quote - SCAN_EACH(1)) & ~quote;
    odd |= (backslash - SCAN_EACH(1)) & ~backslash;
    return odd & SCAN_EACH(0x80);
}

/** The first byte from @p at that is not plain, or @p end. */
static inline const char *scan_plain(const char *at, const char *end)
{
    for (uint64_t bytes; end - at >= SCAN_WORD; at += SCAN_WORD) {
        memcpy(&bytes, at, sizeof(bytes));
        if (scan_odd(bytes))
            break;
    }
    while (at < end && scan_is_plain(*at))
        at++;
    return at;
}

/** How many commas and opening brackets stand in the text, those within strings included. */
static inline size_t scan_openers(const char *at, const char *end)
{
    size_t count = 0;

    for (; at < end; at++)
        count += scan_is_opener(*at);
    return count;
}

#endif
