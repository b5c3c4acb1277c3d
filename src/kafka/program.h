/* program.h: what a program prints. */
#pragma once
#include "base/err.h"
#include "conf/conf.h"

#include <stddef.h>

enum { PROGRAM_MS = 10000 };

/**
 * Runs @p words, a program and its arguments, without a shell, and returns what it prints on its
 * standard output; its owner wipes and frees it. Its standard error is ours. It is killed if it
 * takes longer than PROGRAM_MS.
 * Errors:  NULL and ERR_CONFIG: it cannot be run, fails, or prints more than @p limit bytes.
 */
char *program_output(const struct conf_texts *words, size_t limit, struct err *err);
