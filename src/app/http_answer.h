/* http_answer.h: an answer as HTTP sends it. */
#pragma once
#include "app/http.h"

#include <stdbool.h>

struct evbuffer;

enum http_part { HTTP_WHOLE, HTTP_HEAD_ALONE };

/** An answer of 200 in plain text, whose body goes to @p memory, of @p length, at
 * http_answer_end(). */
void http_answer_begin(struct http_answer *answer, char **memory, size_t *length);

/** Appends it to @p out, and ends it; @p last: the connection is closed behind it. */
void http_answer_end(struct http_answer *answer, char **memory, const size_t *length,
                     enum http_part part, bool last, struct evbuffer *out);
