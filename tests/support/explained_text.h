/* explained_text.h: an explanation as explained_write_text() or explained_write_json() writes it.
 */
#pragma once
#include "cli/explained.h"

#include <stdio.h>

/* The result is for free(). */
static inline char *explained_text(const struct explained *explained,
                                   void (*write)(const struct explained *, FILE *))
{
    char *bytes;
    size_t length;
    FILE *out = open_memstream(&bytes, &length);

    write(explained, out);
    fclose(out);
    return bytes;
}
