/* figures.h: numbers as a person reads them at a glance. */
#pragma once
#include <stdint.h>

enum { FIGURE_BYTES = 24 };

/** "850 ms", "4.2 s", "75 s", "12 min", "5 h", "3 d"; "-" below zero: not known. Returns @p text.
 */
const char *figure_duration(char text[FIGURE_BYTES], int64_t milliseconds);

/** "0.4", "950", "12.3k", "4.56M", "7.89G"; "-" below zero. Returns @p text. */
const char *figure_count(char text[FIGURE_BYTES], double count);
