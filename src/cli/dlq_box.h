/* dlq_box.h: where a configuration's dead letters lie, a topic or a stream. */
#pragma once
#include "base/err.h"
#include "conf/conf.h"
#include "record/headers.h"
#include "record/letter.h"

#include <stdbool.h>
#include <stdint.h>

enum { DLQ_ID_BYTES = 64, DLQ_TOPIC_BYTES = 256 };

/*
 * How many letters may be sent and have no mark in Kafka, and how long one may be without. A commit
 * takes as long as thirty letters do: where a hundred share it, it is a quarter of the time, not
 * nearly all of it, and more would gain little. A hundred is also what somebody can look through
 * who has to know what was written twice. The time is for letters that are slow by themselves: of
 * those fewer are sent in a second. An XDEL is no slower than the letter's own command, so an entry
 * of a stream goes at once.
 */
enum { DLQ_UNKEPT = 100, DLQ_UNKEPT_MS = 1000 };

struct dlq_box;

/** A letter, borrowed from its box until the next one. */
struct dlq_letter {
    char id[DLQ_ID_BYTES]; /* "PARTITION@OFFSET" of the topic, or the entry's id */
    bool done;             /* it was sent before */
    bool sound;            /* false: it is no letter; why says what is wrong */
    struct err why;
    struct letter letter;
    struct headers headers;      /* of a stream's letter */
    char topic[DLQ_TOPIC_BYTES]; /* the record's */
    int32_t partition;           /* its own place in the topic of letters */
    int64_t offset;
};

/** Errors: NULL and ERR_CONFIG where the file names no dlq or it refuses us, ERR_RETRY where it is
 * away. */
struct dlq_box *dlq_box_open(const struct conf *conf, struct err *err);

/** Takes NULL. */
void dlq_box_close(struct dlq_box *box);

/** The next letter, oldest first; false at the end, where err->kind is ERR_NONE, or with ERR_RETRY.
 * Keeps marks that are due. */
bool dlq_box_next(struct dlq_box *box, struct dlq_letter *letter, struct err *err);

/** Whether there is room for the letter's mark. Errors: ERR_RETRY. */
bool dlq_box_takes_mark(struct dlq_box *box, const struct dlq_letter *letter, struct err *err);

/**
 * The letter was sent: it will not be again, once its mark is kept. A stream keeps it at once. Of a
 * topic, dlq_box_next() keeps many together: DLQ_UNKEPT at the most are sent again after a kill -9.
 * Errors: ERR_RETRY.
 */
bool dlq_box_done(struct dlq_box *box, const struct dlq_letter *letter, struct err *err);

/** Keeps the marks that are not kept yet. Errors: ERR_RETRY. */
bool dlq_box_keep(struct dlq_box *box, struct err *err);

/** Whether @p id is of the form that this box uses. */
bool dlq_box_is_id(const struct conf *conf, const char *id);
