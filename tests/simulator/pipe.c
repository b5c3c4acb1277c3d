/* pipe.c: at least once: tracker.c and pipeline.c, driven as worker.c drives them. */
#include "base/mem.h"
#include "command_counters.h"
#include "member.h"
#include "metrics/metrics.h"
#include "redis/commands.h"
#include "redis/pipeline.h"
#include "redis/xadd.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    TICKETS = WORLD_RECORDS * (WORLD_COMMANDS + 1) * 8,
    WINDOW_COMMANDS = 6,
    WINDOW_BYTES = 4096,
    REFUSALS = WORLD_RECORDS * 4
};

struct ticket {
    struct place place;
    uint32_t life, slot;
    bool entry; /* of the record's stream */
};

/* A stream refused an entry and is to be asked for it, as stream_refusals.c does. */
struct refusal {
    struct ticket ticket;
    char id[XADD_ID_BYTES];
    struct slice expected;
};

struct pipe {
    struct pipeline pipeline;
    struct sink_events events;
    struct sink_counters counters;
    struct refusal refusals[REFUSALS];
    size_t refusal_count;
    struct ticket tickets[TICKETS];
    uint32_t ticket_count;
};

/* --- what the pipeline tells and asks --------------------------------------------------------- */

static struct ticket *pipe_ticket_of(struct member *member, uint32_t number)
{
    struct pipe *pipe = member->way;

    return &pipe->tickets[number % TICKETS];
}

static void pipe_finish(struct member *member, struct ticket ticket)
{
    struct member_partition *partition = &member->partitions[ticket.place.partition];

    if (partition->life == ticket.life)
        tracker_finish(partition->tracker, ticket.slot);
}

static bool pipe_is_bad(const struct member *member, uint32_t number)
{
    const struct pipe *pipe = member->way;
    const struct ticket *ticket = &pipe->tickets[number % TICKETS];
    int64_t offset = ticket->place.offset;

    return !ticket->entry && (world_is_cutter(offset) || world_is_poison(offset));
}

static void pipe_done(void *context, uint32_t number)
{
    pipe_finish(context, *pipe_ticket_of(context, number));
}

static void pipe_refused(void *context, uint32_t number, enum reply_class class, const char *text)
{
    struct ticket ticket = *pipe_ticket_of(context, number);

    (void)class, (void)text;
    world_refused(context, ticket.place, false);
    pipe_finish(context, ticket);
}

static bool pipe_wanted(void *context, uint32_t number)
{
    const struct member *member = context;
    const struct ticket *ticket = pipe_ticket_of(context, number);

    return member->partitions[ticket->place.partition].life == ticket->life;
}

static void pipe_dropped(void *context, uint32_t number)
{
    (void)context, (void)number;
}

/* Whether the refusal is to be asked about; then it is noted. */
static bool pipe_contests(void *context, uint32_t number, const char *text, struct slice command)
{
    struct member *member = context;
    struct pipe *pipe = member->way;
    struct refusal *refusal = &pipe->refusals[pipe->refusal_count];
    struct xadd_entry entry;

    if (!xadd_is_old_id(text) || !xadd_read(command, &entry))
        return false;
    assert(pipe->refusal_count < REFUSALS);
    refusal->ticket = *pipe_ticket_of(member, number);
    refusal->expected = xadd_answer(&entry);
    memcpy(refusal->id, entry.id, sizeof(entry.id));
    pipe->refusal_count++;
    return true;
}

/* --- life ------------------------------------------------------------------------------------- */

static void pipe_begin(struct member *member)
{
    struct pipe *pipe = mem_new(struct pipe);
    struct sink_events events = {.context = member,
                                 .done = pipe_done,
                                 .refused = pipe_refused,
                                 .wanted = pipe_wanted,
                                 .dropped = pipe_dropped,
                                 .contests = pipe_contests};

    pipe->counters.commands = command_counters();
    pipe->events = events;
    pipeline_init(&pipe->pipeline, &pipe->events, &pipe->counters, WINDOW_COMMANDS, WINDOW_BYTES);
    member->way = pipe;
}

static void pipe_end(struct member *member)
{
    struct pipe *pipe = member->way;

    for (size_t i = 0; i < pipe->refusal_count; i++)
        free((char *)pipe->refusals[i].expected.data);
    pipeline_free(&pipe->pipeline);
    free(pipe->counters.commands);
    free(pipe);
    member->way = NULL;
}

static struct session *pipe_session(const struct member *member)
{
    struct pipe *pipe = member->way;

    return &pipe->pipeline.session;
}

