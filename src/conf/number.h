/* number.h: numbers, durations and sizes of the file. */
#pragma once

struct setting;

/** The hint if a duration is wanted and @p setting is not one; free() frees it. */
char *number_duration_hint(const struct setting *setting);
