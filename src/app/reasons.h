/* reasons.h: why penstock is not ready, in a line. */
#pragma once
#include "app/health.h"

#include <stddef.h>

enum { REASONS_BYTES = 900 };

struct reasons {
    char text[REASONS_BYTES]; /* "partition rides[3]: ...; sink live: ..."; those that do not fit
                                 are only counted */
    size_t count;
    size_t held; /* partitions among them */
};

/** The failed checks of /readyz. */
void reasons_of(struct health *health, struct reasons *reasons);
