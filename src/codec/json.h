/* json.h: JSON by RFC 8259, strictly, in one pass and one allocation. */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "record/value.h"

/** As codec.h's decode; json has no state. */
const struct value *json_codec_decode(void *state, struct slice bytes, struct arena *arena,
                                      struct err *err);

/** The same without a codec. A text deeper than BUILD_DEPTH is refused. The bytes of an
 * error are counted from 1. */
const struct value *json_decode(struct slice bytes, struct arena *arena, struct err *err);
