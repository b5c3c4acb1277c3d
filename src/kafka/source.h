/*
 * source.h: one worker's member of the consumer group.
 *
 * Everything here runs on the worker's thread and its event loop and never blocks. The worker takes
 * batches, begins and finishes records, and calls source_turn() once a turn, which carries on
 * commits, rebalances and holds.
 */
#pragma once
#include "base/err.h"
#include "kafka/witness.h"
#include "metrics/metrics.h"
#include "record/record.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf;
struct conf_source;
struct event_base;
struct metrics_worker;
struct source;
struct source_partition;

enum { BATCH_RECORDS = 1000 };

/** Records taken and not yet given back; [next, count) still wait to be prepared. */
struct batch {
    size_t count, next;
    struct record records[BATCH_RECORDS];
    void *messages[BATCH_RECORDS]; /* librdkafka's, given back by source_return() */
};

/** Names a record in flight; the generation tells late answers of a former assignment apart. */
struct source_ticket {
    struct source_partition *partition;
    uint32_t generation;
    uint32_t slot;
};

struct source_events {
    void *context;
    /** The topic of a newly assigned partition; the answer is kept as source_partition_routes(). */
    void *(*topic)(void *context, const char *topic);
    /** The partition is no longer ours, or is read again from elsewhere: forget its unsent records.
     */
    void (*gone)(void *context, struct source_partition *partition);

    /**
     * A partition is ours and would start: true if its next offset is kept in Redis too. Then
     * it waits for source_claimed(), or is held. Asked for every start. NULL: never.
     */
    bool (*claim)(void *context, struct source_partition *partition);
    /**
     * A claimed partition starts: records are carried out from @p next on. Those below it that come
     * first are there to be looked at and passed over (source_pass_over()), or were left out
     * before. @p another: the checkpoint is of another log, and says nothing of those of this one.
     */
    void (*starts)(void *context, struct source_partition *partition, int64_t next, bool another);
    /** Whether the partition may go once its answers are in. NULL: always. */
    bool (*is_settled)(void *context, const struct source_partition *partition);
    /** Whether the operator has paused the partition. Asked when it is assigned, and by
     * source_pauses_changed(). NULL: never. */
    bool (*is_paused)(void *context, const struct source_partition *partition);
};

/** What Redis keeps of a claimed partition. */
struct source_checkpoint {
    bool found;             /* false: nothing; the rest means nothing */
    bool readable;          /* false: unreadable says why */
    bool same_routes;       /* it was written by the routes that we have */
    const char *unreadable; /* borrowed for the call */
    int64_t next;           /* the offset to resume at */
    const char *log;        /* what identifies the log that it is of; borrowed for the call */
    struct witness record;  /* the one below next, as Redis remembers it */
    int64_t oldest_gap;     /* a record below it that was not carried out; -1: none */
};

/** What must be known of answers before they are committed: barriers, numbered from 0. */
struct source_barriers {
    void *context;
    unsigned count;
    /** Whether partitions of a topic with these routes (source_events.topic) pass @p barrier. */
    bool (*has)(void *context, const void *routes, unsigned barrier);
};

/**
 * Joins the group: @p topics are names, or "^regex". Returns at once; brokers may come later.
 * @p worker is the worker's number: group.instance.id is "<instance_id>-<worker>".
 * Errors:  NULL and ERR_CONFIG with librdkafka's reason.
 */
struct source *source_new(const struct conf *conf, const struct conf_source *options,
                          unsigned worker, const char *const *topics, size_t topic_count,
                          struct event_base *base, struct metrics_worker *metrics,
                          const struct source_events *events, struct err *err);

/** Offsets of a partition that are to be read once. */
struct source_range {
    const char *topic;
    int32_t number;
    int64_t from, to;     /* not empty, and in the log; @p to is behind the last one */
    _Atomic int64_t next; /* from at first; all below it is done. The source's, any thread reads */
};

/**
 * One that is no member of the group: it reads @p ranges, each of another partition, which are
 * borrowed, and commits nothing. Errors: as source_new().
 */
struct source *source_new_replaying(const struct conf *conf, const struct conf_source *options,
                                    struct source_range *ranges, size_t count,
                                    struct event_base *base, struct metrics_worker *metrics,
                                    const struct source_events *events, struct err *err);

/** Whether each of its ranges is done, or held by a record; false for a member. */
bool source_is_through(const struct source *source);

/** Ends it at once: nothing is committed, the group is left only after source_stop(). Takes NULL.
 */
void source_free(struct source *source);

/** Commits of partitions that pass a barrier go as far as its marks were reached; before the first
 * turn. */
