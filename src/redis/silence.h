/* silence.h: how long a server that owes an answer may be silent. */
#pragma once

struct connection;

/** Somebody is awaited: loses the connection where he was silent for response_timeout, else looks
 * again by its timer. A queue of bytes that drains is a sign of life, too. */
void silence_check(struct connection *connection);
