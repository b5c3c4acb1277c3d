/* json_writer.h: JSON by RFC 8259, piece by piece. */
#pragma once
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** {.out = FILE} begins a document. */
struct json_writer {
    FILE *out;
    bool follows; /* a value precedes within the same brackets: a comma is due */
};

enum { JSON_ESCAPE_BYTES = 6 };

/** Writes the escape of a character below U+0100 to @p out, without a NUL; returns its length. */
size_t json_escape(char out[JSON_ESCAPE_BYTES], unsigned char character);

/*
 * Each of these writes one value, and before it the comma that it needs and, as a member of an
 * object, its name. As an element of a list, or as the document, it has none: @p name is NULL.
 */

/** Begins an object or a list: @p bracket is '{' or '['. */
void json_write_open(struct json_writer *writer, const char *name, char bracket);

/** Ends what json_write_open() began: @p bracket is '}' or ']'. */
void json_write_close(struct json_writer *writer, char bracket);

/** Any bytes, without loss: null if there is no data, a string if they are UTF-8, else
 * {"base64": "..."}. */
void json_write_bytes(struct json_writer *writer, const char *name, struct slice bytes);

/** The same of a C string; null if it is NULL. */
void json_write_text(struct json_writer *writer, const char *name, const char *text);

void json_write_bool(struct json_writer *writer, const char *name, bool truth);
void json_write_integer(struct json_writer *writer, const char *name, int64_t number);

/** Whole, or with six decimals; null if it is no number. */
void json_write_number(struct json_writer *writer, const char *name, double number);

void json_write_null(struct json_writer *writer, const char *name);

/** @p json is JSON already. */
void json_write_raw(struct json_writer *writer, const char *name, struct slice json);
