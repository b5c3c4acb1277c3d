/*
 * source_parts.h: what a source is made of; shared by the files of this folder alone.
 *
 * A partition that was once ours keeps its object until the source ends, so that a late answer of a
 * former assignment finds something to compare its generation with.
 *
 *      away --assign--> starting --offsets known--> flowing <--> held
 *                       (claimed first, where the worker says so)
 *        ^                  |                          |          |
 *        |                  +---------- revoke --------+----------+--> revoked
 *        +-------------- unassigned, or lost at any time <--------------'
 */
#pragma once
#include "base/backoff.h"
#include "conf/conf.h"
#include "kafka/complaints.h"
#include "kafka/difference.h"
#include "kafka/mark.h"
#include "kafka/offsets.h"
#include "kafka/resume.h"
#include "kafka/source.h"
#include "kafka/survey.h"
#include "kafka/tracker.h"
#include "kafka/witness.h"
#include "metrics/metrics.h"

#include <librdkafka/rdkafka.h>

enum {
    COMMIT_WAIT_MS = 3000, /* longest wait for the last commit of a partition */
    LEAVE_WAIT_MS = 500,   /* and for librdkafka's answer to unsubscribe */
    DRAIN_CHECK_MS = 50,   /* how often a drain is looked at though no answer came */
    TOPICS_SEEN = 1024,
    DUTY_GRACE_MS = 10000 /* how long it may be unknown whether Kafka and the group are there */
};

enum partition_state {
    PARTITION_AWAY,     /* not ours */
    PARTITION_STARTING, /* ours; where to read from is not known yet */
    PARTITION_FLOWING,
    PARTITION_HELD,   /* ours, but nothing is read of it */
    PARTITION_REVOKED /* still ours until its answers have come and were committed */
};

enum claim_step {
    CLAIM_NONE,   /* no claim is needed, or it is not asked yet whether one is */
    CLAIM_DUE,    /* the worker is to be asked */
    CLAIM_WAITED, /* for source_claimed() */
    CLAIM_MADE
};

/** What a commit waits for where the ids of topics are not known: watch.c. */
enum commit_look { COMMIT_LOOK_NONE, COMMIT_LOOK_DUE, COMMIT_LOOK_ASKED, COMMIT_LOOK_DONE };

struct event;

/** All zero: librdkafka needs no kicks. */
struct kick {
    size_t limit_records, limit_bytes; /* where librdkafka stops reading ahead */
    size_t length;                     /* of the queue, when it was last looked at */
    bool full;                         /* it was nearly full, and librdkafka may sleep */
    int64_t due_ms, knock_due_ms;
    unsigned tries;   /* kicks since it was full */
    unsigned answers; /* to kicks, so far */
};

/** A response that was too large. */
struct oversize {
    size_t bytes; /* of the last one; 0: there was none */
    int64_t seen_ms, look_ms;
    bool asked; /* for the ends of those that may be the cause */
};