void source_set_barriers(struct source *source, const struct source_barriers *barriers);

/** Whether a mark at @p barrier should not wait: somebody drains, or much is unconfirmed. */
bool source_mark_is_urgent(const struct source *source, unsigned barrier);

/** Notes the offset up to which all is answered; an earlier mark that was not reached is forgotten.
 * False: all of that is confirmed already. */
bool source_mark(struct source *source, unsigned barrier);

/** What the last source_mark() noted of partitions that are still ours is safe. */
void source_mark_reached(struct source *source, unsigned barrier);

/** Answers that are not confirmed may be lost: their records are read again. */
void source_rewind(struct source *source, unsigned barrier);

/** Fills an empty @p batch with at most @p limit records. More may wait when batch->count == limit.
 */
void source_poll(struct source *source, struct batch *batch, size_t limit);

/** Whether source_poll() would find something, as far as is known without asking. */
bool source_is_ready(const struct source *source);

/** Gives record @p index of the batch back to librdkafka; its bytes end here, unless it is kept. */
void source_return(struct batch *batch, size_t index);

/** Keeps record @p index of the batch, with all its bytes: the result must be given to
 * source_let_go() before the source is freed. Once for a record. */
void *source_keep(struct batch *batch, size_t index);

/** What source_keep() answered as a record again, without its owner; the topic's name is that of
 * @p partition. */
struct record source_kept_record(const void *kept, const struct source_partition *partition);

void source_let_go(void *kept);

/** Whether records of this partition are taken now; false while it is held, revoked or lost. */
bool source_is_flowing(const struct source_partition *partition);

/** The record is in flight from now on. */
struct source_ticket source_begin(struct source_partition *partition, const struct record *record);

/**
 * For at-most-once delivery, before each record begins: whether its offset is committed. If not, a
 * commit of all that was taken of its partition is asked for, and the record waits.
 */
bool source_commit_first(struct source_partition *partition, const struct record *record);

/** Whether the commit of a record that was taken and did not begin is asked for: it is to begin all
 * the same when its partition goes, or the source stops, since nobody may read it again. */
bool source_owes(const struct source_partition *partition, const struct record *record);

/** One more source_finish() must come before the record is done. */
void source_retain(struct source_ticket ticket);

/** False if the ticket is of a former assignment: its answer is void. */
bool source_ticket_is_current(struct source_ticket ticket);

void source_finish(struct source_ticket ticket);

/** The record holds its partition: it will not finish, and a stop does not wait for it. */
void source_give_up(struct source_ticket ticket);

/** What source_events.topic answered. */
void *source_partition_routes(const struct source_partition *partition);
const char *source_partition_topic(const struct source_partition *partition);
int32_t source_partition_number(const struct source_partition *partition);

/** A reason, as it is shown. */
struct source_reason {
    const char *route; /* that a record of it failed on, at this offset; NULL: no record did */
    int64_t offset;
    const char *text;
    struct trace trace; /* of that record */
};

/**
 * Takes the partition out of the flow, the others still flow; @p reason is kept for /readyz and
 * logged. Records of it that are still in the batch are dropped by the worker (source_is_flowing()
 * is false) and are read again.
 */
void source_hold(struct source_partition *partition, enum source_hold hold, const char *reason);

/** The same for a reason that may name a record;*/
void source_hold_for(struct source_partition *partition, enum source_hold hold,
                     const struct source_reason *reason);

/** The reason is gone; without effect if it did not hold the partition. If it was the last one, the
 * partition is read again from its oldest unfinished record; a claimed one is claimed again. */
void source_release(struct source_partition *partition, enum source_hold hold);

/** Asks source_events.is_paused again of every partition that is ours. A paused one is not read
 * from now on; one that is not paused any more is read when its answers are in, so that nothing is
 * written twice. */
void source_pauses_changed(struct source *source);

/**
 * From now on as @p options says, which replaces the former one and has the same members and
 * topics; source_events.topic is asked again for each topic. A claimed partition is claimed again
 * if @p changed says that its topic's routes before and after are not the same.
 */
void source_adopt(struct source *source, const struct conf_source *options,
                  bool (*changed)(const void *before, const void *after));

/** The partition if it is ours; else NULL. */
struct source_partition *source_find(const struct source *source, const char *topic,
                                     int32_t number);

/** Whether the operator has paused it. */
bool source_is_paused(const struct source_partition *partition);

/** How many of ours are. */
unsigned source_count_paused(const struct source *source);

