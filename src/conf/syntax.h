/* syntax.h: whether a text is libconfig 1.5's, and what exactly is wrong where it is not. */
#pragma once
#include "conf/document.h"

enum {
    SYNTAX_DEPTH_MAX = 16
}; /* a group in a group in ...; nothing of the language needs as many */

/** Tells the first slip. False where there is one. */
bool syntax_check(const struct document *document, struct conf_problems *problems);
