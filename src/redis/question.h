/* question.h: a command that changes nothing, to hear whether a server answers. */
#pragma once
#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

enum { QUESTION_BYTES = 1536 };

#define QUESTION_PING "*1\r\n$4\r\nPING\r\n"

/**
 * Writes what asks about the key of an encoded command, so that a proxy asks the server that has
 * it, too: EXISTS KEY; PING if there is no key, or a very long one. @p row is the command's
 * place in commands.def. Returns the length.
 */
size_t question_write(char question[QUESTION_BYTES], struct slice command, uint32_t row);
