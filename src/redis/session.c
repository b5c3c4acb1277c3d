/* session.c: what is said over one connection: the beginning and the end that all kinds share. */
#include "redis/session.h"

void session_begin(struct session *session)
{
    char text[SUSPECT_TEXT_BYTES];

    if (session->suspect.cuts)
        suspect_write(&session->suspect, text);
    session->answered = false;
    session->ops->begin(session, session->suspect.cuts ? text : NULL);
}

/* One command ended the connection, or one of several. */
static void session_suspect(struct session *session, int64_t now_ms)
{
    const struct session_events *events = &session->events;
    struct suspect *suspect = &session->suspect;
    struct session_command alone;
    char text[SUSPECT_TEXT_BYTES];

    if (!session->ops->cut || !session->ops->cut(session, &alone)) {
        suspect_doubt(suspect);
        return;
    }
    suspect_cut(suspect, alone.number, alone.bytes, now_ms);
    suspect_write(suspect, text);
    if (suspect->ends == SUSPECT_TELL && events->suspected)
        events->suspected(events->context, alone.ticket, text);
    int64_t timeout_ms =
        events->retry_timeout ? events->retry_timeout(events->context, alone.ticket) : 0;
    if (suspect_is_guilty(suspect, timeout_ms, now_ms))
        session->ops->condemn(session, text);
}

bool session_lost(struct session *session, bool at_once, int64_t now_ms)
{
    if (at_once)
        session_suspect(session, now_ms);
    else
        suspect_doubt(&session->suspect);
    return session->ops->lost(session);
}
