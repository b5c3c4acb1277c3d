/* wire.c: the connections between workers and Redis, over which bytes go a few at a time. */
#include "world_parts.h"

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

void wire_cut(struct member *member, bool at_once)
{
    if (member->connection < 0)
        return;
    member->world->counts.cuts++;
    wire_close(member, true);
    member->world->way->cut(member, at_once);
}

void wire_connect(struct member *member)
{
    struct world *world = member->world;

    if (member->connection >= 0)
        return;
    if (member->former >= 0)
        model_redis_kill(world->redis, (unsigned)member->former);
    member->former = -1;
    member->connection = (int)model_redis_connect(world->redis);
    world->way->connected(member);
}

void wire_send(struct member *member, size_t amount)
{
    struct slice output;

    if (member->connection < 0)
        return;
    output = member->world->way->output(member);
    if (output.length > amount * 4 + 1)
        output.length = amount * 4 + 1;
    if (!output.length)
        return;
    model_redis_send(member->world->redis, (unsigned)member->connection, output);
    member->world->way->wrote(member, output.length);
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
    struct world *world = member->world;
    char bytes[512];
    struct slice input;
    size_t length = amount * 2 + 1;

    if (member->connection < 0)
        return;
    input = model_redis_replies(world->redis, (unsigned)member->connection);
    if (length > input.length)
        length = input.length;
    if (!length)
        return;
    memcpy(bytes, input.data, length);
    model_redis_took(world->redis, (unsigned)member->connection, length);
    if (!world->way->input(member, (struct slice){bytes, length}))
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
