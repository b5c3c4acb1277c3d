/* syntax.h: what exactly is wrong with a text that libconfig does not take. */
#pragma once
#include "conf/document.h"

/** Tells the problem of a text that libconfig refused at line @p line (of the whole text) with
 * @p reason, which says no more than "syntax error". */
void syntax_explain(const struct document *document, unsigned line, const char *reason,
                    struct conf_problems *problems);

/** Tells every number that libconfig 1.5 would silently cut to its low bits. */
void syntax_check_numbers(const struct document *document, struct conf_problems *problems);
