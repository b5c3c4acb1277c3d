/* read.h: what the readers of settings share. */
#pragma once
#include "conf/option.h"

/** Expands the string @p setting; false and a problem if it is not a string or cannot be expanded.
 * @p name is what messages call it. */
bool read_text(const struct loader *loader, const struct setting *setting, const char *name,
               struct conf_text *text);

/** The value as a message may show it. */
const char *read_shown(const struct conf_text *text);

/** Reports that @p setting is a number, say, and not @p wanted; @p hint may be NULL. */
void read_refuse_kind(const struct loader *loader, const struct option *option,
                      const struct setting *setting, const char *hint, const char *wanted);
