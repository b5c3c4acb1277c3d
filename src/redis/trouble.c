/* trouble.c: what keeps commands of a connection from flowing, as its sink shows and logs it. */
#include "base/clock.h"
#include "base/log.h"
#include "conf/conf.h"
#include "redis/connection.h"

#include <stdio.h>

enum { TELL_NEWS_MS = 10000, TELL_AGAIN_MS = 60000 };

/* Of hundreds of connections to one server, the first ones tell; the others are counted. */
enum { TELL_LINES = 20 };

/* A connection that comes and goes, or another reason of the same trouble, is not news at once. */
static bool connection_is_news(const struct connection *connection, const char *trouble,
                               int64_t now_ms)
{
    bool same = connection->told && strcmp(connection->trouble, trouble) == 0;

    return !connection->told_ms ||
           now_ms - connection->told_ms >= (same ? TELL_AGAIN_MS : TELL_NEWS_MS);
}

void connection_set_trouble(struct connection *connection, const char *text)
{
    int64_t now_ms = clock_ms();
    char trouble[CONNECTION_TROUBLE_BYTES];

    snprintf(trouble, sizeof(trouble), "%s: %s", connection->name, text);
    bool news = connection_is_news(connection, trouble, now_ms);
    if (!connection->troubled)
        connection->trouble_since_ms = now_ms;
    connection->troubled = true;
    memcpy(connection->trouble, trouble, sizeof(trouble));
    connection->times++;
    if (!news)
        return;
    LOG_AT(LOG_WARN, TELL_LINES, "redis cannot take commands, trying again",
           LOG_STR("sink", connection->setup->options->name), LOG_STR("address", connection->name),
           LOG_INT("connection", connection->number),
           LOG_INT("waiting", connection->setup->driver->waiting(connection)),
           LOG_INT("times", connection->times), LOG_STR("error", text), LOG_END);
    connection->told = true;
    connection->told_ms = now_ms;
    connection->times = 0;
}

void connection_clear_trouble(struct connection *connection)
{
    if (!connection->troubled)
        return;
    connection->troubled = false;
    if (!connection->told) /* nobody heard of it */
        return;
    connection->told = false;
    LOG_AT(LOG_INFO, TELL_LINES, "redis takes commands",
           LOG_STR("sink", connection->setup->options->name), LOG_STR("address", connection->name),
           LOG_INT("connection", connection->number),
           LOG_INT("after_ms", clock_ms() - connection->trouble_since_ms), LOG_END);
}

void connection_recover(struct connection *connection)
{
    connection->silences = 0;
    backoff_reset(&connection->reconnect);
    backoff_reset(&connection->retry);
    backoff_reset(&connection->sick);
    connection_clear_trouble(connection);
}
