/*
 * dlq_reader.h: reads the topic of dead letters from its beginning to its present end.
 *
 * For tools: it blocks. What was dealt with is kept in Kafka, as the commits of the group
 * "GROUP.dlq", GROUP being the source's (done_list.h), with what identifies the log that they are
 * of (identity.h): in a topic that was recreated nothing was dealt with.
 */
#pragma once
#include "base/err.h"
#include "record/record.h"

#include <stdbool.h>
#include <stdint.h>

struct conf;
struct conf_source;
struct dlq_reader;

/** Errors: NULL and ERR_RETRY if Kafka does not answer, ERR_CONFIG. */
struct dlq_reader *dlq_reader_new(const struct conf *conf, struct err *err);

/** Forgets marks that were not kept. Takes NULL. */
void dlq_reader_free(struct dlq_reader *reader);

/**
 * The next record, borrowed until the next call; *done: it was marked before. False at the end,
 * where err->kind stays ERR_NONE, or with ERR_RETRY.
 */
bool dlq_reader_next(struct dlq_reader *reader, struct record *record, bool *done, struct err *err);

/** Whether Kafka can remember the record's mark besides those of others. Errors: ERR_RETRY. */
bool dlq_reader_takes_mark(const struct dlq_reader *reader, int32_t partition, int64_t offset,
                           struct err *err);

/** The record was dealt with. */
void dlq_reader_mark(struct dlq_reader *reader, int32_t partition, int64_t offset);

/** Tells Kafka of the marks. Errors: ERR_RETRY. */
bool dlq_reader_keep(struct dlq_reader *reader, struct err *err);

/** For dlq_reader_fetch() alone. Errors: as dlq_reader_new(). */
struct dlq_reader *dlq_reader_fetcher(const struct conf *conf, const struct conf_source *source,
                                      struct err *err);

/** One record of any topic of the source, borrowed until the next call. Errors: ERR_RECORD if
 * Kafka has it no more, ERR_RETRY. */
bool dlq_reader_fetch(struct dlq_reader *reader, const char *topic, int32_t partition,
                      int64_t offset, struct record *record, struct err *err);
