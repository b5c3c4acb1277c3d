/* literal.h: numbers and strings as a condition writes them, by CEL's rules. */
#pragma once
#include "base/cursor.h"

/** Whether a number starts at cursor->at. */
bool literal_is_number(const struct cursor *cursor);

/** Whether a string starts at cursor->at: a quote, or r before one. */
bool literal_is_string(const struct cursor *cursor);

/** Reads a number by JSON's grammar; @p text is a part of the expression. Errors: with the column.
 */
bool literal_number(struct cursor *cursor, struct slice *text);

/**
 * Reads a string in single or double quotes; free() text->data. Escapes are those of CEL;
 * r'...' has none. Errors:  false, with the column.
 */
bool literal_string(struct cursor *cursor, struct slice *text);
