/* option_page.h: the options as documentation, written from their rows. */
#pragma once
#include <stdio.h>

/** Writes the reference page of all options (docs/reference/configuration.md). */
void option_page_write(FILE *out);

/** Writes all options, one a line, for a "--help": 'source.workers INTEGER default "1" change
 * restart ...'. */
void option_page_list(FILE *out);
