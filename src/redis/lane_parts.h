/* lane_parts.h: what the files of a lane part. */
#pragma once
#include "metrics/metrics.h"
#include "redis/answer.h"
#include "redis/gaps.h"
#include "redis/lane.h"
#include "redis/unit.h"

#include <sys/queue.h>

enum {
    LANE_WATCHED_LIMIT = 128, /* claims of one WATCH */
    LANE_STICKY_LIMIT = 32,   /* claims that are watched again though they have nothing to send */
    CLAIM_UNITS = 4,          /* units of one claim, the one in flight among them */
    LANE_UNITS = 8            /* bound for all of its claims, in unit_bytes */
};

/** The answer to a command behind MULTI. No error is shorter. */
#define LANE_QUEUED "+QUEUED\r\n"

/** Answers that are awaited, in the order in which they come. */
enum lane_step {
    STEP_DISCARD = 1 << 0,
    STEP_QUEUED = 1 << 1, /* one for each command behind MULTI */
    STEP_EXEC = 1 << 2,
    STEP_INFO = 1 << 3,
    STEP_WATCH = 1 << 4,
    STEP_MGET = 1 << 5,
    STEP_MULTI = 1 << 6
};

/** Whose the partition is; the chart is in lane.h, the moves are in claim.c. */
enum claim_state {
    CLAIM_WAITING,   /* not claimed yet */
    CLAIM_OWNED,     /* ours */
    CLAIM_RETURNING, /* ours before the connection was lost */
    CLAIM_IN_DOUBT,  /* the same, and what was in flight then may have been carried out */
    CLAIM_FENCED     /* somebody else's, or lost; nothing follows */
};

/** What the claim waits for before it can continue. */
enum claim_phase {
    CLAIM_IDLE,      /* nothing */
    CLAIM_IN_FLIGHT, /* the answer to its part of the transaction */
    CLAIM_JUDGED     /* the verdicts on what Redis refused */
};

/** What it wants of the next transaction. */
enum claim_wish {
    WISH_NOTHING,
    WISH_CLAIM,      /* to be claimed: token, and what the checkpoint says */
    WISH_CHECKPOINT, /* its checkpoint to be written, alone */
    WISH_UNIT        /* its first unit to be sent, with the checkpoint */
};

/** How near it is to a checkpoint of its own, because no unit will write what is known by now. */
enum claim_write {
    WRITE_NONE,
    WRITE_SOON,   /* in lane->stale: due when two ticks in a row find nothing to do */
    WRITE_TICKED, /* one did */
    WRITE_DUE
};

/** Which unit of which owner wrote a checkpoint; epoch 0: none. */
struct claim_mark {
    int64_t epoch, unit;
};

/** The record that is being put. */
struct claim_hand {
    struct unit_record record;
    unsigned ordinal; /* of its next command, among those of all routes */
    uint64_t wanted;  /* the commands that are to be carried out, by ordinal */
    uint64_t kept;    /* those that could not be rendered and are to be remembered */
    bool put;         /* others were put */
};

struct claim {
    struct lane *lane;
    void *owner;
    char *topic; /* for logs */
    int32_t partition;
    char *key_text, *epoch_key_text;
    struct slice key, epoch_key;
    uint64_t routes, random;
    uint64_t found_routes; /* those that wrote what was found */
    enum claim_state state;
    enum claim_phase phase;
    int64_t number; /* N of our token, as the server has it, or as it is about to be */
    int64_t seen;   /* the token's N when it was compared last */

    int64_t next, leader;           /* as the checkpoint has them; next -1: none */
    char log[CHECKPOINT_LOG_BYTES]; /* that next is of */
    struct checkpoint_witness witness;
    struct claim_mark written;  /* the checkpoint's, as last seen */
    struct claim_mark inflight; /* that of the unit in flight */
    struct unit *inflight_unit; /* NULL: the checkpoint alone */

    struct gaps gaps;      /* as they should be */
    uint32_t gaps_version; /* counts their changes; what of it is in flight, and in Redis: */
    uint32_t inflight_version, written_version;
    struct claim_hand hand;
    bool found;          /* Redis had something where the checkpoint stands */
    bool replaces;       /* what stands in the checkpoint's place is thrown away */
    bool checkpoint_due; /* a gap must be written before anything else */
    bool unsettled;      /* results below next were seen that the checkpoint calls unseen */
    enum claim_write write;

