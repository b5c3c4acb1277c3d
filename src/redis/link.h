/*
 * link.h: a session on a connection: moves the bytes, keeps the time.
 *
 * Output is sent before the events of new answers are called: the server works meanwhile.
 */
#pragma once
#include "redis/connection.h"
#include "redis/session.h"

struct link {
    struct connection connection;
    struct session *session;
    size_t input_length; /* bytes that were read and that the session left */
    size_t least;        /* bytes that wake us */
    bool hung_up;        /* the other side ended the connection */
    int64_t progress_ms; /* when it was last seen to do something */
    int queued;          /* stream_queued(), and when it was asked */
    int64_t queued_ms;
    bool pausing;
    struct backoff retry, slow_retry; /* how long, each time */
    int64_t retry_since_ms; /* since when the server says "later" to one command; 0: it did not */
    uint64_t retry_number;  /* that command's */
    uint64_t timed;         /* the request whose answer is timed, */
    int64_t timed_us;       /* since when; 0: none is */
    int64_t looked_ms;      /* when the session was told to look */
    void (*ticks)(void *context); /* the session wants ticks; NULL: it never does */
    void *context;
};

/** @p session is the caller's. */
void link_init(struct link *link, struct session *session);

/** Starts to connect; connection_close() ends it. @p setup lives as long as the connection. */
void link_open(struct link *link, const struct connection_setup *setup, unsigned number);

/** Sends what the session has ready. */
void link_send(struct link *link);

/** Reads what came. */
void link_read(struct link *link);

/** Sends what may be sent and tells what happened. */
void link_turn(struct link *link);
