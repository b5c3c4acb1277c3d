/* held.h: what helps a partition that is held. */
#pragma once
#include <stdbool.h>

struct held_remedy {
    const char *words;  /* of the reason */
    bool is_operators;  /* somebody must act */
    const char *shown;  /* the reason, as the page has it */
    const char *remedy; /* what to do */
};

/** The row for a reason; NULL: none. */
const struct held_remedy *held_remedy(const char *reason);

/** Row @p index; NULL behind the last one. */
const struct held_remedy *held_remedy_at(unsigned index);
