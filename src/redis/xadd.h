/* xadd.h: an XADD, and the question whether its entry is in the stream. */
#pragma once
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct dialogue;

enum { XADD_ID_BYTES = 48 };

/** An entry as an XADD names it; borrows from the command. */
struct xadd_entry {
    struct slice key;
    char id[XADD_ID_BYTES]; /* as Redis writes it: "5-1" */
    size_t words;           /* names and values */
    struct slice encoded;   /* these, as they were sent and as XRANGE answers them */
};

/** The place of the id, behind the key and the options; an argument that is not known (data NULL)
 * is not an option's word. 0: it is not among them. */
size_t xadd_id_place(const struct slice *arguments, size_t count);

/** An id as Redis writes it: "5" is "5-0". False: Redis makes it or a part of it ("*", "5-*"). */
bool xadd_id(struct slice text, char id[XADD_ID_BYTES]);

/** Whether @p line is Redis' refusal of an id that is not above the stream's last one. */
bool xadd_is_old_id(const char *line);

/** Reads the entry of a command as resp_encode() wrote it. False: it is not an XADD, or Redis makes
 * its id or a part of it ("*", "5-*"). */
bool xadd_read(struct slice command, struct xadd_entry *entry);

/** What XRANGE answers if the stream has that very entry: bytes for free(). */
struct slice xadd_answer(const struct xadd_entry *entry);

/** Whether the stream has the very entry that this XADD gives. It blocks. */
bool xadd_is_there(struct dialogue *dialogue, const struct slice *arguments, size_t count);
