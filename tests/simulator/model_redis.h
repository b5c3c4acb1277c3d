/*
 * model_redis.h: as much of a Redis as the simulator needs, in memory and one step at a time.
 *
 * It reads whole commands (RESP2) from what a connection was sent, keeps strings, counters, lists
 * and hashes, and knows MULTI, EXEC, DISCARD, WATCH as the manual says: queued commands
 * that are refused abort the transaction, those that fail while it runs do not; a watched key that
 * was written makes EXEC answer nil. What a closed connection had sent and nobody executed may
 * still be executed later, as with a real socket, until model_redis_kill().
 */
#pragma once
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct model_redis;

struct model_redis *model_redis_new(void);
void model_redis_free(struct model_redis *redis);

/** A new connection; its number. */
unsigned model_redis_connect(struct model_redis *redis);

/** The client's end is gone: nothing more is delivered, what was sent may still be executed. */
void model_redis_close(struct model_redis *redis, unsigned connection);

/** CLIENT KILL: what was sent and not executed never will be. */
void model_redis_kill(struct model_redis *redis, unsigned connection);

/** The bytes arrive at the server. */
void model_redis_send(struct model_redis *redis, unsigned connection, struct slice bytes);

/** Executes one command; false if no whole one is there. */
bool model_redis_step(struct model_redis *redis, unsigned connection);

/** Replies that the client has not read yet; model_redis_took() removes the first @p length bytes.
 */
struct slice model_redis_replies(const struct model_redis *redis, unsigned connection);
void model_redis_took(struct model_redis *redis, unsigned connection, size_t length);

/** A RPUSH of @p value ends its connection without an answer, as a command that is too large does;
 * whether one did. */
void model_redis_end_at(struct model_redis *redis, const char *value);
bool model_redis_has_ended(const struct model_redis *redis, unsigned connection);

/** Every write is refused with this error ("OOM ..."), also when it is queued; NULL: none is. */
void model_redis_refuse(struct model_redis *redis, const char *error);

/** A proxy answers every EXEC by this, whether it was carried out or not; NULL: it does not. */
void model_redis_lose(struct model_redis *redis, const char *error);

/** The server is started anew: connections end, the data stays. */
void model_redis_restart(struct model_redis *redis);

/** The data goes (FLUSHALL). */
void model_redis_flush(struct model_redis *redis);

/** Remembers the data; model_redis_fail_over() goes back to it, as to a replica that was behind. */
void model_redis_replicate(struct model_redis *redis);
void model_redis_fail_over(struct model_redis *redis);

/** Whether the replica has the key at all. */
bool model_redis_replica_has(const struct model_redis *redis, const char *key);

/** What a string or counter holds; empty if there is none. */
struct slice model_redis_string(const struct model_redis *redis, const char *key);

/** Somebody adds an entry of this id to a stream, and takes it out again: the id stays its last. */
void model_redis_raise(struct model_redis *redis, const char *key, const char *id);

/** Whether a stream has an entry of this id. */
bool model_redis_has_entry(const struct model_redis *redis, const char *key, const char *id);

/** The elements of a list, each with its length. */
size_t model_redis_list(const struct model_redis *redis, const char *key,
                        const struct slice **items);

/** A number as the server holds it; 0 if there is none. */
int64_t model_redis_number(const struct model_redis *redis, const char *key);
