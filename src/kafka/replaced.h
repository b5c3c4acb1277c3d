/* replaced.h: a partition whose log is another one than its position is of. */
#pragma once
#include "conf/conf.h"
#include "kafka/beginning.h"
#include "kafka/identity.h"
#include "kafka/offsets.h"
#include "kafka/witness.h"

#include <stdbool.h>
#include <stdint.h>

struct source;
struct source_partition;

/** A partition's: what is known of the log that its position is of. */
struct partition_log {
    struct identity identity;
    const char *replaced; /* how it was found to be gone; NULL: it was not */
    struct witnesses witnesses;
    struct witness compare; /* read first, to be compared with what the log holds */
    int64_t known_end;      /* when it was last seen to be the same; -1: not known */
    struct beginning group; /* what is noted of it with each commit */
};

/** It was found so; @p how lives for ever. Kafka is asked where to resume. */
void replaced_found(struct source_partition *partition, const char *how);
/** Whether what was asked shows another log than @p log, which the position is of; or it was found
 * so before, and nothing shows the contrary. */
bool replaced_is(struct source_partition *partition, const struct identity *log,
                 const struct offsets_item *item);
/** Goes on, or stops, in the log that is there now; @p expected is the former position. */
void replaced_start(struct source_partition *partition, int64_t expected,
                    const struct offsets_item *item);

/** on_out_of_range, in the word of the file. */
const char *replaced_policy(enum conf_out_of_range policy);
