/*
 * sink_fixture.h: a sink, its event loop, and a note of what became of each command.
 *
 *      struct sink_fixture *fixture = sink_fixture_open(redis_server_port(server));
 *      sink_fixture_put(fixture, "SET", "key", "value", NULL);
 *      sink_fixture_finish(fixture);
 *      CU_ASSERT_EQUAL(fixture->outcomes[0], TICKET_DONE);
 *      sink_fixture_close(fixture);
 *
 * Tickets count from 0 in the order of the puts.
 */
#pragma once
#include "loop_fixture.h"
#include "redis/sink.h"

enum { SINK_FIXTURE_TICKETS = 200000 };

struct sink_fixture {
    struct conf_sink options; /* change them between sink_fixture_new() and sink_fixture_start() */
    struct loop_fixture loop;
    struct sink *sink;
    struct sink_counters *counters;
    uint32_t put, answered;
    unsigned char outcomes[SINK_FIXTURE_TICKETS]; /* by ticket */
    enum reply_class class;                       /* of the last refusal */
    char text[1024];
    bool unordered;          /* an answer came before that of a command put earlier */
    uint32_t unwanted_below; /* tickets below are not wanted any more */
    uint32_t suspected;      /* the last command that was said to end connections */
    unsigned suspicions;
    int64_t retry_timeout_ms; /* how long Redis may say "later"; 0: for ever */
};

/** With loop_fixture_options(). */
struct sink_fixture *sink_fixture_new(int port);
void sink_fixture_start(struct sink_fixture *fixture);

/** sink_fixture_new() and sink_fixture_start(). */
struct sink_fixture *sink_fixture_open(int port);

/** Ends the sink; its loop stays, for a fake server that lives on it. Takes NULL. */
void sink_fixture_stop(struct sink_fixture *fixture);

/** Takes NULL. */
void sink_fixture_close(struct sink_fixture *fixture);

/** Puts and commits one command, its arguments ended by NULL; the key is the second one. */
void sink_fixture_put(struct sink_fixture *fixture, ...);

/** The same without sink_commit(). */
void sink_fixture_stage(struct sink_fixture *fixture, struct slice key,
                        const struct slice *arguments, size_t count);

/** Runs the loop once, for some milliseconds at most. */
void sink_fixture_turn(struct sink_fixture *fixture);

/** Runs it for so long, in which something must not happen. */
void sink_fixture_run(struct sink_fixture *fixture, int64_t milliseconds);

/** Runs it until @p done says so; false if patience ends. */
bool sink_fixture_until(struct sink_fixture *fixture, bool (*done)(struct sink_fixture *));

/** Runs it until every command has its outcome; false if none gets one before patience ends. */
bool sink_fixture_finish(struct sink_fixture *fixture);

/** The same; false also if one of them was not done. */
bool sink_fixture_succeeds(struct sink_fixture *fixture);

/** Runs it until sink_trouble() holds @p text; false if patience ends. */
bool sink_fixture_wait_trouble(struct sink_fixture *fixture, const char *text);

/** Appends @p first to @p last - 1 to the list "seq", waiting for room as a worker does. */
void sink_fixture_push_sequence(struct sink_fixture *fixture, int first, int last);
