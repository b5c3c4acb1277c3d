/*
 * member_fixture.h: a worker that takes records from the mock cluster but writes them nowhere.
 *
 *      cluster_start();
 *      struct member *member = member_new("group");
 *      member_join(member, "topic");
 *      member_run(member, 500);
 *      member_stop(member);
 *      member_free(member);
 *
 * A record's key is its number in decimal digits; the session lasts six seconds.
 */
#pragma once
#include "conf/conf.h"
#include "kafka/source.h"
#include "metrics/metrics.h"
#include "mock_kafka.h"

enum { MEMBER_RECORDS = 20000, MEMBER_STOP_MS = 60000 };

struct member {
    struct conf conf;
    struct conf_source options;
    struct event_base *base;
    struct event *timer;
    struct metrics *metrics;
    struct metrics_worker *counts;
    struct source *source;
    struct batch batch;
    unsigned barriers; /* of the source, all passed by topics that are not called "free..." */
    bool finishes;     /* every record, at once; else it is kept in tickets */
    int holds;         /* the partition of the record with this number is held; -1: none */
    enum source_hold hold;
    struct source_partition *held;
    struct source_ticket tickets[CLUSTER_PARTITIONS * MEMBER_RECORDS];
    size_t ticket_count;
    size_t taken;                                     /* records */
    uint8_t seen[CLUSTER_PARTITIONS][MEMBER_RECORDS]; /* how often, by number */
    int last[CLUSTER_PARTITIONS]; /* the number taken last since the assignment */
    bool disorder;
    unsigned gone;
    char reason[512]; /* of what is held */
};

struct member *member_new(const char *group);
void member_join(struct member *member, const char *topic);
/** One turn as a worker does it, waiting at most ten milliseconds; false if it cannot go on. */
bool member_turn(struct member *member);
/** Turns until so many records were taken in all; false if patience ends, as of all that follow. */
bool member_run(struct member *member, size_t taken);
/** Turns until @p done says so. */
bool member_until(struct member *member, bool (*done)(struct member *));
/** Turns until the group has committed @p offset of one partition; of all. @p name is the group's
 * and the topic's. */
bool member_committed_comes(struct member *member, const char *name, int32_t partition,
                            int64_t offset);
bool member_commits_come(struct member *member, const char *name, int64_t offset);
/** Turns until so many partitions are held; fills reason. */
bool member_held_comes(struct member *member, unsigned count);
/** Turns for a while, in which something must not happen. */
void member_idle(struct member *member, int64_t milliseconds);
void member_finish_all(struct member *member);
/** How many partitions are held; fills reason. */
unsigned member_held(struct member *member);
struct partition_gauges *member_gauges(struct member *member, const char *topic, int32_t partition);
/** Stops and frees the source; how many milliseconds it took. */
int64_t member_stop(struct member *member);
/** The same, with less time for it than MEMBER_STOP_MS. */
int64_t member_stop_within(struct member *member, int64_t within_ms);
void member_free(struct member *member);
