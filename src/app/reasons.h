/* reasons.h: why records do not flow, in a line. */
#pragma once
#include "app/health.h"

#include <stddef.h>

enum { REASONS_BYTES = 900 };

struct reasons {
    char text[REASONS_BYTES]; /* "partition rides[3]: ...; sink live: ..."; what does not fit is
                                 counted */
    size_t count;
    size_t held; /* partitions among them */
};

/** What /readyz complains of. */
void reasons_of(struct health *health, struct reasons *reasons);
