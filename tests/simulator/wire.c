/* wire.c: the connections between workers and Redis, over which bytes go a few at a time. */
#include "world_parts.h"

#include <assert.h>

void wire_close(struct member *member, bool former)
{
    struct world *world = member->world;

    if (member->connection < 0)
        return;
    model_redis_close(world->redis, (unsigned)member->connection);
    world->closed[world->closed_count++ % CONNECTIONS_SHOWN] = member->connection;
    member->former = former ? member->connection : -1;
    member->connection = -1;
}

static struct session *wire_session(const struct member *member)
{
    return member->world->way->session(member);
}

void wire_deliver(struct member *member)
{
    struct session *session = wire_session(member);

    if (session->ops->deliver)
        session->ops->deliver(session);
    if (session->suspect.ends && !session->ops->is_cut(session))
        suspect_clear(&session->suspect);
    session->answered = false;
}

static void wire_tell(struct member *member)
{
    const struct way *way = member->world->way;

    if (way->deliver)
        way->deliver(member);
    else
        wire_deliver(member);
}

void wire_cut(struct member *member, bool at_once)
{
    if (member->connection < 0)
        return;
    member->world->counts.cuts++;
    wire_close(member, true);
    session_lost(wire_session(member), at_once, 0);
    wire_tell(member);
}

void wire_connect(struct member *member)
{
    struct world *world = member->world;

    if (member->connection >= 0)
        return;
    if (member->former >= 0)
        model_redis_kill(world->redis, (unsigned)member->former);
    member->former = -1;
    member->rest_length = 0;
    member->connection = (int)model_redis_connect(world->redis);
    session_begin(wire_session(member));
    wire_tell(member);
}

/* The command that it pauses for is refused, if that is what becomes of it anyway. */
static bool wire_gives_up(struct member *member, struct session *session)
{
    struct session_command late;

    if (!session->ops->retried(session, &late) || !member->world->way->is_bad(member, late.ticket))
        return false;
    member->world->counts.given_up++;
    session->ops->give_up(session, 1);
    return true;
}

void wire_wake(struct member *member, bool late)
{
    struct session *session = wire_session(member);

    if (session->pause != SESSION_FLOWS && !(late && wire_gives_up(member, session)))
        session->ops->resume(session);
    else if (late && session->pause == SESSION_FLOWS && member->connection >= 0 &&
             !session->ops->waits(session))
        session->ops->idle(session);
    wire_tell(member);
}

void wire_send(struct member *member, size_t amount)
{
    struct session *session = wire_session(member);

    if (member->connection < 0)
        return;
    if (session->ops->turn)
        session->ops->turn(session);
    struct slice output = session->ops->output(session);
    if (output.length > amount * 4 + 1)
        output.length = amount * 4 + 1;
    if (!output.length)
        return;
    model_redis_send(member->world->redis, (unsigned)member->connection, output);
    session->ops->sent(session, output.length);
}

void wire_serve(struct member *member, size_t amount)
{
    struct model_redis *redis = member->world->redis;

    for (size_t i = 0; member->connection >= 0 && i <= amount % 16; i++) {
        model_redis_step(redis, (unsigned)member->connection);
        if (model_redis_has_ended(redis, (unsigned)member->connection))
            wire_cut(member, true);
    }
}

void wire_read(struct member *member, size_t amount)
{
    struct session *session = wire_session(member);
    struct model_redis *redis = member->world->redis;
    char bytes[WIRE_REST_BYTES + 512];
    size_t length = amount * 2 + 1;

    if (member->connection < 0)
        return;
    struct slice replies = model_redis_replies(redis, (unsigned)member->connection);
    if (length > replies.length)
        length = replies.length;
    if (!length)
        return;
    struct slice input = {bytes, member->rest_length + length};
    memcpy(bytes, member->rest, member->rest_length);
    memcpy(bytes + member->rest_length, replies.data, length);
    model_redis_took(redis, (unsigned)member->connection, length);
    session->least = 0;
    bool sound = session->ops->receive(session, &input);
    assert(!sound || input.length <= WIRE_REST_BYTES);
    if (sound)
        memcpy(member->rest, input.data, input.length);
    member->rest_length = sound ? input.length : 0;
    wire_tell(member);
    if (!sound)
        wire_cut(member, false);
}

void wire_stale(struct world *world, size_t amount)
{
    size_t count =
        world->closed_count < CONNECTIONS_SHOWN ? world->closed_count : CONNECTIONS_SHOWN;

    if (count)
        world->counts.stale +=
            model_redis_step(world->redis, (unsigned)world->closed[amount % count]);
}
