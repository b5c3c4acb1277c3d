/*
 * link.h: a session on a connection: moves the bytes, keeps the time.
 *
 * Output is sent before the events of what came are told: the server works meanwhile.
 */
#pragma once
#include "redis/connection.h"
#include "redis/session.h"

struct link {
    struct connection connection;
    struct session *session;
    size_t input_length; /* what the session left of what was read */
    size_t least;        /* bytes that wake us */
    bool pausing;
    struct backoff retry, sick; /* how long, each time */
    int64_t late_since_ms; /* since when the server says "later" to one command; 0: it did not */
    uint64_t late_number;  /* that command's */
    int64_t looked_ms;     /* when the session was told to look */
    void (*ticks)(void *context); /* the session wants ticks; NULL: it never does */
    void *context;
};

/** @p session is the caller's. To be connected by connection_open(), with the link as its context.
 */
void link_init(struct link *link, struct session *session);

/** The driver of connections whose context is a struct link. */
extern const struct connection_driver link_driver;

/** Sends what the session has ready. */
void link_send(struct link *link);

/** Reads what came. */
void link_read(struct link *link);

/** Sends what may be sent and tells what happened. */
void link_turn(struct link *link);
