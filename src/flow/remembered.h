/* remembered.h: the record by which a checkpoint knows its log. */
#pragma once
#include "kafka/witness.h"
#include "redis/checkpoint.h"

/** The record below @p checkpoint's next offset, as Redis remembers it; WITNESS_NONE: it does not.
 */
struct witness remembered(const struct checkpoint *checkpoint);
