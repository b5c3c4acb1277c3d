/* write.h: what the writers of fields share. */
#pragma once
#include "conf/conf.h"

#include <stdio.h>

/** Writes @p text in quotes if it needs them; "***" for a secret unless @p secrets, nothing if it
 * is not set. */
void write_one(const struct conf_text *text, bool secrets, FILE *out);