/** Why the partition is held, but for the operator's pause; false: it is not. */
bool source_held_by(const struct source_partition *partition, struct source_reason *reason,
                    enum source_hold *hold);

/** A reason for which it does not flow by itself, HOLD_RECORD or HOLD_OVERSIZE, is gone once its
 * answers are in: then it is read again. */
void source_retry(struct source_partition *partition, enum source_hold hold);

/** The route passes by the record at @p offset, whenever it is read; for as long as the partition
 * is ours, and one record at a time. */
void source_skip(struct source_partition *partition, int64_t offset, const char *route);
bool source_skips(const struct source_partition *partition, int64_t offset, const char *route);

/** Answers source_events.claim, while the partition waits for it: Kafka is asked what it has, and
 * both decide where it starts (resume.h). */
void source_claimed(struct source_partition *partition, const struct source_checkpoint *checkpoint);

/** The record was only looked at: its commands were carried out before. */
void source_pass_over(struct source_partition *partition, const struct record *record);

/** The log has another record below the checkpoint's offset than the checkpoint remembers. False:
 * by on_checkpoint_mismatch the partition flows all the same; true: it does not flow any more. */
bool source_mismatches(struct source_partition *partition);

/** Leaves the group and joins it again: somebody else has a partition that we believe is ours. Not
 * more often than each ten seconds. */
void source_rejoin(struct source *source);

enum { SOURCE_LOG_BYTES = 72 };

/** The identity of the log that the partition is read from; empty if it is not known. */
void source_partition_log(const struct source_partition *partition, char text[SOURCE_LOG_BYTES]);

/** The worker's own for a claimed partition; NULL at first. */
void *source_partition_claim(const struct source_partition *partition);
void source_partition_set_claim(struct source_partition *partition, void *claim);

/** Visits every partition that is held, with its first reason; HOLD_OPERATOR is never the first of
 * several. */
void source_visit_held(const struct source *source,
                       void (*visit)(void *context, const struct source_partition *partition,
                                     enum source_hold hold, const char *reason),
                       void *context);

/** Why nothing comes of a partition though Kafka has more. */
struct source_wait {
    int64_t offset, count, since_ms; /* of so many offsets from here on, for so long */
    bool stalls; /* for no reason that is known; else for the end of a transaction */
};

/** Visits every partition that waits. */
void source_visit_waiting(const struct source *source,
                          void (*visit)(void *context, const struct source_partition *partition,
                                        const struct source_wait *wait),
                          void *context);

/** How far the partitions are from the ends that their logs had at first. */
struct source_warming {
    unsigned partitions, cold;  /* ours; those that have not reached it, or where it is not known */
    int64_t records, remaining; /* offsets from where they began to there; not yet acknowledged */
};

void source_warming(const struct source *source, struct source_warming *sum);

/** Commits what is due, continues a rebalance, keeps the lag up to date. False and ERR_FATAL if the
 * consumer has failed for good. */
bool source_turn(struct source *source, struct err *err);

/** Milliseconds until source_turn() should be called again though nothing happened. */
int64_t source_next_ms(const struct source *source);

/** NULL while Kafka answers; else the last particular reason, as /readyz shows it: why no broker
 * can be reached, or why the group does not take us. */
const char *source_trouble(const struct source *source);

/** Visits what the source subscribes to, topics and patterns: its state, whether that is a problem
 * by now, and since when. */
void source_visit_topics(const struct source *source,
                         void (*visit)(void *context, const char *topic, enum topic_state state,
                                       bool bad, int64_t for_ms),
                         void *context);

/** Whether the group gave us an assignment (perhaps an empty one), and did not take it away longer
 * than a moment ago. */
bool source_is_joined(const struct source *source);

/**
 * Stops taking; later turns drain until @p deadline_ms (clock_ms), commit and leave the group.
 */
void source_stop(struct source *source, int64_t deadline_ms);

/** No answer is waited for any more: the answered offsets are committed, and the group is left.
 * False: the source is past that. */
bool source_stop_waiting(struct source *source);

/** Whether the group was left after source_stop(); also true once its deadline is over. */
bool source_is_stopped(const struct source *source);

/**
 * Whether some source could not be ended in time (librdkafka hangs if a broker is silent) and
 * was left with its threads: the process then ends by _exit(). Any thread.
 */
bool source_was_abandoned(void);

/** Whether an answer may still finish some record of the partition. */
bool source_partition_waits(const struct source_partition *partition);

/** Records begun and not finished, over all partitions. */
size_t source_inflight(const struct source *source);

/** Records that were begun and are read again, as far as is known once the source is stopped. */
size_t source_left(const struct source *source);
