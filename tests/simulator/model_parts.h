/* model_parts.h: what the model of a Redis is made of; shared by the files that make it. */
#pragma once
#include "model_redis.h"

enum { ARGUMENTS = 1024, WATCHES = 64, KEYS = 64 };

enum kind { KIND_NONE, KIND_STRING, KIND_LIST, KIND_HASH, KIND_STREAM };

/* A key stays for good, so that its version does; KIND_NONE: it does not exist. */
struct key {
    char *name;
    uint64_t version; /* of the last write */
    enum kind kind;
    /* one string; elements; fields and values in turn; the last id, then ids, names and values */
    struct slice *items;
    size_t count, capacity;
};

struct keyspace {
    struct key keys[KEYS];
    size_t count;
};

struct bytes {
    char *data;
    size_t length, capacity;
};

struct watch {
    size_t key;
    uint64_t version;
};

struct connection {
    bool closed; /* the client reads no more */
    bool killed;
    bool ended; /* by the server, at a command */
    bool multi, aborted;
    struct bytes input, output, queue;
    size_t read, queued;
    struct watch watches[WATCHES];
    size_t watch_count;
};

struct command {
    struct slice arguments[ARGUMENTS];
    size_t count;
};

struct model_redis {
    struct keyspace now, replica;
    uint64_t writes;
    const char *error;
    const char *lost;    /* what EXEC is answered instead; NULL: its own answer */
    const char *ends_at; /* RPUSH of this ends the connection */
    struct connection *connections;
    size_t connection_count, connection_capacity;
};

/* What a name means; least: arguments at least, the name among them. */
struct row {
    const char *name;
    size_t least;
    bool writes;
};

/* --- model_data.c --- */

/** The key of this name, which from now on has a place. */
size_t key_place(struct model_redis *redis, struct slice name);

/** The key to write into; NULL if it is of another kind. */
struct key *key_written(struct model_redis *redis, struct slice name, enum kind kind);

/** Its items go, and it does not exist any more; one is added, as a copy. */
void key_clear(struct key *key);
void key_add(struct key *key, struct slice value);

/** The value of a hash's field; NULL: it has none of this name. */
struct slice *hash_field(struct key *key, struct slice field);

void keyspace_clear(struct keyspace *space);
void keyspace_free(struct keyspace *space);

/** Every copied key counts as written; where @p writes is NULL, its version is copied, too. */
void keyspace_copy(struct keyspace *to, const struct keyspace *from, uint64_t *writes);

/* --- model_commands.c --- */

void bytes_append(struct bytes *bytes, const char *data, size_t length);

void reply_text(struct connection *connection, const char *text);
void reply_number(struct connection *connection, char type, int64_t number);

bool command_is(const struct command *command, const char *name);

/** NULL: the model does not know it. */
const struct row *command_row(const struct command *command);

/** Carries it out and answers; not for those that begin and end transactions. */
void command_run(struct model_redis *redis, struct connection *connection,
                 const struct command *command);
