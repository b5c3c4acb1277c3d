/*
 * verdict.h: what an answer means for the command that it answers; the rows are in answers.def,
 * those of error replies in reply.def.
 */
#pragma once
#include "redis/reply.h"
#include "redis/resp.h"

#include <stdio.h>

enum answer_shape {
    ANSWER_NEVER,
    ANSWER_NIL,
    ANSWER_ZERO,
    ANSWER_NEGATIVE,
    ANSWER_NOTHING,
    ANSWER_ELEMENT,
    ANSWER_ELEMENT_NEGATIVE,
    ANSWER_ANY
};

enum answer_meaning { MEANS_DONE, MEANS_IDLE, MEANS_OWN, MEANS_SCRIPT, MEANS_REFUSED };

/** What one answer of one command means. */
struct answer_row {
    const char *command;
    enum answer_shape shape;
    enum answer_meaning meaning;
    unsigned from;     /* the first argument that can be one of words */
    const char *words; /* one blank between them; if there is one, meaning is MEANS_OWN */
    const char *text;
};

/** All rows, in the order of commands.def. */
const struct answer_row *answer_rows(size_t *count);

/** Whether the answer whose kinds are @p kinds (enum resp_kind) has the row's shape. */
bool answer_fits(const struct answer_row *row, unsigned kinds);

/** Whether an answer of these kinds may be a refusal of the command with this index (commands.h;
 * one without a row has any other). */
bool verdict_suspects(uint32_t command, unsigned kinds);

/** Whether verdict_of() must be asked what the answer that @p scanner just passed means for that
 * command; else the class is REPLY_DONE. */
static inline bool verdict_is_open(const struct resp_scanner *scanner, uint32_t command)
{
    return scanner->failed ||
           (scanner->kinds != RESP_VALUE && verdict_suspects(command, scanner->kinds));
}

/** The class of that answer. @p bytes: the command as it was sent. If an answer that is not an
 * error makes it REPLY_REJECT, scanner->text becomes "JSON.SET answered nil: ...". */
enum reply_class verdict_of(struct resp_scanner *scanner, uint32_t command, struct slice bytes);

/** Writes the reference page of all answers (docs/reference/replies.md). */
void verdict_write_reference(FILE *out);
