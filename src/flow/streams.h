/*
 * streams.h: streams whose ids are offsets take each record once.
 *
 * Redis refuses an id that is not above the stream's last one. For "XADD s:%{$partition}
 * %{$offset}-1 ..." that is good news where the record may have been carried out before: it was. It
 * may have where its partition was read again from what the group had committed, up to the first
 * record that the stream took, and where it was sent again after a loss. Anywhere else it is an
 * error: the topic was made anew, or others write to the stream.
 */
#pragma once
#include "flow/worker_parts.h"

/** The delivery was written: its route's stream is past what may have been there. */
void streams_written(struct worker *worker, const struct delivery *delivery);

/** Whether the refusal @p text says that the record's entry is there already. */
bool streams_has_it(const struct worker *worker, const struct delivery *delivery, const char *text);
