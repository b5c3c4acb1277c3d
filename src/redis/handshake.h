/*
 * handshake.h: what a connection says and hears before its first command.
 *
 * One pipelined round: HELLO 2 with AUTH and SETNAME, CLIENT INFO, INFO server, INFO replication,
 * SELECT, CLIENT KILL of the connection before. Only AUTH and SELECT, if they are configured,
 * must be granted. Proxies know few of the others; some refuse one in words of their own, some hang
 * up at it. A refused HELLO is followed by a second round with AUTH and CLIENT SETNAME; one that
 * hangs up is asked again on a new connection, without the word that it hung up at.
 */
#pragma once
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HANDSHAKE_STEPS = 8,
    HANDSHAKE_ADDRESS_BYTES = 128,
    HANDSHAKE_RUN_ID_BYTES = 48,
    HANDSHAKE_WORDS_BYTES = 64
};

/** A connection as the server calls it; id 0: unknown. */
struct handshake_peer {
    int64_t id;
    char address[HANDSHAKE_ADDRESS_BYTES]; /* empty: unknown */
};

struct handshake_options {
    const char *username; /* NULL: the default user */
    const char *password; /* NULL: no AUTH */
    bool decoded;         /* the password is that of a url, and had "%40" for "@" there */
    const char *client_name;
    int database;
};

/** Words that the other side need not know. */
enum handshake_word { WORD_HELLO = 1 << 0, WORD_CLIENT = 1 << 1, WORD_INFO = 1 << 2 };

/** What is known of the other side from one connection to the next; all zero: nothing. */
struct handshake_memory {
    unsigned known;    /* words that it has answered */
    unsigned left_out; /* words that it hung up at, of enum handshake_word */
    unsigned hang_ups; /* in handshakes, one after the other */
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
    STEP_CLIENT,      /* which client this is to the server */
    STEP_SERVER,      /* which run of which server this is */
    STEP_REPLICATION, /* whether it takes writes */
    STEP_SELECT,
    STEP_KILL,
    STEP_ANYBODY /* if there is nothing else to ask */
};

struct handshake {
    const struct handshake_options *options;
    const struct handshake_peer *former;
    struct handshake_memory *memory;
    struct reader *reader;
    char *output; /* owned; may hold a password */
    size_t output_length;
    enum handshake_step steps[HANDSHAKE_STEPS];
    size_t step_count, step;
    bool answered;                       /* something came */
    bool again;                          /* HELLO was refused: another round without it */
    unsigned refused;                    /* words that were answered by an error */
    struct handshake_peer self;          /* filled by the replies */
    char run_id[HANDSHAKE_RUN_ID_BYTES]; /* the server's run_id; empty: it does not tell */
    bool is_replica;                     /* it takes no writes */
    bool former_may_live;                /* the server refused to end it */
};

/**
 * Begins; handshake_output() is to be sent. @p former, unless its id is 0, is a connection whose
 * commands must not run any more. All pointers live until handshake_end().
 */
void handshake_begin(struct handshake *handshake, const struct handshake_options *options,
                     const struct handshake_peer *former, struct handshake_memory *memory);

struct slice handshake_output(const struct handshake *handshake);

/** Takes what came. With HANDSHAKE_FAILED and _REFUSED @p err says why. */
enum handshake_result handshake_feed(struct handshake *handshake, struct slice bytes,
                                     struct err *err);

/** What an error of a server means with these options; NULL: what it says. */
const char *handshake_hint(const struct handshake_options *options, const char *error);

/**
 * The other side hung up instead of answering. True: a new connection, made at once, may get
 * further, by a word less. False: it gets no further, and @p err says where it hung up.
 */
bool handshake_hung_up(struct handshake *handshake, struct err *err);

/** The step whose answer is awaited: "HELLO", "CLIENT INFO". */
const char *handshake_awaits(const struct handshake *handshake);

/** Writes the words of enum handshake_word that the other side does not know, refused or left out:
 * "HELLO, CLIENT". True: there are some. */
bool handshake_unknown(const struct handshake *handshake, char words[HANDSHAKE_WORDS_BYTES]);

/** Frees what it holds; self, run, is_replica, refused and former_may_live stay. */
void handshake_end(struct handshake *handshake);
