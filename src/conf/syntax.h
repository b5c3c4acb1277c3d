/* syntax.h: what exactly is wrong with a text that libconfig does not take. */
#pragma once
#include "conf/document.h"

enum { SYNTAX_DEPTH_MAX = 64 };

/** Tells the problem of a text that libconfig refused at line @p line (of the whole text) with
 * @p reason, which says no more than "syntax error". */
void syntax_explain(const struct document *document, unsigned line, const char *reason,
                    struct conf_problems *problems);