static void pipe_assigned(struct member *member, unsigned number)
{
    struct member_partition *partition = &member->partitions[number];

    partition->position = log_start(member, number);
    tracker_free(partition->tracker);
    partition->tracker = tracker_new(partition->position);
}

static void pipe_lost(struct member *member, unsigned number)
{
    struct pipe *pipe = member->way;

    (void)number;
    pipeline_discard(&pipe->pipeline);
}

/* One command more: its ticket. */
static uint32_t pipe_ticket(struct pipe *pipe, struct member_partition *partition,
                            struct place place, uint32_t slot)
{
    uint32_t ticket = pipe->ticket_count++ % TICKETS;

    pipe->tickets[ticket] = (struct ticket){place, partition->life, slot, false};
    tracker_retain(partition->tracker, slot);
    return ticket;
}

static void pipe_put_words(struct pipe *pipe, const struct slice *words, size_t count,
                           uint32_t ticket)
{
    window_put(&pipe->pipeline.window, words, count, command_find(words[0])->index, ticket);
}

/* Behind the record's other commands: its entry, whose id is the offset. */
static void pipe_put_entry(struct pipe *pipe, struct place place, const char *text, uint32_t ticket)
{
    char id[XADD_ID_BYTES];

    snprintf(id, sizeof(id), "%s-1", text);
    const struct slice words[] = {SLICE("XADD"), slice_of(world_stream(place.partition, place.log)),
                                  slice_of(id), SLICE("n"), slice_of(text)};
    pipe->tickets[ticket].entry = true;
    pipe_put_words(pipe, words, 5, ticket);
}

static bool pipe_take(struct member *member, unsigned number)
{
    struct pipe *pipe = member->way;
    struct member_partition *partition = &member->partitions[number];
    const struct place place = {number, partition->log, partition->position};
    struct world_record record;
    uint32_t slot;

    if (!window_has_room(&pipe->pipeline.window))
        return false;
    world_record(place, &record);
    tracker_begin(partition->tracker, partition->position, -1, &slot);
    for (unsigned i = 0; i < record.count; i++) {
        uint32_t ticket = pipe_ticket(pipe, partition, place, slot);
        pipe_put_words(pipe, record.words[i], 3, ticket);
    }
    pipe_put_entry(pipe, place, record.text, pipe_ticket(pipe, partition, place, slot));
    window_commit(&pipe->pipeline.window);
    tracker_finish(partition->tracker, slot);
    partition->position++;
    return true;
}

static bool pipe_is_drained(const struct member *member, unsigned number)
{
    const struct member_partition *partition = &member->partitions[number];

    return !partition->tracker || !tracker_waiting(partition->tracker);
}

static void pipe_another(struct member *member, unsigned number)
{
    struct pipe *pipe = member->way;

    if (!pipe_is_drained(member, number))
        return;
    member->partitions[number].life++;
    pipeline_discard(&pipe->pipeline);
    pipe_assigned(member, number);
}

/* What XRANGE answers, on another connection. */
static bool pipe_is_there(struct model_redis *redis, const struct refusal *refusal)
{
    const struct place *place = &refusal->ticket.place;
    const struct slice words[] = {SLICE("XRANGE"),
                                  slice_of(world_stream(place->partition, place->log)),
                                  slice_of(refusal->id), slice_of(refusal->id)};
    unsigned connection = model_redis_connect(redis);
    char bytes[200];

    model_redis_send(redis, connection,
                     (struct slice){bytes, (size_t)(resp_encode(bytes, words, 4) - bytes)});
    model_redis_step(redis, connection);
    bool there = slice_equal(model_redis_replies(redis, connection), refusal->expected);
    model_redis_close(redis, connection);
    return there;
}

static void pipe_ask(struct member *member)
{
    struct pipe *pipe = member->way;
    struct refusal refusal = pipe->refusals[0];

    if (!pipe->refusal_count)
        return;
    memmove(pipe->refusals, pipe->refusals + 1, --pipe->refusal_count * sizeof(refusal));
    if (!pipe_is_there(world_redis(member->world), &refusal))
        world_missed(member, refusal.ticket.place);
    free((char *)refusal.expected.data);
    pipe_finish(member, refusal.ticket);
}

const struct way pipe_way = {
    .begin = pipe_begin,
    .end = pipe_end,
    .session = pipe_session,
    .is_bad = pipe_is_bad,
    .assigned = pipe_assigned,
    .lost = pipe_lost,
    .another = pipe_another,
    .take = pipe_take,
    .is_drained = pipe_is_drained,
    .ask = pipe_ask,
};
