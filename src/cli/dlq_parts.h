/* dlq_parts.h: shared by the files of "penstock dlq". */
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

/** Sends the letter's commands and waits for the answers, or prints them. Prints the letter's line.
 * Errors: ERR_RECORD if the letter stays, ERR_RETRY if nothing can be sent now. */
bool dlq_retry_send(struct dlq_retry *retry, const struct dlq_item *item, struct err *err);

/** The record of the letter without penstock's headers; read from Kafka if the letter only names
 * it. Errors: as above. */
bool dlq_retry_record(struct dlq_retry *retry, const struct dlq_item *item,
                      const struct route *route, struct record *record, struct err *err);

/** The letter's route, as the file has it now. Errors: ERR_RECORD. */
const struct route *dlq_route(const struct loaded *loaded, const struct dlq_item *item,
                              struct err *err);

/** A letter's record, and the commands that its route makes of it now. */
struct dlq_now {
    bool has_record; /* false: err says why not */
    const struct route *route;
    struct record record;
    bool rendered; /* false: err says why not */
    struct rendering rendering;
    struct err err;
    struct arena arena;
};

/** Finds out; @p item, which need not be sound, must outlive @p now. Free it with
 * dlq_now_clear(). */
void dlq_now_make(struct dlq_now *now, const struct loaded *loaded, struct dlq_retry *retry,
                  const struct dlq_item *item);
void dlq_now_clear(struct dlq_now *now);

/** Prints a letter in one line, and whole, to stdout. */
void dlq_text_line(const struct dlq_item *item);
void dlq_text(const struct dlq_item *item, const struct dlq_now *now);

/** Prints a letter as one JSON object: docs/reference/output.md. @p now NULL: without its record.
 */
void dlq_json(const struct dlq_item *item, const struct dlq_now *now);
