/* link.c: a session on a connection: moves the bytes, keeps the time. */
#include "redis/link.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "conf/conf.h"
#include "metrics/metrics.h"
#include "redis/socket.h"

#include <errno.h>
#include <string.h>

enum {
    SEND_BYTES = 64 << 10, /* a larger write() costs more a byte, not less (caches) */
    READS_A_TURN = 4,
    LOOKS_A_TIMEOUT = 4,
    AT_ONCE_MS = 500, /* a later end of the connection is not blamed on what was sent */
    IDLE_MS = 10000,
    BACKOFF_FIRST_MS = 50,
    BACKOFF_SLOW_MS = 1000, /* out of memory, disk full: it takes somebody to mend it */
    BACKOFF_LONGEST_MS = 5000,
    LOOK_MS = 30000 /* how often the session is told to look, while answers come */
};

void link_init(struct link *link, struct session *session)
{
    *link = (struct link){
        .session = session,
        .retry = {.first_ms = BACKOFF_FIRST_MS, .longest_ms = BACKOFF_LONGEST_MS},
        .slow_retry = {.first_ms = BACKOFF_SLOW_MS, .longest_ms = BACKOFF_LONGEST_MS},
    };
}

static void link_watch(struct link *link)
{
    struct connection *connection = &link->connection;

    link->progress_ms = clock_ms();
    connection_wake_in(connection, connection->setup->options->response_timeout);
}

static bool is_for_now(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK;
}

static bool is_end(int error)
{
    return error == ECONNRESET || error == EPIPE;
}

/* --- sending ---------------------------------------------------------------------------------- */

/* One write: how many bytes left; 0: none now, or the connection is gone. */
static size_t link_write(struct link *link, struct slice bytes)
{
    struct connection *connection = &link->connection;
    ssize_t sent = connection_send(connection, bytes.data, bytes.length);

    if (sent < 0 && is_for_now(errno))
        connection_wait_writable(connection);
    else if (sent < 0 && is_end(errno))
        connection->blocked = true; /* what it said before it hung up is read, then the end */
    else if (sent < 0 && errno != EINTR)
        connection_lost(connection, "send: %s", strerror(errno));
    if (sent <= 0)
        return 0;
    connection->setup->counters->sent_bytes += (uint64_t)sent;
    link->progress_ms = clock_ms();
    return (size_t)sent;
}

/* One request at a time is timed, so that this costs nothing. */
static void link_time_request(struct link *link)
{
    const struct session *session = link->session;

    if (link->timed_us || session->asked == session->heard)
        return;
    link->timed = session->asked;
    link->timed_us = clock_us();
}

static void link_time_answer(struct link *link)
{
    struct sink_counters *counters = link->connection.setup->counters;

    if (!link->timed_us || link->session->heard < link->timed)
        return;
    counters->round_trips++;
    counters->round_trip_us += (uint64_t)(clock_us() - link->timed_us);
    link->timed_us = 0;
}

/* One send; false: nothing more can be sent now. */
static bool link_send_once(struct link *link)
{
    struct connection *connection = &link->connection;
    struct session *session = link->session;

    if (connection->blocked || !connection_is_open(connection))
        return false;
    struct slice output = session->ops->output(session);
    size_t length = output.length < SEND_BYTES ? output.length : (size_t)SEND_BYTES;
    if (!length)
        return false;
    size_t sent = link_write(link, (struct slice){output.data, length});
    if (sent) {
        FAILPOINT(after_send);
        session->ops->sent(session, sent);
        link_time_request(link);
    }
    return true;
}

/* The server answers a transaction piece by piece, as it reads it; what can be acted on are the
 * last bytes. */
static void link_expect(struct link *link, size_t bytes)
{
    const struct connection *connection = &link->connection;

    if (bytes == link->least || !connection_is_open(connection))
        return;
    socket_wake_at(connection->stream.fd, bytes);
    link->least = bytes;
}

void link_send(struct link *link)
{
    size_t least = link->session->least;

    while (link_send_once(link))
        continue;
    link_expect(link, least ? least : 1);
}

/* --- pausing ---------------------------------------------------------------------------------- */

