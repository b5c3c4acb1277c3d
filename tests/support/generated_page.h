/*
 * generated_page.h: is a generated page of docs/reference/ what its generator writes today?
 *
 * With PENSTOCK_WRITE_PAGES=1 in the environment the page is written anew instead, and the test
 * passes.
 */
#pragma once
#include "suite.h"

#include <stdlib.h>

static inline char *page_read(const char *path)
{
    FILE *file = fopen(path, "r"), *out;
    char *text = NULL;
    size_t length;

    out = open_memstream(&text, &length);
    for (int byte; file && (byte = fgetc(file)) != EOF;)
        fputc(byte, out);
    if (file)
        fclose(file);
    fclose(out);
    return text;
}

static inline bool page_is_fresh(void (*generate)(FILE *), const char *path)
{
    char *wanted = NULL, *found;
    size_t length;
    FILE *out = open_memstream(&wanted, &length);

    generate(out);
    fclose(out);
    if (getenv("PENSTOCK_WRITE_PAGES") && (out = fopen(path, "w"))) {
        fputs(wanted, out);
        fclose(out);
    }
    found = page_read(path);
    bool fresh = strcmp(found, wanted) == 0;
    if (!fresh)
        fprintf(stderr, "\n%s is stale: run the unit tests with PENSTOCK_WRITE_PAGES=1\n", path);
    free(found);
    free(wanted);
    return fresh;
}

/** Asserts that the page at @p path is what @p generate writes. */
#define ASSERT_PAGE(generate, path) CU_ASSERT(page_is_fresh(generate, path))
