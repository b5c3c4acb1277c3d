/*
 * letter.h: a dead letter: a record that could not be delivered, as it was, and why.
 *
 * In a topic the facts are headers behind the record's own. A record that has been a letter before
 * has such headers, too: only the last row of them is ours.
 */
#pragma once
#include "metrics/metrics.h"
#include "record/record.h"

#include <stdint.h>

enum letter_fact {
#define FACT(id, name, help) LETTER_##id,
#include "record/letter.def"
#undef FACT
    LETTER_FACTS
};

struct letter {
    struct record record;             /* topic, partition and offset are those of the record */
    size_t header_count;              /* of the record's own headers, the first of record.headers */
    struct slice facts[LETTER_FACTS]; /* data NULL: not told */
};

/** Why a record could not be delivered. */
struct letter_cause {
    const char *route;
    unsigned worker;
    enum stage stage;
    struct slice command; /* the template, not what it became */
    const char *error;
    unsigned attempts;
};

/** How much of the record a letter holds. */
enum letter_extent {
    LETTER_WHOLE,
    LETTER_WITHOUT_VALUE, /* by reference */
    LETTER_FACTS_ALONE    /* neither key nor headers */
};

/** What came of the attempt to send one. */
enum letter_sending {
    LETTER_SENT,
    LETTER_NOT_NOW,  /* the queue is full, or there is none for the moment */
    LETTER_TOO_LARGE /* it cannot ever be sent as it is */
};

/** Called by the sender of dead letters; @p ticket came with the letter. */
struct letter_events {
    void *context;
    void (*delivered)(void *context, uint32_t ticket);
    /** It must be sent again; @p too_large: only a smaller one has a chance. */
    void (*failed)(void *context, uint32_t ticket, const char *why, bool too_large);
    /** All those without an answer must be sent again. */
    void (*forgotten)(void *context, const char *why);
};

/** The name of a fact's header or field. */
const char *letter_fact_name(enum letter_fact fact);

/** Fills the facts of a letter whose record is set; free() ends the text that they point into. */
char *letter_explain(struct letter *letter, const struct letter_cause *cause);

/** Leaves out what is too large; the letter names it instead. */
void letter_shorten(struct letter *letter, enum letter_extent extent);

/**
 * Reads a record of the dead letters' topic. What it fills borrows from @p record, also its
 * headers: those of the letter are the first header_count. False if it is not a letter.
 */
bool letter_read(const struct record *record, struct letter *letter);

/** Topic, partition and offset by the facts; false if they are missing. @p letter's
 * record.topic is then borrowed from @p topic, a buffer for it. */
bool letter_take_place(struct letter *letter, char *topic, size_t size);
