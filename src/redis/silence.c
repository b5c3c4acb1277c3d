/* silence.c: how long a server that owes an answer may be silent. */
#include "redis/silence.h"

#include "base/clock.h"
#include "redis/connection.h"

enum { LOOKS_A_TIMEOUT = 4 };

/* Whether the bytes on their way became fewer since the last look; *first: there was none since the
 * last sign of life. */
static bool silence_queue_drains(struct connection *connection, int64_t now_ms, bool *first)
{
    int queued = stream_queued(&connection->stream), before = connection->queued;

    *first = connection->queued_ms < connection->progress_ms;
    connection->queued = queued;
    connection->queued_ms = now_ms;
    return !*first && queued < before;
}

void silence_check(struct connection *connection)
{
    int64_t limit_ms = connection_patience_ms(connection);
    int64_t now_ms = clock_ms();
    bool first;

    if (silence_queue_drains(connection, now_ms, &first))
        connection->progress_ms = now_ms;
    int64_t silent_ms = now_ms - connection->progress_ms;
    if (silent_ms < limit_ms || first) {
        connection_wake_in(connection, limit_ms / LOOKS_A_TIMEOUT);
        return;
    }
    connection_was_silent(connection);
    connection_lost(connection, "no answer for %lld ms", (long long)silent_ms);
}
