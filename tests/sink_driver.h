/*
 * sink_driver.h: a sink, its event loop, and a note of what became of each command.
 *
 *      struct driver *driver = driver_open(redis_server_port(server));
 *      driver_put(driver, "SET", "key", "value", NULL);
 *      driver_finish(driver);
 *      CU_ASSERT_EQUAL(driver->outcomes[0], DRIVER_DONE);
 *      driver_close(driver);
 *
 * Tickets count from 0 in the order of the puts.
 */
#pragma once
#include "redis/sink.h"
#include "sink_stand.h"

enum { DRIVER_TICKETS = 200000 };

enum driver_outcome { DRIVER_OPEN, DRIVER_DONE, DRIVER_REFUSED, DRIVER_DROPPED };

struct driver {
    struct conf_sink options; /* change them between driver_new() and driver_start() */
    struct stand stand;
    struct sink *sink;
    struct sink_counters *counters;
    uint32_t put, answered;
    unsigned char outcomes[DRIVER_TICKETS]; /* by ticket */
    enum reply_class class;                 /* of the last refusal */
    char text[1024];
    bool unordered;          /* an answer came before that of a command put earlier */
    uint32_t unwanted_below; /* tickets below are not wanted any more */
    uint32_t suspected;      /* the last command that was said to end connections */
    unsigned suspicions;
    int64_t patience_ms; /* how long Redis may say "later"; 0: for ever */
};

/** With stand_options(). */
struct driver *driver_new(int port);
void driver_start(struct driver *driver);

/** driver_new() and driver_start(). */
struct driver *driver_open(int port);

/** Ends the sink; its loop stays, for a fake server that lives on it. Takes NULL. */
void driver_stop(struct driver *driver);

/** Takes NULL. */
void driver_close(struct driver *driver);

/** Puts and commits one command, its arguments ended by NULL; the key is the second one. */
void driver_put(struct driver *driver, ...);

/** The same without sink_commit(). */
void driver_stage(struct driver *driver, struct slice key, const struct slice *arguments,
                  size_t count);

/** Runs the loop once, for some milliseconds at most. */
void driver_turn(struct driver *driver);

/** Runs it for so long. */
void driver_run(struct driver *driver, int64_t milliseconds);

/** Runs it until every command has its outcome; false where patience ends. */
bool driver_finish(struct driver *driver);

/** The same; false also where one of them was not done. */
bool driver_succeeds(struct driver *driver);

/** Runs it until sink_trouble() holds @p text; false where patience ends. */
bool driver_wait_trouble(struct driver *driver, const char *text);

/** Appends @p first to @p last - 1 to the list "seq", waiting for room as a worker does. */
void driver_push_sequence(struct driver *driver, int first, int last);
