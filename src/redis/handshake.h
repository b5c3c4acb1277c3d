/*
 * handshake.h: what a connection says and hears before its first command.
 *
 * One pipelined round: HELLO 2 with AUTH and SETNAME, CLIENT INFO, INFO server, SELECT, CLIENT KILL
 * of the connection before. Where HELLO is not known (proxies), a second one with AUTH and CLIENT
 * SETNAME.
 */
#pragma once
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HANDSHAKE_STEPS = 7, HANDSHAKE_ADDRESS_BYTES = 128, HANDSHAKE_RUN_BYTES = 48 };

/** A connection as the server calls it; id 0: unknown. */
struct handshake_peer {
    int64_t id;
    char address[HANDSHAKE_ADDRESS_BYTES]; /* empty: unknown */
};

struct handshake_options {
    const char *username; /* NULL: the default user */
    const char *password; /* NULL: no AUTH */
    const char *client_name;
    int database;
};

enum handshake_result {
    HANDSHAKE_MORE, /* wait for more bytes */
    HANDSHAKE_SEND, /* send handshake_output() */
    HANDSHAKE_DONE,
    HANDSHAKE_FAILED, /* try again soon: LOADING, too many clients, not a Redis */
    HANDSHAKE_REFUSED /* the operator has to act: password, permissions, database */
};

enum handshake_step {
    STEP_HELLO,
    STEP_AUTH,
    STEP_SETNAME,
    STEP_CLIENT, /* which client this is to the server */
    STEP_SERVER, /* which run of which server this is */
    STEP_SELECT,
    STEP_KILL
};

struct handshake {
    const struct handshake_options *options;
    const struct handshake_peer *former;
    struct redisReader *reader;
    char *output; /* owned; may hold a password */
    size_t output_length;
    enum handshake_step steps[HANDSHAKE_STEPS];
    size_t step_count, step;
    bool plain;                    /* without HELLO */
    bool again;                    /* HELLO is not known: another round without it */
    struct handshake_peer self;    /* filled by the replies */
    char run[HANDSHAKE_RUN_BYTES]; /* the server's run_id; empty: it does not tell */
    bool former_may_live;          /* the server refused to end it */
};

/**
 * Begins; handshake_output() is to be sent. @p former, unless its id is 0, is a connection whose
 * commands must not run any more. Both pointers live until handshake_end().
 */
void handshake_begin(struct handshake *handshake, const struct handshake_options *options,
                     const struct handshake_peer *former);

struct slice handshake_output(const struct handshake *handshake);

/** Takes what came. With HANDSHAKE_FAILED and _REFUSED @p err says why. */
enum handshake_result handshake_feed(struct handshake *handshake, struct slice bytes,
                                     struct err *err);

/** What an error of a server means with these options; NULL: what it says. */
const char *handshake_hint(const struct handshake_options *options, const char *error);

/** Frees what it holds; self, run and former_may_live stay. */
void handshake_end(struct handshake *handshake);
