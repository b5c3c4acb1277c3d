/*
 * document.h: a configuration file with its includes put in place, as one text.
 *
 * libconfig resolves an include from the working directory; here it is resolved from the folder of
 * the file that names it, at any depth. A table says where each line of the whole text
 * came from.
 */
#pragma once
#include "conf/problems.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    DOCUMENT_BYTES_MAX = 4 << 20, /* all files together */
    DOCUMENT_DEPTH_MAX = 10       /* an include in an include in ... */
};

struct inputs;

struct document {
    char *text;
    size_t length;
    struct conf_origin *lines; /* of line i + 1 */
    size_t line_count;
    char **files; /* the first is the main file */
    size_t file_count;
    size_t line_capacity, file_capacity;
    unsigned users; /* besides the first; of the main thread */
};

/** Reads @p path and what it includes. False and problems if the text cannot be parsed;
 * the files were given to conf_problems_source() and inputs_add(). document_free() frees it either
 * way. */
bool document_read(struct document *document, const char *path, struct conf_problems *problems,
                   struct inputs *inputs);

/** The origin of line @p line (from 1) of the text. */
struct conf_origin document_origin(const struct document *document, unsigned line);

/** Wipes the text. */
void document_free(struct document *document);

/** For configurations that are made of one text: the last that releases it frees it. */
struct document *document_share(struct document *document);
void document_release(struct document *document);