    char *blame; /* why the unit in flight is refused, if it was not carried out; NULL: it is not */
    enum reply_class blame_class;
    size_t blamed; /* the command of it */

    struct unit *first, *last; /* oldest first; the one in flight is the first */
    size_t unit_count;

    struct claim *predecessor,
        *successor; /* of the same partition: the one waits for the other's end */
    bool stopped;   /* by a verdict: nothing more is taken */
    bool dropped;
    unsigned notices; /* on their way to lane_deliver() */
    bool watched;     /* in lane->watched */
    bool wanting;     /* in lane->wanting */
    TAILQ_ENTRY(claim) all, want, stale, drop;
};

TAILQ_HEAD(claim_list, claim);

/** One claim's part of the transaction in flight. */
struct part {
    struct claim *claim;
    enum claim_wish kind; /* of the claim; never WISH_NOTHING */
    struct unit *unit;
    size_t first, count;     /* its commands within the transaction */
    size_t ours;             /* the last of them are not the unit's */
    bool lost;               /* its HSET or SET failed inside EXEC */
    struct checkpoint found; /* of WISH_CLAIM */
};

enum notice_kind { NOTICE_CLAIMED, NOTICE_FENCED, NOTICE_APPLIED, NOTICE_REFUSED, NOTICE_DROPPED };

/** What lane_deliver() will tell. */
struct notice {
    enum notice_kind kind;
    struct claim *claim;
    struct unit *unit;
    bool taken;
    struct checkpoint checkpoint;
};

/** An error at queue time. */
struct lane_error {
    size_t index; /* of the command within the transaction */
    enum reply_class class;
    char *text;
};

struct lane {
    struct session session;
    struct lane_options options;
    bool open;        /* there is a connection */
    unsigned awaited; /* of enum lane_step */
    bool in_multi;    /* MULTI was answered OK, and neither EXEC nor DISCARD is sent */
    bool compared;    /* and the tokens are compared */
    bool check_due;   /* ask for the policy */
    bool check_told;  /* that it cannot be asked */
    bool again;       /* watch again though nothing calls for it */
    bool stalled;     /* no transaction has gone through since the connection began, or one was
                         refused; also false if nothing is to be done */
    bool broken;      /* the connection cannot be trusted any more */
    bool heard;       /* the server answered on this connection */
    unsigned cuts;    /* connections in a row that ended on a transaction with records */
    size_t alone;     /* records that still go alone, since one of them may be why */
    bool doubts;      /* before the first of them it pauses */
    struct claim *retried_claim; /* the command that it pauses for: of its first unit; NULL: none */
    size_t retried_command;

    char *out;
    size_t out_sent, out_length, out_capacity;
    char *input; /* the beginning of an answer */
    size_t input_length, input_capacity;
    struct answer answer;
    struct resp_scanner scanner;

    struct claim *watched[LANE_WATCHED_LIMIT]; /* NULL: dropped meanwhile */
    size_t watched_count;
    enum reply_class watch_class; /* the first error of the watch */
    char watch_error[RESP_ERROR_BYTES];

    struct part *parts;
    size_t part_count, part_capacity;
    size_t transaction_count; /* commands between MULTI and EXEC */
    size_t queued;            /* of them answered */
    struct lane_error *errors;
    size_t error_count, error_capacity;
    bool exec_open;       /* its array has begun */
    size_t element, part; /* the next one */

    struct notice *notices;
    size_t notice_first, notice_count, notice_capacity;
    bool delivering;

    struct unit *spare;
    size_t spare_count;
    uint32_t unit_numbers;  /* given out so far */
    size_t bytes, commands; /* in all units */
    struct claim_list claims, wanting, stale, dropped;
    size_t claim_count; /* not dropped */
    uint32_t other;     /* metrics' index of commands without a row */
};

static inline struct lane *lane_of(struct session *session)
{
    return (struct lane *)session; /* its first member */
}

static inline const struct lane *lane_at(const struct session *session)
{
    return (const struct lane *)session;
}

