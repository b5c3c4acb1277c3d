/* doubt.h: a command of a pipeline that ends the connection it comes by (suspect.h). */
#pragma once
#include "base/slice.h"
#include "redis/question.h"
#include "redis/reply.h"

#include <stdbool.h>
#include <stddef.h>

struct connection;

/** The connection ends: on the head of its window? To be told before the window is rewound. */
void doubt_note(struct connection *connection);

/** A new connection. True: the head ended the last one; a pause has begun, then the question is to
 * be sent. False: nothing is the matter. */
bool doubt_begin(struct connection *connection);

/** Writes the question; returns its length. */
size_t doubt_question(const struct connection *connection, char question[QUESTION_BYTES]);

/** It was answered with @p class: the head is sent again, or was refused by now. */
void doubt_answered(struct connection *connection, enum reply_class class);
