/* handwritten_page.h: a page of docs/ written by hand, held against the table that it speaks of. */
#pragma once
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** The page's text without backticks, without the "\" of "\|", and without its folder in links. */
static inline const char *handwritten_read(const char *path)
{
    static char text[262144];
    char where[1024];
    size_t length = 0;
    int before = 0;

    snprintf(where, sizeof(where), SOURCE_DIR "/%s", path);
    FILE *file = fopen(where, "r");
    if (!file) {
        fprintf(stderr, "%s: cannot be read\n", where);
        exit(2);
    }
    for (int c; (c = fgetc(file)) != EOF && length < sizeof(text) - 1; before = c) {
        if (c == '|' && before == '\\')
            length--;
        if (c != '`')
            text[length++] = (char)c;
    }
    text[length] = '\0';
    fclose(file);
    return text;
}

/** Whether the page has @p words; "docs/how-to/x.md" in them is "x.md" in the page. */
static inline bool handwritten_has(const char *page, const char *words)
{
    static const char folder[] = "docs/how-to/";
    char text[2048];
    char *at;

    snprintf(text, sizeof(text), "%s", words);
    if (strstr(page, text))
        return true;
    while ((at = strstr(text, folder)))
        memmove(at, at + strlen(folder), strlen(at + strlen(folder)) + 1);
    return strstr(page, text) != NULL;
}
