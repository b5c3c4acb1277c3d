/*
 * lane_fixture.h: conversations with a lane, for the programs that test it.
 *
 * What a lane says is shown one command after the other, "WATCH a / MGET a / MULTI"; what it hears
 * is fed to it whole and in pieces of a few bytes, which must make no difference. What it tells is
 * kept as text, too.
 */
#pragma once
#include "suite.h"

#include "metrics/metrics.h"
#include "redis/lane.h"

#define E0      "p:{g}:t:0:epoch"
#define E1      "p:{g}:t:1:epoch"
#define K0      "p:{g}:t:0"
#define K1      "p:{g}:t:1"
#define TOKEN   "1:0000000000000abc"
#define TOKEN_2 "2:0000000000000abc"
#define OTHER   "2:00000000000000ff"
#define WATCH_0 "WATCH " E0 " / MGET " E0 " / MULTI"
#define ROUTES  " routes 00000000000000ff"
#define QUEUED  "+QUEUED\r\n"
#define OK      "+OK\r\n"

/* The answer to a watch of one claim. */
#define WATCHED(token) OK "*1\r\n$18\r\n" token "\r\n" OK
#define NO_TOKEN       OK "*1\r\n$-1\r\n" OK

/* What writes a checkpoint, the first unit of one command, and the answer to such a unit. */
#define HSET(next, settled, unit, witness)                                                         \
    "HSET " K0 " v 1 next " next " settled " settled " epoch 1 unit " unit " leader 7" ROUTES      \
    " witness " witness
#define FIRST_BODY  "INCR n / " HSET("1", "0", "1", "0:4:-1") " / EXEC / " WATCH_0
#define CARRIED_OUT QUEUED QUEUED "*2\r\n:1\r\n:8\r\n"

/* The answer to EXEC if a command was refused before. */
#define ABORT "-EXECABORT Transaction discarded because of previous errors.\r\n"

extern struct lane *lane;
extern struct session *session; /* the lane's */
extern struct claim *claims[2];
extern struct sink_counters counters;
extern enum units_verdict verdict; /* on refused commands */
extern bool drops;                 /* the first claim, when a command of it is refused */
extern bool sound;                 /* receive() never said otherwise */

/** What it told since it was asked last, as "done 5, first taken"; news() lets it deliver first. */
const char *told(void);
const char *news(void);

/** What it said since it was asked last, as "INCR n / EXEC". */
const char *says(void);

/** It receives this, in the pieces that the way of this run wants. */
void hear(const char *text);

/** A record at @p offset with the command "INCR n"; put_two(): with "DECR m", too, whose ticket is
 * the next one. */
void put(struct claim *claim, int64_t offset, uint32_t ticket);
void put_two(struct claim *claim, int64_t offset, uint32_t ticket);

/** A lane that nothing is known of, and its end. */
void open_lane(void);
void close_lane(void);

/** Claims partition 0, whose owner is "first", or 1, "second". */
struct claim *claim(int32_t partition);

/** It is connected, and the server's policy evicts nothing. */
void begin(void);

/** One claim, whose token is asked for. */
void open_asking(void);

/** A lane with one claim that stands, compared. */
void open_owned(void);

/** Its one unit, of one record, is on its way. */
void open_sent(void);

/** Two claims that stand, compared. */
void open_both_owned(void);

/** Runs the conversations, and all of them again byte by byte and in small pieces; the exit status.
 */
int lane_suite_run(const char *name, const struct suite_test *conversations, size_t count);

#define LANE_SUITE(name, conversations)                                                            \
    lane_suite_run(name, conversations, sizeof(conversations) / sizeof((conversations)[0]))
