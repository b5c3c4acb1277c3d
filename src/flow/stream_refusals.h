/*
 * stream_refusals.h: whether a stream that refuses an id has that very entry already.
 *
 * Redis refuses an id that is not above the stream's last one. At least once, that may be good
 * news: the record's entry was written before, and is read or sent again. Or it may not: somebody
 * else's id stands above, and the entry is nowhere. So the stream is asked:
 *
 *      XADD s 5-1 n x  ->  equal or smaller  ->  XRANGE s 5-1 5-1 COUNT 1
 *                                                   the same fields: a repeat, it is written
 *                                                   others, or none: refused, on_error applies
 *                                                   no answer to be had: held, and asked again
 *
 * The delivery stays open until the answer is there. An entry that was written and trimmed since
 * is not there, either: it cannot be told from one that never was, and counts as refused.
 */
#pragma once
#include "flow/worker_parts.h"

/** sink_events.contests: whether the stream is asked. */
bool stream_refusals_contest(void *context, uint32_t ticket, const char *text,
                             struct slice command);

/** Sends the questions about streams of the sink. */
void stream_refusals_turn(struct worker *worker, size_t sink);

/** Whether another record may need an answer of the sink's streams. */
bool stream_refusals_have_room(const struct worker *worker, size_t sink);

/** The sink has changed: its server is asked over another connection. */
void stream_refusals_renew(const struct worker *worker, size_t sink);

/** What keeps the sink's streams from answering; NULL: nothing, or they are not asked. */
const char *stream_refusals_trouble(const struct worker *worker, size_t sink);

/** Before the sinks are freed. */
void stream_refusals_close(struct worker *worker);
