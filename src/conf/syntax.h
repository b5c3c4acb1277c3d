/* syntax.h: checks that a text is libconfig 1.5's language, and names the mistake if not. */
#pragma once
#include "conf/document.h"

enum {
    SYNTAX_DEPTH_MAX = 16
}; /* a group in a group in ...; nothing of the language needs as many */

/** The lines of the strings that are elements of lists, in order: libconfig tells that of the token
 * behind. */
struct syntax_strings {
    unsigned *lines;
    size_t count, capacity;
};

/** Reports the first mistake; false if there is one. @p strings begins as zero; free() frees its
 * lines either way. */
bool syntax_check(const struct document *document, struct syntax_strings *strings,
                  struct conf_problems *problems);
