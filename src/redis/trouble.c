/* trouble.c: what the log and the sink say of a connection: what it found, and what keeps commands
 * from flowing. */
#include "base/clock.h"
#include "base/log.h"
#include "conf/conf.h"
#include "redis/connection.h"
#include "redis/reply.h"

#include <stdio.h>
#include <string.h>

/* Of hundreds of connections to one server, the first ones tell; the others are counted. */
enum { TELL_LINES = 20 };

/* Which connection it is: its client's name tells data from dead letters, as CLIENT LIST does. */
#define LOG_CONNECTION(connection)                                                                 \
    LOG_STR("sink", (connection)->setup->options->name),                                           \
        LOG_STR("address", (connection)->node->name),                                              \
        LOG_STR("client", (connection)->setup->identity.client_name),                              \
        LOG_INT("connection", (connection)->number)

void connection_tell_connected(const struct connection *connection)
{
    log_info("connected to redis", LOG_CONNECTION(connection));
}

/* The first connection that finds another process there tells for all of the sink. */
void connection_tell_restart(const struct connection *connection, const char *run_id)
{
    struct node *node = connection->node;

    if (*node->run_id && strcmp(node->run_id, run_id) != 0)
        LOG_AT(LOG_WARN, TELL_LINES,
               "redis was restarted, or another server answers: acknowledged writes may be lost",
               LOG_STR("sink", connection->setup->options->name), LOG_STR("address", node->name),
               LOG_END);
    snprintf(node->run_id, sizeof(node->run_id), "%s", run_id);
}

void connection_tell_lacks(struct connection *connection)
{
    const char *sink = connection->setup->options->name;
    char words[HANDSHAKE_WORDS_BYTES];

    if (connection->handshake.former_may_live)
        log_warn("the former connection could not be closed: redis does not permit or know CLIENT "
                 "KILL, so commands in that connection may run again",
                 LOG_STR("sink", sink), LOG_STR("address", connection->node->name));
    if (handshake_unknown(&connection->handshake, words) && !connection->connected_once)
        LOG_AT(LOG_WARN, TELL_LINES,
               "redis, or a proxy, does not know all commands: without CLIENT a lost connection "
               "cannot be closed before its commands are retried, without INFO a restart is not "
               "noticed",
               LOG_STR("sink", sink), LOG_STR("address", connection->node->name),
               LOG_STR("unknown", words), LOG_END);
}

static void connection_tell_trouble(struct connection *connection, const char *text)
{
    int64_t lasts_ms = clock_ms() - connection->trouble_since_ms;

    LOG_AT(LOG_WARN, TELL_LINES, "redis does not accept commands, retrying",
           LOG_CONNECTION(connection), LOG_INT("waiting", connection->driver->waiting(connection)),
           LOG_INT("times", connection->times), LOG_SOME("lasts_ms", lasts_ms),
           LOG_STR("error", text), LOG_END);
    connection->told = true;
    connection->times = 0;
}

void connection_set_trouble(struct connection *connection, const char *text)
{
    const char *hint = handshake_hint(&connection->setup->identity, text);
    const char *address = connection->node->name;
    char *shown = connection->trouble + strlen(address) + strlen(": ");
    int64_t now_ms = clock_ms();

    if (!connection->troubled)
        connection->trouble_since_ms = now_ms;
    connection->troubled = true;
    snprintf(connection->trouble, sizeof(connection->trouble), "%s: %s", address,
             hint ? hint : text);
    reply_hide_secret(shown, connection->setup->identity.password);
    connection->times++;
    if (log_limit_admits(&connection->log_limit, connection->trouble, now_ms))
        connection_tell_trouble(connection, shown);
}

/* Commands flow. */
static void connection_clear_trouble(struct connection *connection)
{
    if (!connection->troubled)
        return;
    connection->troubled = false;
    log_limit_end(&connection->log_limit);
    if (!connection->told) /* nobody heard of it */
        return;
    connection->told = false;
    LOG_AT(LOG_INFO, TELL_LINES, "redis takes commands", LOG_CONNECTION(connection),
           LOG_INT("after_ms", clock_ms() - connection->trouble_since_ms), LOG_END);
}

void connection_recover(struct connection *connection)
{
    connection->timeouts = 0;
    backoff_reset(&connection->reconnect);
    connection_clear_trouble(connection);
}
