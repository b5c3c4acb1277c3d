/* link.h: a lane and its connection. */
#pragma once
#include "redis/connection.h"
#include "redis/lane.h"

struct link {
    struct connection connection;
    struct lane *lane;
    const struct units_events *events;
    int64_t checked_ms; /* when the server was asked for its policy */
    size_t least;       /* bytes that wake us */
    bool resting;
    void (*ticks)(void *context); /* the lane wants ticks */
    void *context;
};

/** The driver of connections whose context is a struct link. */
extern const struct connection_driver link_driver;

/** Sends what the lane has ready. */
void link_send(struct link *link);

/** Sends what may be sent and tells what happened. */
void link_turn(struct link *link);
