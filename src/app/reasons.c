/* reasons.c: why penstock is not ready, in a line: the failed checks of /readyz, one after the
 * other. */
#include "app/reasons.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reasons_add(struct reasons *reasons, const char *text)
{
    size_t used = strlen(reasons->text), room = sizeof(reasons->text) - used;

    reasons->count++;
    reasons->held += strncmp(text, "partition ", 10) == 0;
    if (used + strlen(text) + 3 < sizeof(reasons->text))
        snprintf(reasons->text + used, room, "%s%s", used ? "; " : "", text);
}

void reasons_of(struct health *health, struct reasons *reasons)
{
    char *list = NULL, *line, *rest;
    size_t length;
    FILE *out = open_memstream(&list, &length);

    *reasons = (struct reasons){.count = 0};
    health_check(health, HEALTH_READY, out);
    fclose(out);
    for (line = strtok_r(list, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (strncmp(line, "[-]", 3) == 0 && strcmp(line, "[-]process: stopping") != 0)
            reasons_add(reasons, line + 3);
    free(list);
}
