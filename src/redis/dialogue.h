/* dialogue.h: one question after the other to a Redis, waiting for each answer. */
#pragma once
#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

struct command;
struct conf_sink;
struct endpoint;
struct handshake_options;
struct redisReply;

struct dialogue;

struct dialogue_timeouts {
    int64_t connect_ms, response_ms;
};

/**
 * Connects, over TLS if @p endpoint says so, and greets. NULL with ERR_RETRY if the server is
 * away, ERR_CONFIG if it refuses the identity (user, password, database) or a certificate is not
 * good.
 */
struct dialogue *dialogue_open(const struct endpoint *endpoint,
                               const struct handshake_options *identity,
                               struct dialogue_timeouts timeouts, struct err *err);

/** The same with the server, user and timeouts of a sink; @p database: its own, or another one. */
struct dialogue *dialogue_with_sink(const struct conf_sink *sink, int database,
                                    const char *client_name, struct err *err);

/** Whether the other side hung up: nothing more can be asked. */
bool dialogue_hung_up(const struct dialogue *dialogue);

/** The words that it does not know, "HELLO, CLIENT, INFO"; empty: it knows all. */
const char *dialogue_unknown(const struct dialogue *dialogue);

/** Takes NULL. */
void dialogue_close(struct dialogue *dialogue);

/** The answer, an error reply among them; for freeReplyObject(). NULL and ERR_RETRY: none came
 * in time. */
struct redisReply *dialogue_ask(struct dialogue *dialogue, const struct slice *arguments,
                                size_t count, struct err *err);

/** Has a command carried out, whose row is @p command (NULL: it has none); its answer means what it
 * means to a bridge (verdict.h). Errors: ERR_RECORD if Redis rejects it for what it says,
 * ERR_RETRY for any other reason. */
bool dialogue_run(struct dialogue *dialogue, const struct command *command,
                  const struct slice *arguments, size_t count, struct err *err);
