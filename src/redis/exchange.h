/* exchange.h: commands out and answers in, while a connection is open. */
#pragma once
#include "redis/connection.h"

/** The pipeline of ordinary commands: those of the connection's window. */
extern const struct connection_driver exchange_driver;

/** Sends what may be sent, as far as the socket takes it. */
void exchange_flush(struct connection *connection);

/** Reads what came and acts on each answer. */
void exchange_read(struct connection *connection);
