/*
 * answer.h: one reply as a whole, its texts in place.
 *
 * For the few answers that are read, not just passed over (resp.h): flat arrays of texts, texts,
 * lines.
 */
#pragma once
#include "base/slice.h"
#include "redis/resp.h"

#include <stdbool.h>
#include <stddef.h>

struct answer {
    char type;           /* '+', '-', ':', '$', '*'; a null is '$' without data, or '*' with null */
    bool null;           /* "$-1" or "*-1" */
    struct slice text;   /* of all but an array */
    struct slice *items; /* of an array: texts; data NULL: null */
    size_t count, capacity;
};

/**
 * Reads the reply at the front of @p input and moves it behind. RESP_MORE: it has not come whole,
 * @p input is as it was. RESP_BROKEN: not RESP2, or an array in an array. @p answer is used again
 * from call to call; its texts point into the input.
 */
enum resp_result answer_read(struct answer *answer, struct slice *input);

/** Frees the array. */
void answer_free(struct answer *answer);