/* --- claim.c: what a claim wants, and what becomes of its units --- */
enum claim_wish claim_wish(const struct claim *claim);

/** Its state from now on; asserts that the move is one of the chart. */
void claim_move(struct claim *claim, enum claim_state state);

/** Whether the checkpoint says less than is known. */
bool claim_is_stale(const struct claim *claim);

/** What Redis refused of its first unit is to be judged. */
void claim_begin_judging(struct claim *claim);

/** If it wants something, it is watched next. */
void claim_want(struct claim *claim);

/** If the checkpoint says less than is known, it is written soon, also without a unit. */
void claim_schedule_write(struct claim *claim);

/** Frees it if it was dropped and nothing needs it any more. */
void claim_release(struct claim *claim);
void claim_free(struct claim *claim);

/** It is not ours any more, or Redis lost it. */
void claim_fence(struct claim *claim, bool taken);

/** The part in flight was carried out; results that nobody saw count as good ones. */
void claim_carried_out(struct claim *claim);

/** The part in flight was not, and is wanted again. */
void claim_not_carried_out(struct claim *claim);

/** What the unit does to the gaps. True: something. */
bool claim_change_gaps(struct gaps *gaps, const struct unit *unit);

/** Drops the units behind @p kept, NULL: all but the one in flight, and tells it. */
void claim_drop_units(struct claim *claim, const struct unit *kept);

/** Tells that none of its commands will be carried out, and takes it back. */
void claim_drop_unit(struct claim *claim, struct unit *unit);
void lane_give_unit(struct lane *lane, struct unit *unit);

/** An empty unit. (lane.c) */
struct unit *lane_take_spare(struct lane *lane);

/** The claim's first unit goes alone: it keeps its first record only. */
void claim_split(struct claim *claim);

/** The unit in question was not carried out: what it was blamed for is judged. */
void claim_judge_blame(struct claim *claim);

/** Prepares what may be sent now. */
void lane_turn(struct lane *lane);

struct notice *lane_add_notice(struct lane *lane, enum notice_kind kind, struct claim *claim);

/* --- lane_send.c: what goes out --- */
void lane_watch(struct lane *lane);

/** Sends the transaction of what is watched and wants; false: nothing does. */
bool lane_exec(struct lane *lane);

/* --- lane_alone.c: records that end connections --- */
bool lane_cut(struct session *session, struct session_command *alone);
void lane_condemn(struct session *session, const char *text);
bool lane_is_cut(const struct session *session);

/** Whether records would be in the next transaction; whether anything else would. */
bool lane_sends_records(const struct lane *lane);
bool lane_sends_others(const struct lane *lane);

/** If records go alone, one claim's are sent, *taken, and nothing with them. */
bool lane_waits_its_turn(struct lane *lane, struct claim *claim, bool *taken);

/* --- lane_deliver.c: telling what happened --- */
void lane_deliver(struct session *session);

/* --- lane_replies.c: what comes in --- */
bool lane_receive(struct session *session, struct slice *bytes);
bool lane_break(struct lane *lane, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Pauses as @p class asks; false: it breaks. */
bool lane_pause_for(struct lane *lane, enum reply_class class, const char *text);

/* --- lane_outcome.c: what EXEC's answer means --- */

/** All of the transaction was carried out. */
void lane_applied(struct lane *lane);

/** Counts what became of a command. */
void lane_count(struct lane *lane, uint32_t command, enum command_result result);

/** The server said "later" to the watch of what it watches. */
void lane_set_retried_watch(struct lane *lane);

/** An answer has refused a command of what is in flight, which ended the connection. */
void lane_blame_refused(struct lane *lane);

/** None of it was: it is sent again. */
void lane_not_applied(struct lane *lane);

/** EXEC was answered by this error. False: the lane breaks. */
bool lane_aborted(struct lane *lane, const char *text);

/** The connection was lost before EXEC's answer was there. */
void lane_uncertain(struct lane *lane);

/** Takes the answer of HGETALL. */
void part_found(struct part *part, const struct answer *answer);

/** Whether the transaction's command @p index is one of ours. */
bool part_is_ours(const struct part *part, size_t index);

/** The transaction is over. */
void lane_clear_parts(struct lane *lane);
