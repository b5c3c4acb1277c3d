/* literal.h: numbers and strings as a condition writes them, by CEL's rules. */
#pragma once
#include "expr/lex.h"

/** Whether a number starts at lex->at. */
bool literal_is_number(const struct lex *lex);

/** Whether a string starts at lex->at: a quote, or r before one. */
bool literal_is_string(const struct lex *lex);

/** Reads a number by JSON's grammar; @p text is a part of the expression. Errors: with the column.
 */
bool literal_number(struct lex *lex, struct slice *text);

/**
 * Reads a string in single or double quotes; free() ends text->data. Escapes are those of CEL;
 * r'...' has none. Errors:  false, with the column.
 */
bool literal_string(struct lex *lex, struct slice *text);
