/*
 * session.h: what is said over one connection, without the connection.
 *
 * Bytes in, bytes out: no socket, no clock, no event loop. The link has these (link.c); a simulator
 * and a fuzzer have others. There are three kinds: the pipeline of ordinary commands (pipeline.c),
 * the lane of transactions (lane.c) and the inquiry (inquiry.c), which only asks.
 *
 *      begin() -> turn() output() sent() receive() deliver() ... -> session_lost() -> begin() ...
 *
 * A session that the server cannot serve now says so in pause and has no output until resume().
 */
#pragma once
#include "base/slice.h"
#include "redis/suspect.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session;

enum { SESSION_TROUBLE_BYTES = 640 };

/** Why nothing is sent until resume(). */
enum session_pause {
    SESSION_FLOWS,
    SESSION_RETRIES,        /* LOADING, BUSY, ...: soon */
    SESSION_RETRIES_SLOWLY, /* out of memory, rights missing: somebody has to mend it */
    SESSION_DOUBTS, /* the last connections ended on a command: does this one, too, without? */
    SESSION_EVICTS  /* maxmemory-policy may throw checkpoints away: look again in half a minute */
};

/** One command, or one record, that is singled out from all that the session ever had. */
struct session_command {
    uint64_t number; /* never given out again, as the ticket is */
    uint32_t ticket;
    size_t bytes;
};

/** What the session's user says and hears of single commands; as in sink_events, units_events. */
struct session_events {
    void *context;
    int64_t (*retry_timeout)(void *context, uint32_t ticket);            /* NULL: for ever */
    void (*suspected)(void *context, uint32_t ticket, const char *text); /* NULL: no matter */
};

struct session_ops {
    /** The handshake is done, and nothing of an earlier connection can be carried out any more.
     * @p doubt describes the command that ended the last connections; NULL: none did. */
    void (*begin)(struct session *session, const char *doubt);
    /** The connection is gone. True: it left something unanswered. */
    bool (*lost)(struct session *session);

    /** Prepares what may be sent now; NULL: nothing to do. */
    void (*turn)(struct session *session);
    /** The bytes that may be sent now; sent() tells how many of them were. */
    struct slice (*output)(const struct session *session);
    void (*sent)(struct session *session, size_t length);
    /** Takes what came from the front of @p input; what it leaves comes again, with more behind it.
     * False: the connection is lost, or is to be closed, for trouble. */
    bool (*receive)(struct session *session, struct slice *input);
    /** Calls the events of what happened; NULL: receive() did. */
    void (*deliver)(struct session *session);

    /** Whether the server owes an answer, or something is to be sent. */
    bool (*waits)(const struct session *session);
    /** Whether commands flow, or would. */
    bool (*is_well)(const struct session *session);
    /** Commands that were put and not answered. */
    size_t (*inflight)(const struct session *session);

    /** The command that the server will not carry out yet, while it pauses; false: it is no single
     * one's fault. This one and the next two: NULL if it never pauses. */
    bool (*retried)(const struct session *session, struct session_command *retried);
    /** That command is refused, after @p waited_ms; the pause is over. */
    void (*give_up)(struct session *session, int64_t waited_ms);
    /** The pause is over. */
    void (*resume)(struct session *session);

    /** Nothing was sent for a while: says something, to see whether the server is still there,
     * or has its link closed. */
    void (*idle)(struct session *session);
    /** Half a minute has passed: looks again at what may change by itself. NULL: at nothing. */
    void (*look)(struct session *session);
    /** Whether it wants to be told each SESSION_TICK_MS, by whoever made it. NULL: never. */
    bool (*wants_tick)(const struct session *session);

    /** Before lost(): the other side ended the connection as soon as it had what is in flight.
     * True: that was one command, or one record, alone. This one and the next two: NULL if that
     * does not matter. */
    bool (*cut)(struct session *session, struct session_command *alone);
    /** Before lost(): that one is refused, once the next connection has shown that it was not
     * carried out and that others are answered. */
    void (*condemn)(struct session *session, const char *text);
    /** Whether what ended connections is still to be answered. */
    bool (*is_cut)(const struct session *session);
};

enum { SESSION_TICK_MS = 20 };

struct session {
    const struct session_ops *ops;
    struct session_events events;
    enum session_pause pause;
    size_t least;      /* so many bytes must come before there is anything to do; 0: any */
    int64_t blocks_ms; /* for so long the server may let it wait by the nature of a command */
    uint64_t asked;    /* a number that rises with each request; of the newest that was sent, */
    uint64_t heard;    /* and of the newest that was answered, as far as the session knows */
    bool answered;     /* others than the suspect are, on this connection; the link takes it back */
    struct suspect suspect;              /* the command that ended the last connections */
    char trouble[SESSION_TROUBLE_BYTES]; /* why it pauses, or is broken */
};

/** The handshake is done. */
void session_begin(struct session *session);

/** The connection is gone; @p at_once: its other side ended it as soon as it had what was sent
 * last. True: it left something unanswered. */
bool session_lost(struct session *session, bool at_once, int64_t now_ms);
