/*
 * page_examples.h: the examples of a hand-written page of docs/reference/, run.
 *
 * A line "TEXT -> RESULT" in a fenced block is an example. It is run on the JSON of the last block
 * that begins with ```json.
 */
#pragma once
#include "suite.h"

#include <stdlib.h>

enum { EXAMPLE_BYTES = 2048 };

/** What @p text gives on @p value; lives until the next call. */
typedef const char *example_run(const char *text, const char *value);

/* Cuts the spaces off the end of @p text. */
static inline void example_trim(char *text)
{
    for (size_t length = strlen(text); length && strchr(" \n", text[length - 1]);)
        text[--length] = '\0';
}

static inline size_t example_line(char *line, const char *value, example_run *run)
{
    char *arrow = strstr(line, " -> ");

    if (!arrow)
        return 0;
    *arrow = '\0';
    example_trim(line);
    example_trim(arrow + 4);
    ASSERT_TEXT(run(line, value), arrow + 4);
    return 1;
}

/** Runs all examples of @p page, a name in docs/reference/; how many there were. */
static inline size_t examples_check(const char *page, example_run *run)
{
    char path[512], line[EXAMPLE_BYTES], value[EXAMPLE_BYTES] = "";
    bool fenced = false, json = false;
    size_t count = 0;

    snprintf(path, sizeof(path), "%s/docs/reference/%s", SOURCE_DIR, page);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof(line), file)) {
        if (strncmp(line, "```", 3) == 0) {
            fenced = !fenced;
            json = strcmp(line, "```json\n") == 0;
            if (json)
                value[0] = '\0';
        } else if (json) {
            strncat(value, line, sizeof(value) - strlen(value) - 1);
        } else if (fenced) {
            count += example_line(line, value, run);
        }
    }
    if (file)
        fclose(file);
    return count;
}
