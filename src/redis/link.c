/*
 * link.c: a lane and its connection: moves the bytes, keeps the time.
 *
 * The next transaction is sent before the events of the last one are told: the server works
 * meanwhile.
 */
#include "redis/link.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "conf/conf.h"
#include "metrics/metrics.h"
#include "redis/silence.h"
#include "redis/socket.h"
#include "redis/traffic.h"

enum {
    SEND_BYTES = 64 << 10,
    READS_A_TURN = 4,
    POLICY_MS = 30000 /* how often the server is asked for its maxmemory-policy */
};

/* --- sending ---------------------------------------------------------------------------------- */

/* One send; false: nothing more can be sent now. */
static bool link_send_once(struct connection *connection, struct lane *lane)
{
    struct slice output = lane_output(lane);
    size_t length = output.length < SEND_BYTES ? output.length : (size_t)SEND_BYTES;

    if (!length || connection->blocked || !connection_is_open(connection))
        return false;
    size_t sent = traffic_write(connection, (struct slice){output.data, length});
    if (sent) {
        FAILPOINT(after_send);
        lane_sent(lane, sent);
    }
    return connection_is_open(connection);
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
    struct connection *connection = &link->connection;

    while (link_send_once(connection, link->lane))
        continue;
    link_expect(link, lane_answer_least(link->lane));
}

/* --- what the lane says ----------------------------------------------------------------------- */

/* How long the command that is late may wait yet; 0: for ever. */
static int64_t link_patience_ms(struct link *link)
{
    struct connection *connection = &link->connection;
    const struct units_events *events = link->events;
    struct session_command late;

    if (!events->patience || !lane_is_late(link->lane, &late))
        return 0;
    int64_t now_ms = clock_ms(), patience_ms = events->patience(events->context, late.ticket);
    if (!connection->later_ms || connection->later_number != late.number)
        connection->later_ms = now_ms;
    connection->later_number = late.number;
    int64_t left_ms = connection->later_ms + patience_ms - now_ms;
    return patience_ms ? left_ms > 0 ? left_ms : -1 : 0;
}

static void link_rest_for(struct link *link, int64_t limit_ms)
{
    struct connection *connection = &link->connection;
    enum lane_rest rest = lane_rests(link->lane);
    int64_t pause_ms = rest == LANE_EVICTS   ? POLICY_MS
                       : rest == LANE_DOUBTS ? suspect_pause_ms(&connection->suspect)
                       : rest == LANE_SICK   ? backoff_next(&connection->sick)
                                             : backoff_next(&connection->retry);

    link->resting = true;
    if (rest == LANE_DOUBTS) /* the partitions are claimed: the server is well */
        backoff_reset(&connection->reconnect);
    connection->state = CONNECTION_PAUSED;
    connection_set_trouble(connection, lane_trouble(link->lane));
    connection_wake_in(connection, limit_ms && limit_ms < pause_ms ? limit_ms : pause_ms);
}

/* It rests, unless what it would rest for has waited too long. */
static void link_begin_rest(struct link *link)
{
    int64_t limit_ms = link_patience_ms(link);

    if (limit_ms >= 0) {
        link_rest_for(link, limit_ms);
        return;
    }
    lane_give_up(link->lane, clock_ms() - link->connection.later_ms);
    lane_deliver(link->lane);
    link_send(link);
}

static void link_is_well(struct connection *connection)
{
    connection->later_ms = 0;
    connection_recover(connection);
}

static void link_look(struct link *link)
{
    struct connection *connection = &link->connection;

    if (!lane_is_cut(link->lane) && connection->suspect.ends)
        suspect_clear(&connection->suspect);
    if (!connection_is_open(connection) || link->resting)
        return;
    if (lane_rests(link->lane) != LANE_FLOWS)
        link_begin_rest(link);
    else if (connection->troubled && lane_is_well(link->lane))
        link_is_well(connection);
}

void link_turn(struct link *link)
{
    lane_turn(link->lane);
    link_send(link);
    lane_deliver(link->lane);
    link_send(link);
    link_look(link);
    if (lane_wants_tick(link->lane))
        link->ticks(link->context);
}

