/* string_place.h: where a character of a string stands in the line that spells it. */
#pragma once
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/**
 * Looks in @p line for the literal of libconfig that means @p text; *at becomes the place in the
 * line of its @p column, from 1, which may lie just behind its end. False if the line has no
 * such literal: it goes over several lines, is joined from pieces or holds a "${...}".
 */
bool string_place(struct slice line, const char *text, size_t column, size_t *at);
