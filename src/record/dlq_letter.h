/*
 * dlq_letter.h: a dead letter: a record that could not be delivered, as it was, and why.
 *
 * In a topic the facts are headers behind the record's own. A record that has been a letter before
 * has such headers, too: only the last row of them is ours.
 */
#pragma once
#include "metrics/metrics.h"
#include "record/record.h"

#include <stdint.h>

enum dlq_fact {
#define FACT(id, name, help) DLQ_FACT_##id,
#include "record/dlq_letter.def"
#undef FACT
    DLQ_FACTS
};

struct dlq_letter {
    struct record record;          /* topic, partition and offset are those of the record */
    size_t header_count;           /* of the record's own headers, the first of record.headers */
    struct slice facts[DLQ_FACTS]; /* data NULL: not told */
};

/** Why a record could not be delivered. */
struct dlq_cause {
    const char *route;
    unsigned worker;
    enum stage stage;
    struct slice command; /* the template, not what it became */
    const char *error;
    unsigned attempts;
};

/** How much of the record a letter holds. */
enum dlq_extent {
    DLQ_WHOLE,
    DLQ_WITHOUT_VALUE, /* by reference */
    DLQ_FACTS_ALONE    /* neither key nor headers */
};

/** What came of the attempt to send one. */
enum dlq_sending {
    DLQ_SENT,
    DLQ_NOT_NOW,  /* the queue is full, or there is none for the moment */
    DLQ_TOO_LARGE /* it cannot ever be sent as it is */
};

/** Called by the sender of dead letters; @p ticket came with the letter. */
struct dlq_sender_events {
    void *context;
    void (*delivered)(void *context, uint32_t ticket);
    /** It must be sent again; @p too_large: only a smaller one has a chance. */
    void (*failed)(void *context, uint32_t ticket, const char *why, bool too_large);
    /** All those without an answer must be sent again. */
    void (*forgotten)(void *context, const char *why);
};

/** The name of a fact's header or field. */
const char *dlq_fact_name(enum dlq_fact fact);

/** Fills the facts of a letter whose record is set; free() the text that they point into. */
char *dlq_letter_explain(struct dlq_letter *letter, const struct dlq_cause *cause);

/** Leaves out what is too large; the letter names it instead. */
void dlq_letter_shorten(struct dlq_letter *letter, enum dlq_extent extent);

/**
 * Reads a record of the dead letters' topic. What it fills borrows from @p record, also its
 * headers: those of the letter are the first header_count. False if it is not a letter.
 */
bool dlq_letter_read(const struct record *record, struct dlq_letter *letter);

/** Topic, partition and offset by the facts; false if they are missing. @p letter's
 * record.topic is then borrowed from @p topic, a buffer for it. */
bool dlq_letter_take_place(struct dlq_letter *letter, char *topic, size_t size);