/* How long the command that is retried may still wait; 0: for ever, below 0: no more. */
static int64_t link_retry_left_ms(struct link *link)
{
    const struct session_events *events = &link->session->events;
    struct session_command retried;

    if (!events->retry_timeout || !link->session->ops->retried(link->session, &retried))
        return 0;
    int64_t now_ms = clock_ms(),
            timeout_ms = events->retry_timeout(events->context, retried.ticket);
    if (!link->retry_since_ms || link->retry_number != retried.number)
        link->retry_since_ms = now_ms;
    link->retry_number = retried.number;
    int64_t left_ms = link->retry_since_ms + timeout_ms - now_ms;
    return timeout_ms ? left_ms > 0 ? left_ms : -1 : 0;
}

static int64_t link_pause_ms(struct link *link)
{
    switch (link->session->pause) {
    case SESSION_EVICTS:
        return LOOK_MS;
    case SESSION_DOUBTS:
        return suspect_pause_ms(&link->session->suspect);
    case SESSION_RETRIES_SLOWLY:
        return backoff_next(&link->slow_retry);
    case SESSION_RETRIES:
    case SESSION_FLOWS:
        break;
    }
    return backoff_next(&link->retry);
}

/* It pauses, unless what it would pause for has waited too long. */
static void link_begin_pause(struct link *link)
{
    struct connection *connection = &link->connection;
    struct session *session = link->session;
    int64_t limit_ms = link_retry_left_ms(link);

    if (limit_ms >= 0) {
        int64_t pause_ms = link_pause_ms(link);
        link->pausing = true;
        connection_set_trouble(connection, session->trouble);
        connection_wake_in(connection, limit_ms && limit_ms < pause_ms ? limit_ms : pause_ms);
        return;
    }
    session->ops->give_up(session, clock_ms() - link->retry_since_ms);
    if (session->ops->deliver)
        session->ops->deliver(session);
    link_send(link);
}

static void link_is_well(struct link *link)
{
    link->retry_since_ms = 0;
    backoff_reset(&link->retry);
    backoff_reset(&link->slow_retry);
    connection_recover(&link->connection);
}

static void link_look(struct link *link)
{
    struct connection *connection = &link->connection;
    struct session *session = link->session;

    if (session->suspect.ends && !session->ops->is_cut(session))
        suspect_clear(&session->suspect);
    if (session->answered) /* the server is well: no need to wait before the next connection */
        backoff_reset(&connection->reconnect);
    session->answered = false;
    if (!connection_is_open(connection) || link->pausing)
        return;
    if (session->pause != SESSION_FLOWS)
        link_begin_pause(link);
    else if (connection->troubled && session->ops->is_well(session))
        link_is_well(link);
}

void link_turn(struct link *link)
{
    struct session *session = link->session;
    const struct session_ops *ops = session->ops;

    if (ops->turn)
        ops->turn(session);
    link_send(link);
    if (ops->deliver) {
        ops->deliver(session);
        link_send(link);
    }
    link_look(link);
    if (ops->wants_tick && ops->wants_tick(session))
        link->ticks(link->context);
}

/* --- receiving -------------------------------------------------------------------------------- */

/* What came into the input; 0: nothing now, or the connection is gone. */
static size_t link_fill(struct link *link)
{
    struct connection *connection = &link->connection;
    ssize_t got = connection_receive(connection, connection->input + link->input_length,
                                     CONNECTION_INPUT_BYTES - link->input_length);

    if (got < 0 && (is_for_now(errno) || errno == EINTR))
        return 0;
    if (got <= 0) {
        link->hung_up = got == 0 || is_end(errno);
        connection_lost(connection, "%s",
                        got < 0 ? strerror(errno) : "the server closed the connection");
        return 0;
    }
    connection->setup->counters->received_bytes += (uint64_t)got;
    link->progress_ms = clock_ms();
    return (size_t)got;
}

/* One read; true: there may be more. */
static bool link_read_once(struct link *link)
{
    struct connection *connection = &link->connection;
    struct session *session = link->session;
    char *input = connection->input;
    size_t room = CONNECTION_INPUT_BYTES - link->input_length;
    size_t got = link_fill(link);
    struct slice left = {input, link->input_length + got};

    if (!got)
        return false;
    if (!session->ops->receive(session, &left)) {
        if (connection_is_open(connection)) /* else an event has lost it */
            connection_lost(connection, "%s", session->trouble);
        return false;
    }
    memmove(input, left.data, left.length);
    link->input_length = left.length;
    link_time_answer(link);
    link_send(link);
    return got == room;
}

