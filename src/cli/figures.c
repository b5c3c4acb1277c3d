/* figures.c: numbers as a person reads them at a glance. */
#include "cli/figures.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

const char *figure_duration(char text[FIGURE_BYTES], int64_t milliseconds)
{
    static const struct {
        int64_t below_ms, unit_ms;
        const char *unit;
    } units[] = {
        {120000, 1000, "s"},
        {INT64_C(2) * 3600000, 60000, "min"},
        {INT64_C(48) * 3600000, 3600000, "h"},
        {INT64_MAX, INT64_C(24) * 3600000, "d"},
    };
    size_t i = 0;

    if (milliseconds < 0)
        snprintf(text, FIGURE_BYTES, "-");
    else if (milliseconds < 1000)
        snprintf(text, FIGURE_BYTES, "%" PRId64 " ms", milliseconds);
    else if (milliseconds < 10000)
        snprintf(text, FIGURE_BYTES, "%.1f s", (double)(milliseconds / 100) / 10);
    else {
        while (milliseconds >= units[i].below_ms)
            i++;
        snprintf(text, FIGURE_BYTES, "%" PRId64 " %s", milliseconds / units[i].unit_ms,
                 units[i].unit);
    }
    return text;
}

const char *figure_count(char text[FIGURE_BYTES], double count)
{
    static const char letters[] = "kMGT";
    size_t letter = 0;

    if (count < 0)
        snprintf(text, FIGURE_BYTES, "-");
    else if (count < 9999.5)
        snprintf(text, FIGURE_BYTES, count < 9.95 && count > floor(count) ? "%.1f" : "%.0f", count);
    else {
        for (count /= 1000; count >= 999.95 && letters[letter + 1]; count /= 1000)
            letter++;
        snprintf(text, FIGURE_BYTES, count < 99.95 ? "%.1f%c" : "%.0f%c", count, letters[letter]);
    }
    return text;
}