struct source_partition {
    struct source *source;
    const struct source_topic *topic;
    struct partition_gauges *gauges;
    struct tracker *tracker; /* NULL unless records may be in flight */
    struct mark *marks;      /* one a gate; NULL: its topic passes none */
    char *reason;            /* why it is held */
    size_t reason_head;      /* how much of that names offset and route */
    int64_t held_offset;     /* of the record that it is held by; -1: by none */
    const char *held_route;  /* and the route; NULL: none */
    char *held_told;         /* the reason that was logged; NULL: it flows */
    int64_t held_since_ms, held_told_ms;
    int64_t released_ms;     /* when it was tried again; 0: it was not */
    int64_t released_at;     /* and at which offset; -1: not known */
    rd_kafka_queue_t *queue; /* librdkafka's, since the last assign; NULL: not asked for */
    char *unreadable;        /* why it will be held at the next poll; NULL: it will not */
    int64_t floor;           /* the lowest offset that its assignment began at; -1: not known */
    int64_t look_at;         /* the first offset that gates_look() is told of */
    int64_t position;        /* the next offset to take; -1: not known */
    int64_t end;             /* where librdkafka came to the end last; -1: not since the start */
    int64_t waits_since_ms;  /* nothing comes though Kafka has more; 0: it does, or has not */
    int64_t waits_at;        /* the position that it does not get past */
    int64_t told_ms;         /* when Kafka told its end, or gave a record of it */
    int64_t told_at;         /* its position then */
    int64_t low;             /* where its log starts, asked while it does not flow; -1: not known */
    int64_t refused_ms;      /* when Kafka said that we may not read it; 0: we may */
    int64_t refused_at;      /* its position then */
    int64_t committed;       /* what Kafka has; -1: nothing, or not known */
    int64_t committing;      /* what the outstanding commit says; -1: nothing */
    int64_t stuck_at;        /* its position when a response was too large */
    int64_t stuck_since_ms;  /* and since when */
    int64_t try_again_ms;    /* when it is released, while oversize */
    int64_t ask_at_ms;       /* when its offsets may be asked for */
    int64_t taken_ms;        /* the timestamp of the record taken last; -1: none */
    uint64_t consumed_records, consumed_bytes, lost_records;
    int32_t number;
    uint32_t generation;
    enum partition_state state;
    enum source_hold hold;
    bool fetching;  /* librdkafka reads it */
    bool stalls;    /* it was logged that nothing comes */
    bool moved;     /* librdkafka does not read it from position */
    bool asking;    /* a question about its offsets is under way */
    bool misplaced; /* Kafka refused position as out of range */
    bool oversize;  /* held because its next batch cannot be received */
    bool lags;      /* its position stood still, and Kafka has more */
    bool brims;     /* held because too much of it is unconfirmed */
    int64_t ahead;  /* to be committed though not answered (source_commit_first()); -1: nothing */
    int64_t began;  /* where it began without a committed offset; -1: it went on at one */
    enum claim_step claim_step;
    void *claim; /* the worker's */
    struct resume_facts
        *facts;             /* of a claimed partition that waits for Kafka's answer; else NULL */
    unsigned ahead_answers; /* so often Kafka said that the log ends below the checkpoint */
    bool witness_differs;   /* source_mismatches() said so, and the next start is to weigh it */
    struct identity log;    /* of the log that its position is of */
    const char *another;    /* how its log was found to be another one; NULL: it was not */
    struct witnesses witnesses;
    struct witness compare; /* read first, to be compared with what the log holds */
    int64_t known_end;      /* of that log, when it was last seen to be the same; -1: not known */
    struct beginning group; /* what is noted of it with each commit */
    int64_t left_committed; /* by an assignment before; -1: nothing */
};

struct source_topic {
    char *name;
    struct source_topic *next; /* of the same bucket */
    void *routes;
    bool *passes;                         /* by gate; NULL: the source has none */
    bool gated;                           /* passes one at least */
    struct source_partition **partitions; /* by number; NULL: never ours */
    size_t partition_count;
    size_t *wanted; /* what of the subscription it is */
    size_t wanted_count;
};

/** A topic or pattern of the subscription. */
struct source_topic_state {
    const char *name;
    enum survey_found found;
    bool taken;         /* by some member of the group */
    bool ours, refused; /* some partition of it is ours; and may not be read */
    bool was_read;      /* here or elsewhere, once */
    enum topic_state state;
    int64_t since_ms;
};

/** Whether that which ought to be read is read (duty.c). */
struct duty {
    struct survey *survey;
    struct source_topic_state *topics; /* by the subscription */
    struct topic_counters **counters;  /* theirs */
    size_t count;
    int64_t due_ms, states_due_ms;
    int64_t answered_ms, coordinated_ms; /* when Kafka answered, and the coordinator; 0: never */
    bool group_known, troubled;
    rd_kafka_resp_err_t err; /* why some end is not known */
    char reason[448];        /* what the trouble is */
};

enum rebalance_step {
    REBALANCE_NONE,
    REBALANCE_STARTING, /* assigned: waits for the first offsets */
    REBALANCE_DRAINING, /* revoked: waits for answers */
    REBALANCE_COMMITTING
};

