/* traffic.h: bytes over an open connection, counted as signs of life; what goes wrong ends it. */
#pragma once
#include "redis/connection.h"

/** One read of at most @p room bytes: how many came; 0: none now, or the connection is gone. */
size_t traffic_read(struct connection *connection, void *bytes, size_t room);

/** One write: how many bytes left; 0: none now (connection_wait_writable() is called where there is
 * no room), or the connection is gone. */
size_t traffic_write(struct connection *connection, struct slice bytes);
