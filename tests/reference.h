/*
 * reference.h: whether a generated page of docs/reference/ says what the program says.
 *
 * A test that finds its page stale fails; run again with PENSTOCK_WRITE_REFERENCE=1 it writes the
 * page instead.
 */
#pragma once
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** The bytes of docs/reference/@p page, "" where there is none; free() ends them. */
static inline char *reference_read(const char *page)
{
    char path[512], *text = NULL;
    size_t length = 0;
    int byte;

    snprintf(path, sizeof(path), "%s/docs/reference/%s", SOURCE_DIR, page);
    FILE *file = fopen(path, "r"), *out = open_memstream(&text, &length);
    while (file && (byte = fgetc(file)) != EOF)
        fputc(byte, out);
    if (file)
        fclose(file);
    fclose(out);
    return text;
}

static inline void reference_store(const char *page, const char *text)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/docs/reference/%s", SOURCE_DIR, page);
    FILE *file = fopen(path, "w");
    if (file) {
        fputs(text, file);
        fclose(file);
    }
}

/** Whether docs/reference/@p page is what @p write writes now. */
static inline bool reference_is_current(const char *page, void (*write)(FILE *out))
{
    char *now = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&now, &length);

    write(out);
    fclose(out);
    if (getenv("PENSTOCK_WRITE_REFERENCE"))
        reference_store(page, now);
    char *stored = reference_read(page);
    bool same = strcmp(now, stored) == 0;
    if (!same)
        fprintf(stderr,
                "\ndocs/reference/%s is stale; run this test again with "
                "PENSTOCK_WRITE_REFERENCE=1\n",
                page);
    free(stored);
    free(now);
    return same;
}
