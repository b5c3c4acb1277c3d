/* base64.h: bytes as text, by RFC 4648 section 4. */
#pragma once
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/** Writes @p bytes, padded. */
void base64_write(FILE *out, struct slice bytes);

/** Decodes padded @p text into @p out, which has room for text.length / 4 * 3 bytes; false if it is
 * not such a text. @p length: how many bytes it gave. */
bool base64_read(struct slice text, char *out, size_t *length);