enum closing_step {
    CLOSING_NO,
    CLOSING_DRAINING, /* waits for answers */
    CLOSING_COMMITTING,
    CLOSING_LEAVING, /* unsubscribed: waits for the last revoke */
    CLOSING_ENDING,  /* librdkafka closes the consumer */
    CLOSING_DONE
};

struct source {
    const struct conf_source *options;
    unsigned member; /* its group.instance.id is "<instance_id>-<member>" */
    struct source_events events;
    struct source_gates gates;
    bool *hurries;   /* by gate: a mark is urgent */
    bool brims;      /* some partition may have too much unconfirmed */
    bool unreadable; /* some partition may be held at the next poll */
    struct metrics_worker *metrics;
    rd_kafka_t *kafka;
    rd_kafka_queue_t *control; /* rebalances, errors, commit results, logs */
    rd_kafka_queue_t *records;
    rd_kafka_queue_t *aside;    /* records of held partitions; nobody takes them */
    rd_kafka_message_t **taken; /* [BATCH_RECORDS] */
    struct offsets *offsets;
    struct event *wake;
    int wake_fd;
    bool more;         /* records may hold something */
    size_t mean_bytes; /* of the values taken last */

    struct source_topic **topics;
    size_t topic_count, topic_capacity;
    struct source_topic **buckets; /* the topics by a hash of their names; a power of two */
    size_t bucket_count;
    struct source_topic *seen[TOPICS_SEEN]; /* by the address of librdkafka's name */
    struct source_partition **partitions;   /* all that were ever ours */
    size_t partition_count, partition_capacity;
    size_t starting; /* how many of them are */

    int64_t turned_ms;   /* when the last turn was */
    int64_t look_due_ms; /* at the logs of all */
    int64_t looked_ms;   /* when the last look was answered */
    bool blind;          /* nothing is taken before the next look */
    bool knows_ids;      /* of the topics, as the last answer was */
    enum commit_look commit_look;

    enum rebalance_step rebalance;
    int64_t rebalance_deadline_ms;
    bool cooperative, joined;
    bool apply_due;     /* what librdkafka reads differs from what it should read */
    int64_t settled_ms; /* when librdkafka is surely through with the last assign */
    int64_t forward_until_ms, forward_due_ms; /* queues are forwarded again and again until then */
    struct backoff ask_backoff;
    rd_kafka_topic_partition_list_t *subscription;
    bool rejoining;        /* unsubscribed: to be subscribed again once nothing is ours */
    int64_t rejoin_due_ms; /* not before */

    bool commit_outstanding;
    int64_t commit_due_ms, commit_sent_ms;
    size_t finished;          /* records, since a commit was sent */
    unsigned commit_failures; /* in a row */

    enum closing_step closing;
    int64_t stop_deadline_ms, stop_reserve_ms; /* kept for the last commit and for leaving */
    bool stops_waiting;                        /* for answers */
    int64_t close_step_deadline_ms;
    size_t left;    /* records begun and not committed of the partitions given up at the end */
    bool abandoned; /* it could not be closed in time: left to the end of the process */

    bool fatal;
    struct complaints complaints;
    struct duty duty;
    int64_t left_ms; /* when the group took all away last */
    struct kick kick;
    struct oversize oversize;
    uint64_t consumed_records, consumed_bytes;
    int64_t drain_limit_ms;
    int64_t gauges_due_ms;
    int64_t held_due_ms; /* when held.c has something to look at; 0: never */
    size_t gauges_next;  /* the partition whose end is looked at next */
    int64_t now_ms;      /* of this turn */
};

/* --- partitions.c: those that are, or were, ours --- */
struct source_partition *partition_get(struct source *source, const char *topic, int32_t number);
struct source_partition *partition_find(const struct source *source, const char *topic,
                                        int32_t number);
