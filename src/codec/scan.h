/*
 * scan.h: the loops over bytes that decide how fast JSON is read.
 *
 * Strings are short and follow each other closely. Looking for the end of each from its beginning,
 * every search would wait for the one before; so the bytes are judged 64 at a time, whatever they
 * mean, into one bit each, and a search is a shift and a count of zeros.
 *
 *      {"city":"berlin","l       a block
 *      .1....1.1......1.1.       its bits: 1 where a byte is not plain
 *
 * Nothing is read before the first byte of the text or behind its last one: a payload lies between
 * other people's bytes.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCAN_BLOCK = 64 };

struct scan {
    const char *first, *end; /* of the text */
    const char *block;       /* the bytes that odd judges */
    uint64_t odd;            /* bit N: block[N] is not plain, or is the end */
};

/** A byte that stands for itself in a string: ASCII, no control, neither quote nor backslash. */
static inline bool scan_is_plain(char byte)
{
    return (signed char)byte >= 0x20 && byte != '"' && byte != '\\';
}

/** The bits of the block at @p at, in the text from @p first to before @p end. */
uint64_t scan_block(const char *first, const char *at, const char *end);

/** Begins with the text from @p first to before @p end. */
static inline struct scan scan_new(const char *first, const char *end)
{
    return (struct scan){first, end, first, scan_block(first, first, end)};
}

/** The first byte that is not plain, from @p at on, or the end. @p at never goes back. */
static inline const char *scan_plain(struct scan *scan, const char *at)
{
    size_t passed = (size_t)(at - scan->block);
    uint64_t odd = passed < SCAN_BLOCK ? scan->odd >> passed : 0;

    while (__builtin_expect(!odd, false)) {
        if (passed < SCAN_BLOCK)
            at = scan->block + SCAN_BLOCK;
        scan->block = at;
        odd = scan->odd = scan_block(scan->first, at, scan->end);
        passed = 0;
    }
    return at + __builtin_ctzll(odd);
}

/** How many commas and opening brackets stand in the text, those within strings included. */
size_t scan_openers(const char *first, const char *end);