/* --- receiving -------------------------------------------------------------------------------- */

/* One read; true: there may be more. */
static bool link_read_once(struct link *link)
{
    struct connection *connection = &link->connection;
    size_t got = traffic_read(connection, connection->input, CONNECTION_INPUT_BYTES);

    if (!got)
        return false;
    if (!lane_receive(link->lane, (struct slice){connection->input, got})) {
        connection_lost(connection, "%s", lane_trouble(link->lane));
        return false;
    }
    link_send(link);
    return got == CONNECTION_INPUT_BYTES;
}

static void link_read(struct connection *connection)
{
    struct link *link = connection->context;

    lane_woken(link->lane);
    for (unsigned i = 0; i < READS_A_TURN && connection_is_open(connection); i++)
        if (!link_read_once(link))
            break;
    if (connection->progress_ms - link->checked_ms >= POLICY_MS) {
        link->checked_ms = connection->progress_ms;
        lane_check(link->lane);
    }
    link_turn(link);
}

/* --- the driver ------------------------------------------------------------------------------- */

static void link_begin(struct connection *connection)
{
    struct link *link = connection->context;
    char text[SUSPECT_TEXT_BYTES];

    connection->state = CONNECTION_FLOWING;
    link->least = 1;
    connection->progress_ms = link->checked_ms = clock_ms();
    connection_wake_in(connection, connection->setup->options->response_timeout);
    lane_begin(link->lane);
    if (connection->suspect.cuts) {
        suspect_write(&connection->suspect, text);
        lane_doubt(link->lane, text);
    }
    link_turn(link);
}

static void link_flush(struct connection *connection)
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
        lane_refresh(link->lane);
    }
    /* Never longer than the timeout, which may begin to run any moment. */
    connection_wake_in(connection, left_ms > 0 && left_ms < timeout_ms ? left_ms : timeout_ms);
}

static void link_wake(struct connection *connection)
{
    struct link *link = connection->context;

    if (link->resting) {
        link->resting = false;
        connection->state = CONNECTION_FLOWING;
        connection->progress_ms = clock_ms();
        lane_resume(link->lane);
        connection_wake_in(connection, connection->setup->options->response_timeout);
    } else if (lane_is_waiting(link->lane)) {
        link_expect(link, 1); /* also a single byte is a sign of life */
        silence_check(connection);
    } else {
        link_check_idle(link);
    }
    link_turn(link);
}

/* A record ended the connection, or one of several. */
static void link_suspect(struct link *link)
{
    struct connection *connection = &link->connection;
    const struct units_events *events = link->events;
    struct suspect *suspect = &connection->suspect;
    char text[SUSPECT_TEXT_BYTES];
    struct session_command alone;

    lane_cut(link->lane);
    if (!lane_alone(link->lane, &alone)) {
        suspect_doubt(suspect);
        return;
    }
    int64_t now_ms = clock_ms();
    suspect_cut(suspect, alone.number, alone.bytes, now_ms);
    suspect_write(suspect, text);
    if (suspect->ends == SUSPECT_TELL && events->suspected)
        events->suspected(events->context, alone.ticket, text);
    int64_t patience_ms = events->patience ? events->patience(events->context, alone.ticket) : 0;
    if (suspect_is_guilty(suspect, patience_ms, now_ms))
        lane_condemn(link->lane, text);
}

static bool link_lost(struct connection *connection)
{
    struct link *link = connection->context;

    link->resting = false;
    if (connection_was_cut(connection))
        link_suspect(link);
    else
        suspect_doubt(&connection->suspect);
    return lane_lost(link->lane);
}

static size_t link_waiting(const struct connection *connection)
{
    const struct link *link = connection->context;

    return lane_inflight(link->lane);
}

const struct connection_driver link_driver = {
    .begin = link_begin,
    .read = link_read,
    .flush = link_flush,
    .wake = link_wake,
    .lost = link_lost,
    .waiting = link_waiting,
};