/** The same of a message with a topic; at once where it is one of those seen lately. */
struct source_partition *partition_of(struct source *source, const rd_kafka_message_t *message);
/** Ours again, as if never seen. */
void partition_take(struct source_partition *partition);
/** Starts, or starts again, at @p offset. */
void partition_start(struct source_partition *partition, int64_t offset);
/** The same for one that librdkafka may be reading from elsewhere. */
void partition_restart(struct source_partition *partition, int64_t offset);
/** The offset from which librdkafka is to read it. */
int64_t partition_read_from(const struct source_partition *partition);
/** What was claimed of it, and what is in flight, no longer counts: it starts with a new claim. */
void partition_claim_anew(struct source_partition *partition);
/** Nothing is read of it; @p reason is kept. */
void partition_hold(struct source_partition *partition, enum source_hold hold, const char *reason);
/** Reads it again from its oldest unfinished record; what is in flight of it no longer counts. */
void partition_again(struct source_partition *partition);
/** Not ours any more; tells the worker. */
void partition_lose(struct source_partition *partition);
void partition_move(struct source_partition *partition, enum partition_state state);
bool partition_is_ours(const struct source_partition *partition);
/** Whether no answer is to be waited for any more. */
bool partition_is_drained(const struct source_partition *partition);
void partitions_free(struct source *source);

/* --- held.c: how the log tells of partitions that are held --- */
/** The partition is held, for its reason. */
void held_tell(struct source_partition *partition);
/** It went: nothing is told of it any more. */
void held_forget(struct source_partition *partition);
void held_turn(struct source *source);

/* --- gates.c: what must be known of answers before they are committed --- */
/** The gates that the topic passes. */
void gates_open(struct source_topic *topic, const struct source *source);
/** A new assignment: nothing is known. */
void gates_take(struct source_partition *partition);
/** It is read from @p offset on, for the first time or again. */
void gates_start(struct source_partition *partition, int64_t offset);
/** How far @p offset may be committed; -1: not at all. */
int64_t gates_cut(const struct source_partition *partition, int64_t offset);
/** Whether all that was answered is confirmed. */
bool gates_are_passed(const struct source_partition *partition);
/** Answered and not confirmed; by their offsets, so gaps are counted too. */
size_t gates_unconfirmed(const struct source_partition *partition);
/** The record at @p offset, at or above look_at, is taken. */
void gates_look(struct source_partition *partition, int64_t offset);
/** Before a poll: holds the partitions of which too much is unconfirmed. */
void gates_hold(struct source *source);

/* --- gauges.c: what is shown of partitions --- */
void gauges_turn(struct source *source);
/** Where the log ends, as Kafka said before the first fetch did, which may never come. */
void gauges_end(struct source_partition *partition, int64_t offset);
/** What was said of it last. */
int64_t gauges_known_end(const struct source_partition *partition);
/** The same, and the start of the log, as Kafka says when asked (duty.c). */
void gauges_high(struct source_partition *partition, int64_t offset);
void gauges_low(struct source_partition *partition, int64_t offset);

/* --- duty.c: whether that which ought to be read is read --- */
/** False and errno where its thread could not be started. */
bool duty_open(struct source *source);
/** False where its thread does not end in time. */
bool duty_close(struct source *source, int64_t wait_ms);
void duty_clear(struct source *source);
void duty_turn(struct source *source);
/** Finds what of the subscription a new topic is. */
void duty_topic(const struct source *source, struct source_topic *topic);
/** Kafka says that we may not read the partition. */
void duty_refused(struct source_partition *partition);
/** Whether Kafka told the partition's end a while ago at most. */
bool duty_end_is_known(const struct source_partition *partition);
/** What is the matter with a source that is in its group; NULL: nothing. */
const char *duty_trouble(const struct source *source);

/* --- rebalance.c: which partitions librdkafka reads --- */
void rebalance_event(struct source *source, rd_kafka_resp_err_t what,
                     const rd_kafka_topic_partition_list_t *list);
void rebalance_turn(struct source *source);
/** What librdkafka reads of the partition goes to those who wait, or aside. */
void rebalance_forward(struct source_partition *partition);
/** librdkafka's queue of it is asked for anew. */
void rebalance_forget_queue(struct source_partition *partition);
/** Reads a partition that is being read from its position instead. */
void rebalance_seek(struct source_partition *partition);
/** Gives back what lies aside. */
void rebalance_clear_aside(struct source *source);
/** Milliseconds until rebalance_turn() has something to do; INT64_MAX: only events matter. */
int64_t rebalance_next_ms(const struct source *source);

