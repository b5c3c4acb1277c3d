/*
 * doubt.c: a command of a pipeline that ends the connection it comes by.
 *
 * The head of the window goes alone on each new connection, so that whoever ends the connection
 * then ends it on that. Before it is sent once more the connection must stay for a pause and answer
 * a question about the same key.
 */
#include "redis/doubt.h"

#include "base/clock.h"
#include "metrics/metrics.h"
#include "redis/connection.h"

/* Whether the connection ended on the head, which was all that was under way. */
static bool doubt_was_cut(const struct connection *connection)
{
    const struct window *window = &connection->window;

    return connection_was_cut(connection) && window->sent == 1 && window->passed == 0;
}

void doubt_note(struct connection *connection)
{
    const struct sink_events *events = connection->setup->events;
    struct suspect *suspect = &connection->suspect;
    char text[SUSPECT_TEXT_BYTES];

    if (!doubt_was_cut(connection)) {
        suspect_doubt(suspect);
        return;
    }
    const struct queued *head = window_head(&connection->window);
    suspect_cut(suspect, connection->window.queue.first, head->length, clock_ms());
    suspect_write(suspect, text);
    if (suspect->ends == SUSPECT_TELL && events->suspected)
        events->suspected(events->context, head->ticket, text);
}

bool doubt_begin(struct connection *connection)
{
    struct suspect *suspect = &connection->suspect;

    connection_discard(connection);
    const struct window *window = &connection->window;
    if (!window->queue.committed || !suspect_is(suspect, window->queue.first))
        suspect_clear(suspect);
    if (!suspect->cuts)
        return false;
    connection->state = CONNECTION_DOUBTING;
    connection_wake_in(connection, suspect_pause_ms(suspect));
    return true;
}

size_t doubt_question(const struct connection *connection, char question[QUESTION_BYTES])
{
    const struct window *window = &connection->window;
    const struct queued *head = window_head(window);
    return question_write(question, queue_head_bytes(&window->queue), head->command);
}

/* Nobody answers the head, ever: it is refused, and what is behind it goes on. */
static void doubt_condemn(struct connection *connection)
{
    const struct sink_events *events = connection->setup->events;
    const struct queued head = *window_head(&connection->window);
    char text[SUSPECT_TEXT_BYTES];

    suspect_write(&connection->suspect, text);
    connection->setup->counters->commands[head.command * RESULT_COUNT + RESULT_REFUSED]++;
    window_drop(&connection->window);
    suspect_clear(&connection->suspect);
    connection->later_ms = 0;
    events->refused(events->context, head.ticket, REPLY_REJECT, text);
}

void doubt_answered(struct connection *connection, enum reply_class class)
{
    const struct sink_events *events = connection->setup->events;
    struct suspect *suspect = &connection->suspect;
    uint32_t ticket = window_head(&connection->window)->ticket;
    int64_t patience_ms = events->patience ? events->patience(events->context, ticket) : 0;

    if (reply_meanings[class].told != REPLY_UNKNOWN)
        backoff_reset(&connection->reconnect); /* the server is well */
    else
        suspect_doubt(suspect); /* others get no answer of their own, either */
    if (suspect_is_guilty(suspect, patience_ms, clock_ms()))
        doubt_condemn(connection);
}
