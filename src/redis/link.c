/* link.c: a session on a connection: moves the bytes, keeps the time. */
#include "redis/link.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "conf/conf.h"
#include "redis/silence.h"
#include "redis/socket.h"
#include "redis/traffic.h"

#include <string.h>

enum {
    SEND_BYTES = 64 << 10, /* a larger write() costs more a byte, not less (caches) */
    READS_A_TURN = 4,
    BACKOFF_FIRST_MS = 50,
    BACKOFF_SICK_MS = 1000, /* out of memory, disk full: it takes somebody to mend it */
    BACKOFF_LONGEST_MS = 5000,
    LOOK_MS = 30000 /* how often the session is told to look, while answers come */
};

void link_init(struct link *link, struct session *session)
{
    *link = (struct link){
        .session = session,
        .retry = {.first_ms = BACKOFF_FIRST_MS, .longest_ms = BACKOFF_LONGEST_MS},
        .sick = {.first_ms = BACKOFF_SICK_MS, .longest_ms = BACKOFF_LONGEST_MS},
    };
}

static void link_watch(struct link *link)
{
    struct connection *connection = &link->connection;

    connection->progress_ms = clock_ms();
    connection_wake_in(connection, connection->setup->options->response_timeout);
}

/* --- sending ---------------------------------------------------------------------------------- */

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
    size_t sent = traffic_write(connection, (struct slice){output.data, length});
    if (sent) {
        FAILPOINT(after_send);
        session->ops->sent(session, sent);
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

/* How long the command that is late may wait yet; 0: for ever, below 0: no more. */
static int64_t link_patience_ms(struct link *link)
{
    const struct session_events *events = &link->session->events;
    struct session_command late;

    if (!events->patience || !link->session->ops->late(link->session, &late))
        return 0;
    int64_t now_ms = clock_ms(), patience_ms = events->patience(events->context, late.ticket);
    if (!link->late_since_ms || link->late_number != late.number)
        link->late_since_ms = now_ms;
    link->late_number = late.number;
    int64_t left_ms = link->late_since_ms + patience_ms - now_ms;
    return patience_ms ? left_ms > 0 ? left_ms : -1 : 0;
}

static int64_t link_pause_ms(struct link *link)
{
    switch (link->session->pause) {
    case SESSION_EVICTS:
        return LOOK_MS;
    case SESSION_DOUBTS:
        return suspect_pause_ms(&link->session->suspect);
    case SESSION_SICK:
        return backoff_next(&link->sick);
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
    int64_t limit_ms = link_patience_ms(link);

    if (limit_ms >= 0) {
        int64_t pause_ms = link_pause_ms(link);
        link->pausing = true;
        connection_set_trouble(connection, session->trouble);
        connection_wake_in(connection, limit_ms && limit_ms < pause_ms ? limit_ms : pause_ms);
        return;
    }
    session->ops->give_up(session, clock_ms() - link->late_since_ms);
    if (session->ops->deliver)
        session->ops->deliver(session);
    link_send(link);
}

static void link_is_well(struct link *link)
{
    link->late_since_ms = 0;
    backoff_reset(&link->retry);
    backoff_reset(&link->sick);
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

/* One read; true: there may be more. */
static bool link_read_once(struct link *link)
{
    struct connection *connection = &link->connection;
    struct session *session = link->session;
    char *input = connection->input;
    size_t room = CONNECTION_INPUT_BYTES - link->input_length;
    size_t got = traffic_read(connection, input + link->input_length, room);
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
    if (session->ops->look && connection->progress_ms - link->looked_ms >= LOOK_MS) {
        link->looked_ms = connection->progress_ms;
        session->ops->look(session);
    }
    link_turn(link);
}

/* --- the driver ------------------------------------------------------------------------------- */

static void link_on_begin(struct connection *connection)
{
    struct link *link = connection->context;

    link->least = 1;
    link->input_length = 0;
    link_watch(link);
    link->looked_ms = connection->progress_ms;
    if (connection->changed) /* it was not the connection that ended */
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
    int64_t left_ms = CONNECTION_IDLE_MS - (clock_ms() - connection->progress_ms);
    int64_t timeout_ms = connection->setup->options->response_timeout;

    if (left_ms <= 0) {
        connection->progress_ms = clock_ms();
        link->session->ops->idle(link->session);
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
        silence_check(connection);
    } else {
        link_check_idle(link);
    }
    link_turn(link);
}

static bool link_lost(struct connection *connection, char text[CONNECTION_TROUBLE_BYTES])
{
    struct link *link = connection->context;
    struct suspect *suspect = &link->session->suspect;
    unsigned ends = suspect->ends;

    link->pausing = false;
    bool unanswered = session_lost(link->session, connection_was_cut(connection), clock_ms());
    if (suspect->ends > ends)
        suspect_write(suspect, text);
    return unanswered;
}

static size_t link_waiting(const struct connection *connection)
{
    const struct link *link = connection->context;

    return link->session->ops->inflight(link->session);
}

const struct connection_driver link_driver = {
    .begin = link_on_begin,
    .read = link_on_readable,
    .flush = link_on_writable,
    .wake = link_wake,
    .lost = link_lost,
    .waiting = link_waiting,
};
