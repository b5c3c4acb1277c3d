/* dlq_box.h: reads and marks the dead letters of a configuration, in a topic or a stream. */
#pragma once
#include "base/err.h"
#include "conf/conf.h"
#include "record/dlq_letter.h"
#include "record/headers.h"

#include <stdbool.h>
#include <stdint.h>

enum { DLQ_ID_BYTES = 64, DLQ_TOPIC_BYTES = 256 };

/*
 * At most so many letters are sent without a mark in Kafka, for at most so long. A commit takes as
 * long as thirty letters do: if a hundred letters share it, it is a quarter of the time, not nearly
 * all of it, and more would gain little. A hundred is also few enough to look through after a
 * crash. The time limit is for slow letters, of which fewer are sent in a second. An XDEL is no
 * slower than the letter's own command, so the entry of a stream is deleted at once.
 */
enum { DLQ_UNKEPT = 100, DLQ_UNKEPT_MS = 1000 };

struct dlq_box;

/** A letter, borrowed from its box until the next one. */
struct dlq_item {
    char id[DLQ_ID_BYTES]; /* "PARTITION@OFFSET" of the topic, or the entry's id */
    bool done;             /* it was sent before */
    bool sound;            /* false: it is not a letter; why says what is wrong */
    struct err why;
    struct dlq_letter letter;
    struct headers headers;      /* of a stream's letter */
    char topic[DLQ_TOPIC_BYTES]; /* the record's */
    int32_t partition;           /* its own place in the topic of letters */
    int64_t offset;
};

/** Errors: NULL and ERR_CONFIG if the file has no dlq or the server refuses us, ERR_RETRY if it is
 * away. */
struct dlq_box *dlq_box_open(const struct conf *conf, struct err *err);

/** Takes NULL. */
void dlq_box_close(struct dlq_box *box);

/** The next letter, oldest first; false at the end, with err->kind ERR_NONE, or with ERR_RETRY.
 * Writes marks that are due. */
bool dlq_box_next(struct dlq_box *box, struct dlq_item *item, struct err *err);

/** Whether there is room for the letter's mark. Errors: ERR_RETRY. */
bool dlq_box_takes_mark(struct dlq_box *box, const struct dlq_item *item, struct err *err);

/**
 * The letter was sent: marks it, so that it is not sent again. In a stream the mark is written at
 * once. For a topic dlq_box_next() writes many together: after a kill -9 at most DLQ_UNKEPT letters
 * are sent again. Errors: ERR_RETRY.
 */
bool dlq_box_done(struct dlq_box *box, const struct dlq_item *item, struct err *err);

/** Writes the marks that are not written yet. Errors: ERR_RETRY. */
bool dlq_box_keep(struct dlq_box *box, struct err *err);

/** Whether @p id has the form of this box. */
bool dlq_box_is_id(const struct conf *conf, const char *id);
