/* lag.h: how far a group is behind its topics, for tools: it joins no group, and blocks. */
#pragma once
#include "base/err.h"
#include "conf/conf.h"

#include <stddef.h>
#include <stdint.h>

enum { LAG_NOTE_BYTES = 200 };

struct lag;

/** Offsets and times are -1 if they are not known. */
struct lag_partition {
    const char *topic;
    int32_t number;     /* -1: Kafka does not have the topic */
    int64_t start, end; /* of the log */
    int64_t committed;  /* -1: the group has committed nothing */
    int64_t checkpoint; /* as lag_checkpoint() was told */
    int64_t position;   /* of the first record that the bridge has not done, or would begin at */
    int64_t time_ms;    /* of that record, after lag_ask_times() */
    char note[LAG_NOTE_BYTES]; /* what else is to be said of the position; "": nothing */
    char log[72];              /* what identifies the log that is there now */
};

/** Asks about the topics that routes read from @p source, or only those called @p only, if that is
 * not NULL. Errors: NULL and ERR_RETRY, ERR_CONFIG. */
struct lag *lag_new(const struct conf *conf, const struct conf_source *source, const char *only,
                    struct err *err);

/** Takes NULL. */
void lag_free(struct lag *lag);

/** By topic and number. */
struct lag_partition *lag_partitions(struct lag *lag, size_t *count);

/** For exactly-once delivery: Redis has the position, in the log called @p log ("": not known). */
void lag_checkpoint(struct lag_partition *partition, int64_t next, const char *log);

/** Reads the record at each position that has some, within a few seconds, for its time. */
void lag_ask_times(struct lag *lag);

struct offsets_item;

/** What Kafka's answers mean to a bridge of this source. */
void lag_judge(struct lag_partition *partition, const struct conf_source *source,
               const struct offsets_item *item, int64_t now_ms);

/** The records that are not done; -1: not known. */
int64_t lag_of(const struct lag_partition *partition);
