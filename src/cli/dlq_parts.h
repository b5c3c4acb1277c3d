/* dlq_parts.h: what the files of "penstock dlq" share. */
#pragma once
#include "app/load.h"
#include "cli/dlq_box.h"

struct dlq_request {
    const char *config, *route, *topic;
    int64_t limit; /* INT64_MAX: none */
    bool all, dry_run, json;
    const char **ids;
    size_t id_count;
};

/** Sends one letter after the other through its route again. */
struct dlq_retry;

struct dlq_retry *dlq_retry_new(const struct loaded *loaded, bool dry_run);

/** Takes NULL. */
void dlq_retry_free(struct dlq_retry *retry);

/** Has the letter's commands carried out, or prints them. Prints its line. Errors: ERR_RECORD where
 * this letter stays one, ERR_RETRY where nothing can be sent now. */
bool dlq_retry_send(struct dlq_retry *retry, const struct dlq_letter *letter, struct err *err);

/** The record of the letter without penstock's headers; from Kafka where the letter only names it.
 * Errors: as above. */
bool dlq_retry_record(struct dlq_retry *retry, const struct dlq_letter *letter,
                      const struct route *route, struct record *record, struct err *err);

/** The letter's route, as the file has it now. Errors: ERR_RECORD. */
const struct route *dlq_route(const struct loaded *loaded, const struct dlq_letter *letter,
                              struct err *err);

/** A letter's record, and what its route makes of it now. */
struct dlq_now {
    bool told; /* the record is there; false: err says why not */
    const struct route *route;
    struct record record;
    bool rendered; /* false: err says why not */
    struct rendering rendering;
    struct err err;
    struct arena arena;
};

/** Asks; @p letter, which need not be sound, outlives the answer. dlq_now_clear() ends it. */
void dlq_now_make(struct dlq_now *now, const struct loaded *loaded, struct dlq_retry *retry,
                  const struct dlq_letter *letter);
void dlq_now_clear(struct dlq_now *now);

/** Prints a letter in one line, and whole, to stdout. */
void dlq_text_line(const struct dlq_letter *letter);
void dlq_text(const struct dlq_letter *letter, const struct dlq_now *now);

/** Prints a letter as one JSON object: docs/reference/output.md. @p now NULL: without its record.
 */
void dlq_json(const struct dlq_letter *letter, const struct dlq_now *now);
