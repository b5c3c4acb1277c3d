/* exchange.h: commands out and answers in, while a connection is open. */
#pragma once
#include <stdbool.h>

struct connection;

/** The handshake is done: commands may flow. */
void exchange_begin(struct connection *connection);

/** Sends what may be sent, as far as the socket takes it. */
void exchange_flush(struct connection *connection);

/** Reads what came and acts on each answer. */
void exchange_read(struct connection *connection);

/** The timer of an open connection: the pause is over, or somebody is silent for too long. */
void exchange_wake(struct connection *connection);
