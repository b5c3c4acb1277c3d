/* scan.c: bytes judged 16 at a time (SSE2), elsewhere 8 in a register. */
#include "codec/scan.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>

enum { STEP = 16 };

/* A bit for each byte that is not plain, the first byte's lowest. */
static inline uint64_t judge(const char *at)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i odd = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)); /* signed: and all from 0x80 on */

    odd = _mm_or_si128(odd, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
    odd = _mm_or_si128(odd, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    return (uint64_t)(unsigned)_mm_movemask_epi8(odd);
}

static inline size_t count_openers(const char *at)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i bracket = _mm_or_si128(bytes, _mm_set1_epi8(0x20)); /* '[' | 0x20 is '{' */
    __m128i opens = _mm_or_si128(_mm_cmpeq_epi8(bracket, _mm_set1_epi8('{')),
                                 _mm_cmpeq_epi8(bytes, _mm_set1_epi8(',')));

    __m128i sums = _mm_sad_epu8(_mm_and_si128(opens, _mm_set1_epi8(1)), _mm_setzero_si128());

    return (size_t)(_mm_cvtsi128_si32(sums) + _mm_extract_epi16(sums, 4));
}

#else
#include <endian.h>

enum { STEP = 8 };

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline uint64_t load(const char *at)
{
    uint64_t bytes;

    memcpy(&bytes, at, sizeof(bytes));
    return le64toh(bytes);
}

/* The highest bit of every byte that is not zero. */
static inline uint64_t not_zero(uint64_t bytes)
{
    return ((bytes & EACH(0x7F)) + EACH(0x7F)) | bytes;
}

/* The highest bits of the bytes, side by side. */
static inline uint64_t gather(uint64_t bytes)
{
    return ((bytes & EACH(0x80)) >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

/* A bit for each byte that is not plain, the first byte's lowest. */
static inline uint64_t judge(const char *at)
{
    uint64_t bytes = load(at), plain = (bytes & EACH(0x7F)) + EACH(0x80 - 0x20);

    plain &= not_zero(bytes ^ EACH('"')) & not_zero(bytes ^ EACH('\\')) & ~bytes;
    return gather(~plain);
}

static inline size_t count_openers(const char *at)
{
    uint64_t bytes = load(at), other = not_zero((bytes | EACH(0x20)) ^ EACH('{'));

    other &= not_zero(bytes ^ EACH(','));
    return ((~other & EACH(0x80)) >> 7) * EACH(1) >> 56;
}

#endif

/* The bits of the last @p count bytes of the text, fewer than a step; they are at @p at. */
static inline uint64_t judge_last(const char *first, const char *at, size_t count)
{
    uint64_t odd = 0;

    if (at + count - first >= STEP)
        return judge(at + count - STEP) >> (STEP - count);
    for (size_t i = 0; i < count; i++)
        odd |= (uint64_t)!scan_is_plain(at[i]) << i;
    return odd;
}

uint64_t scan_block(const char *first, const char *at, const char *end)
{
    size_t rest = (size_t)(end - at), i = 0;
    uint64_t odd = 0;

    for (; i < SCAN_BLOCK && rest - i >= STEP; i += STEP)
        odd |= judge(at + i) << i;
    if (i < SCAN_BLOCK) {
        if (i < rest)
            odd |= judge_last(first, at + i, rest - i) << i;
        odd |= UINT64_C(1) << rest;
    }
    return odd;
}

size_t scan_openers(const char *first, const char *end)
{
    size_t count = 0;

    for (; end - first >= STEP; first += STEP)
        count += count_openers(first);
    for (; first < end; first++)
        count += *first == ',' || *first == '[' || *first == '{';
    return count;
}
