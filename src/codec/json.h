/* json.h: JSON by RFC 8259, strictly, in one pass and one allocation. */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "record/value.h"

/** Containers within containers; a text that goes deeper is refused. */
enum { JSON_DEPTH = 128 };

/** As codec.h's decode. The bytes of an error are counted from 1. */
const struct value *json_decode(struct slice bytes, struct arena *arena, struct err *err);
