/* probe_notes.h: what redis_probe() found, as one text. */
#pragma once
#include "suite.h"

#include "redis/probe.h"

static char probe_found[8192];

static inline void probe_note(void *context, enum probe_verdict verdict, const char *text)
{
    static const char *const names[] = {"ok", "warn", "error"};
    size_t used = strlen(probe_found);

    (void)context;
    snprintf(probe_found + used, sizeof(probe_found) - used, "%s: %s\n", names[verdict], text);
}

#define ASSERT_FOUND(text)                                                                         \
    do {                                                                                           \
        if (!strstr(probe_found, text))                                                            \
            fprintf(stderr, "\n%s:%d: no '%s' in:\n%s", __FILE__, __LINE__, text, probe_found);    \
        CU_ASSERT_PTR_NOT_NULL(strstr(probe_found, text));                                         \
    } while (0)
