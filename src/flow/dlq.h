/*
 * dlq.h: the dead letters of one worker on their way, to a topic or to a stream.
 *
 * A letter is put for the record in hand, or for one that Redis refused, and is kept here until it
 * was delivered; then its delivery has the answer that it waits for. What cannot be sent is tried
 * again for as long as somebody wants it: nothing is dropped. While letters wait for too long their
 * partitions are held, and the others flow.
 */
#pragma once
#include "flow/holds.h"
#include "kafka/source.h"
#include "record/dlq_letter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf;
struct event_base;
struct dlq;
struct metrics_worker;

/** @p ticket is that of the delivery, as dlq_put() had it. */
struct dlq_events {
    void *context;
    void (*delivered)(void *context, uint32_t ticket);
    /** Whether the record's answer still counts; else its letter is not sent any more. */
    bool (*wanted)(void *context, uint32_t ticket);
    /** The letter was not delivered and will not be. */
    void (*dropped)(void *context, uint32_t ticket);
};

/** A record that becomes a letter. */
struct dead_record {
    const struct record *record;
    struct source_partition *partition;
    uint32_t ticket;
};

/** The letters of worker @p number go where conf->dlq says. Errors: NULL and ERR_CONFIG. */
struct dlq *dlq_new(const struct conf *conf, unsigned number, size_t memory_bytes,
                    struct event_base *base, struct metrics_worker *metrics,
                    const struct dlq_events *events, struct err *err);

/** Ends it at once; the records of undelivered letters are read again some day. Takes NULL. */
void dlq_free(struct dlq *dlq);

/** From now on as @p conf says, which has the same place for letters. Errors: as
 * sink_configure(). */
bool dlq_configure(struct dlq *dlq, const struct conf *conf, struct err *err);

/** Whether the next record of the partition may be taken: false while its letters wait and there
 * are too many of them. */
bool dlq_has_room(const struct dlq *dlq, const struct source_partition *partition);

/** Copies the record and why it failed; it is sent after dlq_commit(). */
void dlq_put(struct dlq *dlq, const struct dead_record *dead, const struct dlq_cause *cause);

/** The letters that were put may be sent. */
void dlq_commit(struct dlq *dlq);

/** Takes back the letters put since the last dlq_commit(); no event tells of them. */
void dlq_rollback(struct dlq *dlq);

/** Sends what can be sent, takes reports, holds the partitions whose letters wait for long. True
 * if dlq_trouble() has changed. */
bool dlq_turn(struct dlq *dlq, struct holds *holds, int64_t now_ms);

/** Milliseconds until dlq_turn() has something to do though nothing happened. */
int64_t dlq_next_ms(const struct dlq *dlq, int64_t now_ms);

/** Whether letters wait for long and none was taken lately. */
bool dlq_is_stuck(const struct dlq *dlq, int64_t now_ms);

/** NULL unless letters wait for long; then why, as /readyz shows it. */
const char *dlq_trouble(const struct dlq *dlq);