void link_read(struct link *link)
{
    struct connection *connection = &link->connection;
    struct session *session = link->session;

    session->least = 0;
    for (unsigned i = 0; i < READS_A_TURN && connection_is_open(connection); i++)
        if (!link_read_once(link))
            break;
    if (session->ops->look && link->progress_ms - link->looked_ms >= LOOK_MS) {
        link->looked_ms = link->progress_ms;
        session->ops->look(session);
    }
    link_turn(link);
}

/* --- silence ---------------------------------------------------------------------------------- */

/* Whether the bytes on their way became fewer since the last look; *first: there was none since the
 * last sign of life. */
static bool link_queue_drains(struct link *link, int64_t now_ms, bool *first)
{
    int queued = stream_queued(&link->connection.stream), before = link->queued;

    *first = link->queued_ms < link->progress_ms;
    link->queued = queued;
    link->queued_ms = now_ms;
    return !*first && queued < before;
}

/* The server owes an answer: the connection is lost if it was silent for response_timeout. A
 * queue of bytes that drains is a sign of life, too. */
static void link_check_timeout(struct link *link)
{
    struct connection *connection = &link->connection;
    int64_t limit_ms = connection_timeout_ms(connection) + link->session->blocks_ms;
    int64_t now_ms = clock_ms();
    bool first;

    if (link_queue_drains(link, now_ms, &first))
        link->progress_ms = now_ms;
    int64_t silent_ms = now_ms - link->progress_ms;
    if (silent_ms < limit_ms || first) {
        connection_wake_in(connection, limit_ms / LOOKS_A_TIMEOUT);
        return;
    }
    connection_timed_out(connection);
    connection_lost(connection, "no answer for %lld ms", (long long)silent_ms);
}

/* --- the driver ------------------------------------------------------------------------------- */

static void link_on_begin(struct connection *connection)
{
    struct link *link = connection->context;

    link->least = 1;
    link->input_length = 0;
    link->timed_us = 0;
    link_watch(link);
    link->looked_ms = link->progress_ms;
    if (connection->server_changed) /* it was not the connection that ended */
        suspect_doubt(&link->session->suspect);
    session_begin(link->session);
    link_turn(link);
}

static void link_on_readable(struct connection *connection)
{
    link_read(connection->context);
}

static void link_on_writable(struct connection *connection)
{
    link_send(connection->context);
}

static void link_check_idle(struct link *link)
{
    struct connection *connection = &link->connection;
    int64_t left_ms = IDLE_MS - (clock_ms() - link->progress_ms);
    int64_t timeout_ms = connection->setup->options->response_timeout;

    if (left_ms <= 0) {
        link->progress_ms = clock_ms();
        link->session->ops->idle(link->session);
        if (!connection->setup) /* closed */
            return;
    }
    /* Never longer than the timeout, which may begin to run any moment. */
    connection_wake_in(connection, left_ms > 0 && left_ms < timeout_ms ? left_ms : timeout_ms);
}

static void link_wake(struct connection *connection)
{
    struct link *link = connection->context;
    struct session *session = link->session;

    if (link->pausing) {
        link->pausing = false;
        link_watch(link);
        session->ops->resume(session);
    } else if (session->ops->waits(session)) {
        link_expect(link, 1); /* also a single byte is a sign of life */
        link_check_timeout(link);
    } else {
        link_check_idle(link);
    }
    link_turn(link);
}

/* Whether the other side ended it, and at once when it had read what was sent last. */
static bool link_was_cut(const struct link *link)
{
    return link->hung_up && (clock_ms() - link->progress_ms <= AT_ONCE_MS ||
                             stream_queued(&link->connection.stream) > 0);
}

static bool link_lost(struct connection *connection, char text[CONNECTION_TROUBLE_BYTES])
{
    struct link *link = connection->context;
    struct suspect *suspect = &link->session->suspect;
    unsigned ends = suspect->ends;

    link->pausing = false;
    bool unanswered = session_lost(link->session, link_was_cut(link), clock_ms());
    link->hung_up = false;
    if (suspect->ends > ends)
        suspect_write(suspect, text);
    return unanswered;
}

static size_t link_waiting(const struct connection *connection)
{
    const struct link *link = connection->context;

    return link->session->ops->inflight(link->session);
}

static const struct connection_driver link_driver = {
    .begin = link_on_begin,
    .read = link_on_readable,
    .flush = link_on_writable,
    .wake = link_wake,
    .lost = link_lost,
    .waiting = link_waiting,
};

void link_open(struct link *link, const struct connection_setup *setup, unsigned number)
{
    connection_open(&link->connection, setup, &link_driver, number, link);
}
