/* difference.h: how a log was found to be another one than a position is of. */
#pragma once
#include "kafka/identity.h"

extern const char difference_offset[]; /* the group's committed offset is gone */
extern const char difference_record[]; /* the record remembered is another one */
extern const char difference_noted[];  /* the commit's note says so */

/** What is known now that Kafka has told the log's identity, @p now: how it differs from @p log,
 * which the position is of; NULL: it does not. @p found: how it was found to differ before; NULL:
 * it was not. */
const char *difference_of(const char *found, const struct identity *log,
                          const struct identity *now);
