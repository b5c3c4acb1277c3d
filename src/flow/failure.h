/* failure.h: what becomes of a record that cannot be delivered. */
#pragma once
#include "flow/worker_parts.h"

/* --- what never became a command --- */

/** Why a record never became commands. */
struct failure {
    enum stage stage;
    const char *text;
};

/** One route cannot take the record in hand. False: it stops its partition. */
bool worker_failed(struct worker *worker, const struct record *record,
                   struct source_ticket source_ticket, const struct route *route,
                   const struct failure *failure);

/** One route cannot tell yet what becomes of the record in hand: its partition waits, and the
 * record is read again. Always false. */
bool worker_deferred(struct worker *worker, const struct record *record,
                     struct source_ticket source_ticket, const struct route *route,
                     const char *text);

/** The route has stopped, so the record in hand stops its partition. Always false. */
bool worker_stopped(struct worker *worker, const struct record *record,
                    struct source_ticket source_ticket, const struct route *route);

/** Whether one more record of the partition may become a dead letter. If too many of them
 * cannot be delivered the partition is held. */
bool worker_can_fail(struct worker *worker, struct source_partition *partition);

/** Keeps the record in hand for a delivery that may fail. */
void worker_keep(struct worker *worker, const struct route *route, uint32_t ticket);

/** The operator has told the route to skip the record in hand, which would be so many commands. */
void worker_skipped(struct worker *worker, const struct route *route, size_t commands);

/** The record in hand ends with this outcome on the route. */
void worker_end(struct worker *worker, const struct route *route, enum outcome outcome,
                const char *error);

/** The record in hand is on its way: its endings count. */
void worker_tell_endings(struct worker *worker, const struct record *record);

/** It was taken back: none of its endings came true. */
void worker_void_endings(struct worker *worker);

/* --- what Redis refused --- */

/** The command was refused when so many answers of its delivery were to come, itself among them.
 * Says what becomes of the rest of its record. */
enum units_verdict worker_reject(struct worker *worker, uint32_t ticket, uint32_t to_come,
                                 enum reply_class class, const char *text);

/** Nothing is known of a command, so its partition is read again. */
void worker_read_again(struct worker *worker, uint32_t ticket, const char *why);

/* --- events of sinks, units and letters --- */
enum units_verdict worker_refused(void *context, uint32_t ticket, enum reply_class class,
                                  const char *text);
int64_t worker_retry_timeout(void *context, uint32_t ticket);
void worker_suspected(void *context, uint32_t ticket, const char *text);
void worker_letter_delivered(void *context, uint32_t ticket);
void worker_letter_dropped(void *context, uint32_t ticket);
