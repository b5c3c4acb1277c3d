/*
 * decimal.h: numbers as their text says them.
 *
 * Nothing here goes through a double: 64-bit integers, prices and exponents of any size compare and
 * round exactly. Work is bounded by the length of the text, whatever its exponent.
 */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/** Longest result of decimal_round() before the point. */
enum { DECIMAL_DIGITS = 1000 };

/** A number that was read: 0.D x 10^point. */
struct decimal {
    bool negative;
    struct slice whole, fraction; /* D, as the text has it: around the point */
    size_t length;                /* of D; 0: the number is zero */
    int64_t point;
};

/** False if @p text is not a number by JSON's grammar. */
bool decimal_read(struct slice text, struct decimal *decimal);

/** As decimal_compare(), of numbers that were read. */
int decimal_order(const struct decimal *a, const struct decimal *b);

/** Whether @p text is a number by JSON's grammar. */
bool decimal_is(struct slice text);

/**
 * Below, at or above zero as @p a is less than, equal to or greater than @p b; both are numbers.
 * Exponents beyond 10^18 count as 10^18.
 */
int decimal_compare(struct slice a, struct slice b);

enum decimal_mode { DECIMAL_TRUNCATE, DECIMAL_HALF_UP };

/**
 * @p text with exactly @p places digits behind the point (none: no point), without exponent; halves
 * go away from zero; zero has no sign. Errors:  false and ERR_RECORD: not a number, or more than
 * DECIMAL_DIGITS digits before the point.
 */
bool decimal_round(struct slice text, size_t places, enum decimal_mode mode, struct arena *arena,
                   struct slice *out, struct err *err);
