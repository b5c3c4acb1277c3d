/* checkpoint_ask.h: reads a partition's checkpoint, for tools: it blocks. */
#pragma once
#include "base/err.h"
#include "redis/checkpoint.h"

struct dialogue;

/** What Redis has under @p key, to be freed by checkpoint_free(). Errors: false, ERR_RETRY; then
 * nothing is to be freed. */
bool checkpoint_ask(struct dialogue *dialogue, const char *key, struct checkpoint *checkpoint,
                    struct err *err);