/** Goes on with source_rejoin(). */
void rejoin_turn(struct source *source);

/** Answers what librdkafka waits for, whatever it is: nothing is read any more. */
void rebalance_leave(struct source *source);

/* --- kick.c: librdkafka's sleep when its queue was full --- */
/** @p taken records were taken just now. */
void kick_look(struct source *source, size_t taken);
void kick_turn(struct source *source);
/** Milliseconds until kick_turn() may have something to do; INT64_MAX: only events matter. */
int64_t kick_next_ms(const struct source *source);

/* --- unreadable.c: a batch of which librdkafka cannot make records --- */
/** Whether @p message, an error, is about one; then nothing behind it is taken. */
bool unreadable_seen(struct source_partition *partition, const rd_kafka_message_t *message);
void unreadable_forget(struct source_partition *partition);
/** Before a poll: holds the partitions that have met one. */
void unreadable_hold(struct source *source);

/* --- oversize.c: a batch that is larger than what may be received --- */
/** An error of a broker; @p text is librdkafka's. */
void oversize_seen(struct source *source, const char *text);
void oversize_turn(struct source *source);

/* --- start.c: from where a partition is read --- */
void start_turn(struct source *source);
/** Milliseconds until start_turn() has something to ask; INT64_MAX: only answers matter. */
int64_t start_next_ms(const struct source *source);
/** librdkafka says that the partition's position is out of range. */
void start_misplaced(struct source_partition *partition);
/** Whether a rebalance need not wait for the partition's start any more. */
bool start_was_answered(const struct source_partition *partition);

/** on_out_of_range, in the word of the file. */
const char *start_policy(enum conf_out_of_range policy);

/* --- another.c: a partition whose log is another one than its position is of --- */
/** It was found so; @p how lives for ever. Where it goes on is asked. */
void another_found(struct source_partition *partition, const char *how);
/** Whether what was asked shows another log than @p log, which the position is of; or it was found
 * so before, and nothing shows the contrary. */
bool another_is(struct source_partition *partition, const struct identity *log,
                const struct offsets_item *item);
/** Goes on, or stops, in the log that is there now; @p expected is the former position. */
void another_start(struct source_partition *partition, int64_t expected,
                   const struct offsets_item *item);

/* --- watch.c: whether logs are still those that positions are of --- */
void watch_turn(struct source *source);
/** Milliseconds until watch_turn() has something to do; INT64_MAX: only events matter. */
int64_t watch_next_ms(const struct source *source);
/** Something happened that may mean it: looks at once. */
void watch_soon(struct source *source);
/** The answers to what watch_turn() asked. */
void watch_answers(struct source *source, const struct offsets_item *items, size_t count);
/** What was not known of the partition's log is known now: it is @p identity. */
void watch_keep(struct source_partition *partition, const struct identity *identity);
/** Before records are taken: whether the process was frozen. */
void watch_notice(struct source *source);
/** Whether what is committed may be overwritten now; false: it is being asked for. */
bool watch_allows_commit(struct source *source);
/** It was overwritten. */
void watch_committed(struct source *source);
/** Whether a commit waits for an answer. */
bool watch_delays_commit(const struct source *source);
/** A message below the partition's position came. */
void watch_look_back(struct source_partition *partition, const rd_kafka_message_t *message);

/* --- commit.c: what Redis has answered is told to Kafka --- */
void commit_turn(struct source *source);
/** Milliseconds until commit_turn() has something to do; INT64_MAX: only events matter. */
int64_t commit_next_ms(const struct source *source);
/** Whether all that may be committed is, or cannot be; commits and waits over several turns. */
bool commit_is_done(struct source *source);
void commit_result(struct source *source, rd_kafka_resp_err_t err,
                   const rd_kafka_topic_partition_list_t *list);

/* --- events.c: what librdkafka tells --- */
void events_serve(struct source *source);

/* --- closing.c: the end of a source --- */
void closing_turn(struct source *source);
