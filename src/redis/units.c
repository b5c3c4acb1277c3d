/*
 * units.c: records and their checkpoint, carried out by Redis as one transaction.
 *
 * A few lanes, each over a connection of its own, so that the round trips of some are filled by the
 * others; a partition stays on its lane.
 */
#include "redis/units.h"

#include "base/mem.h"
#include "conf/conf.h"
#include "redis/lane.h"
#include "redis/link.h"
#include "redis/servers.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/random.h>

enum { LANES = 4 };

struct units {
    struct servers *servers;
    struct units_events events;
    struct link links[LANES];
    struct lane *lanes[LANES];
    struct event *tick;
    bool ticking;
};

/* --- time ------------------------------------------------------------------------------------- */

static void units_wants_tick(void *context)
{
    static const struct timeval delay = {0, SESSION_TICK_MS * 1000};
    struct units *units = context;

    if (units->ticking)
        return;
    units->ticking = true;
    evtimer_add(units->tick, &delay);
}

static void units_on_tick(evutil_socket_t fd, short what, void *context)
{
    struct units *units = context;

    (void)fd, (void)what;
    units->ticking = false;
    for (size_t i = 0; i < LANES; i++) {
        lane_tick(units->lanes[i]);
        link_turn(&units->links[i]);
    }
}

/* --- life ------------------------------------------------------------------------------------- */

static void units_open_links(struct units *units)
{
    const struct conf_sink *options = units->servers->setup.options;
    struct lane_options lane = {
        .name = options->name,
        .prefix = options->checkpoint_prefix.text,
        .unit_records = (size_t)options->unit_records,
        .unit_bytes = (size_t)options->unit_bytes,
        .events = units->events,
        .counters = units->servers->setup.counters,
    };

    for (unsigned i = 0; i < LANES; i++) {
        struct link *link = &units->links[i];
        lane.carrier = link;
        units->lanes[i] = lane_new(&lane);
        link_init(link, lane_session(units->lanes[i]));
        link->ticks = units_wants_tick;
        link->context = units;
        servers_open(units->servers, link);
    }
}

struct units *units_new(struct servers *servers, const struct units_events *events)
{
    struct units *units = mem_new(struct units);

    units->servers = servers;
    units->events = *events;
    units->tick = evtimer_new(servers->setup.base, units_on_tick, units);
    units_open_links(units);
    return units;
}

void units_configure(struct units *units, bool renew)
{
    const struct conf_sink *options = units->servers->setup.options;

    for (size_t i = 0; i < LANES; i++) {
        lane_configure(units->lanes[i], options->name, options->checkpoint_prefix.text,
                       (size_t)options->unit_records, (size_t)options->unit_bytes);
        if (renew)
            connection_renew(&units->links[i].connection);
    }
}

void units_free(struct units *units)
{
    if (!units)
        return;
    for (size_t i = 0; i < LANES; i++)
        lane_free(units->lanes[i]);
    event_free(units->tick);
    free(units);
}

/* --- claims ----------------------------------------------------------------------------------- */

/* Tells a claim from all others there are or were. */
static uint64_t units_random(void)
{
    uint64_t random = 0;
    ssize_t got;

    do
        got = getrandom(&random, sizeof(random), 0);
    while (got < 0 && errno == EINTR);
    return random;
}

struct claim *units_claim(struct units *units, const struct claim_name *name, void *owner)
{
    struct lane *lane = units->lanes[0];

    for (size_t i = 1; i < LANES; i++)
        if (lane_claims(units->lanes[i]) < lane_claims(lane))
            lane = units->lanes[i];
    for (size_t i = 0; i < LANES; i++)
        if (lane_has_predecessor(units->lanes[i], name))
            lane = units->lanes[i];
    return lane_claim(lane, name, units_random(), owner);
}

void units_commit(struct claim *claim)
{
    claim_commit(claim);
    link_send(lane_carrier(claim_lane(claim)));
}

/* --- the turn --------------------------------------------------------------------------------- */

void units_turn(struct units *units)
{
    for (size_t i = 0; i < LANES; i++)
        link_turn(&units->links[i]);
}
