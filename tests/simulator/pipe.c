/* pipe.c: at least once: tracker.c and window.c, driven as worker.c and exchange.c drive them. */
#include "base/mem.h"
#include "member.h"
#include "redis/question.h"
#include "redis/reply.h"
#include "redis/resp.h"
#include "redis/suspect.h"
#include "redis/window.h"
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
};

/* A stream refused an entry and is to be asked for it, as streams.c does. */
struct refusal {
    struct ticket ticket;
    char id[XADD_ID_BYTES];
    struct slice expected;
};

struct pipe {
    struct window window;
    struct refusal refusals[REFUSALS];
    size_t refusal_count;
    struct resp_scanner scanner;
    char rest[256]; /* of an answer, read and not scanned */
    size_t rest_length;
    bool draining, paused, probing, doubting;
    struct suspect suspect;
    char question[QUESTION_BYTES];
    size_t question_length, question_sent;
    struct ticket tickets[TICKETS];
    uint32_t ticket_count;
};

static void pipe_begin(struct member *member)
{
    struct pipe *pipe = mem_new(struct pipe);

    window_init(&pipe->window, WINDOW_COMMANDS, WINDOW_BYTES);
    member->way = pipe;
}

static void pipe_end(struct member *member)
{
    struct pipe *pipe = member->way;

    for (size_t i = 0; i < pipe->refusal_count; i++)
        free((char *)pipe->refusals[i].expected.data);
    window_free(&pipe->window);
    free(pipe);
    member->way = NULL;
}

static bool pipe_wanted(void *context, uint32_t number)
{
    const struct member *member = context;
    const struct pipe *pipe = member->way;
    const struct ticket *ticket = &pipe->tickets[number % TICKETS];

    return member->partitions[ticket->place.partition].life == ticket->life;
}

static void pipe_dropped(void *context, uint32_t number)
{
    (void)context, (void)number;
}

static void pipe_again(struct member *member)
{
    struct pipe *pipe = member->way;

    window_filter(&pipe->window, pipe_wanted, pipe_dropped, member);
    pipe->draining = pipe->paused = false;
    pipe->probing = pipe->window.queue.committed > 0;
}

/* The head ended the last connection: is anything else answered on this one? */
static void pipe_doubt(struct pipe *pipe)
{
    const struct window *window = &pipe->window;

    if (!window->queue.committed || !suspect_is(&pipe->suspect, window->queue.first))
        suspect_clear(&pipe->suspect);
    pipe->doubting = pipe->suspect.cuts > 0;
    pipe->question_sent = 0;
    if (pipe->doubting)
        pipe->question_length =
            question_write(pipe->question, queue_head_bytes(&window->queue), UINT32_MAX);
}

static void pipe_connected(struct member *member)
{
    struct pipe *pipe = member->way;

    pipe->scanner = (struct resp_scanner){0};
    pipe->rest_length = 0;
    pipe_again(member);
    pipe_doubt(pipe);
}

static void pipe_cut(struct member *member, bool at_once)
{
    struct pipe *pipe = member->way;
    const struct window *window = &pipe->window;

    if (at_once && window->sent == 1 && window->passed == 0)
        suspect_cut(&pipe->suspect, window->queue.first, window_head(window)->length, 0);
    else
        suspect_doubt(&pipe->suspect);
    pipe->doubting = false;
    window_rewind(&pipe->window);
    pipe->draining = pipe->paused = false;
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
    window_filter(&pipe->window, pipe_wanted, pipe_dropped, member);
}

/* One command more: its ticket. */
static uint32_t pipe_ticket(struct pipe *pipe, struct member_partition *partition,
                            struct place place, uint32_t slot)
{
    uint32_t ticket = pipe->ticket_count++ % TICKETS;

    pipe->tickets[ticket] = (struct ticket){place, partition->life, slot};
    tracker_retain(partition->tracker, slot);
    return ticket;
}

/* Behind the record's other commands: its entry, whose id is the offset. */
static void pipe_put_entry(struct pipe *pipe, struct place place, const char *text, uint32_t ticket)
{
    char id[XADD_ID_BYTES];

    snprintf(id, sizeof(id), "%s-1", text);
    const struct slice words[] = {SLICE("XADD"), slice_of(world_stream(place.partition, place.log)),
                                  slice_of(id), SLICE("n"), slice_of(text)};
    window_put(&pipe->window, words, 5, 0, ticket);
}

static bool pipe_take(struct member *member, unsigned number)
{
    struct pipe *pipe = member->way;
    struct member_partition *partition = &member->partitions[number];
    const struct place place = {number, partition->log, partition->position};
    struct world_record record;
    uint32_t slot;

    if (!window_has_room(&pipe->window))
        return false;
    world_record(place, &record);
    tracker_begin(partition->tracker, partition->position, -1, &slot);
    for (unsigned i = 0; i < record.count; i++) {
        uint32_t ticket = pipe_ticket(pipe, partition, place, slot);
        window_put(&pipe->window, record.words[i], 3, 0, ticket);
    }
    pipe_put_entry(pipe, place, record.text, pipe_ticket(pipe, partition, place, slot));
    window_commit(&pipe->window);
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
    window_filter(&pipe->window, pipe_wanted, pipe_dropped, member);
    pipe_assigned(member, number);
}

static struct slice pipe_output(struct member *member)
{
    struct pipe *pipe = member->way;
    const struct window *window = &pipe->window;
    struct slice unsent = window_unsent(window);

    if (pipe->draining)
        unsent.length = window->sent_end - window->written;
    else if (pipe->paused)
        unsent.length = 0;
    else if (pipe->probing && window->queue.committed)
        unsent.length = window_head(window)->length - window->written;
    if (pipe->doubting)
        return (struct slice){pipe->question + pipe->question_sent,
                              pipe->question_length - pipe->question_sent};
    return unsent;
}

static void pipe_wrote(struct member *member, size_t length)
{
    struct pipe *pipe = member->way;

    if (pipe->doubting)
        pipe->question_sent += length;
    else
        window_wrote(&pipe->window, length);
}

static void pipe_finish(struct member *member, struct ticket ticket)
{
    struct member_partition *partition = &member->partitions[ticket.place.partition];

    if (partition->life == ticket.life)
        tracker_finish(partition->tracker, ticket.slot);
}

/* Whether the head's refusal is to be asked about; then it is noted. */
static bool pipe_contests(struct pipe *pipe)
{
    const struct window *window = &pipe->window;
    struct slice command = queue_head_bytes(&window->queue);
    struct refusal *refusal = &pipe->refusals[pipe->refusal_count];
    struct xadd_entry entry;

    if (!pipe->scanner.failed || !xadd_is_old_id(pipe->scanner.text) || !xadd_read(command, &entry))
        return false;
    assert(pipe->refusal_count < REFUSALS);
    refusal->ticket = pipe->tickets[window_head(window)->ticket];
    refusal->expected = xadd_answer(&entry);
    memcpy(refusal->id, entry.id, sizeof(entry.id));
    pipe->refusal_count++;
    return true;
}

static void pipe_finish_head(struct member *member)
{
    struct pipe *pipe = member->way;
    struct ticket ticket = pipe->tickets[window_head(&pipe->window)->ticket];
    bool contested = pipe_contests(pipe);

    pipe->probing = false;
    suspect_clear(&pipe->suspect);
    window_pop(&pipe->window);
    if (!contested)
        pipe_finish(member, ticket);
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

static void pipe_condemn(struct member *member)
{
    struct pipe *pipe = member->way;
    struct ticket ticket = pipe->tickets[window_head(&pipe->window)->ticket];
    struct member_partition *partition = &member->partitions[ticket.place.partition];

    window_drop(&pipe->window);
    suspect_clear(&pipe->suspect);
    pipe->probing = pipe->window.queue.committed > 0;
    world_refused(member, ticket.place, false);
    if (partition->life == ticket.life)
        tracker_finish(partition->tracker, ticket.slot);
}

static void pipe_pause_if_drained(struct pipe *pipe)
{
    if (window_unanswered(&pipe->window) > 0 || pipe->window.written < pipe->window.sent_end)
        return;
    window_rewind(&pipe->window);
    pipe->draining = false;
    pipe->paused = true;
}

static void pipe_answer(struct member *member)
{
    struct pipe *pipe = member->way;
    struct slice line = {pipe->scanner.text, pipe->scanner.text_length};
    bool later = pipe->scanner.failed && reply_is_later(reply_classify(line));

    if (pipe->doubting) {
        pipe->doubting = false;
        if (suspect_is_guilty(&pipe->suspect, 0, 0))
            pipe_condemn(member);
        return;
    }
    if (!pipe->draining && !later) {
        pipe_finish_head(member);
        return;
    }
    pipe->draining = true;
    window_pass(&pipe->window);
    pipe_pause_if_drained(pipe);
}

static bool pipe_input(struct member *member, struct slice bytes)
{
    struct pipe *pipe = member->way;
    char joined[1024];
    struct slice input = {joined, pipe->rest_length + bytes.length};

    memcpy(joined, pipe->rest, pipe->rest_length);
    memcpy(joined + pipe->rest_length, bytes.data, bytes.length);
    while (input.length && resp_scan(&pipe->scanner, &input) == RESP_REPLY)
        pipe_answer(member);
    memcpy(pipe->rest, input.data, input.length);
    pipe->rest_length = input.length;
    return true;
}

static void pipe_wake(struct member *member)
{
    struct pipe *pipe = member->way;

    if (pipe->paused)
        pipe_again(member);
}

const struct way pipe_way = {
    .begin = pipe_begin,
    .end = pipe_end,
    .connected = pipe_connected,
    .cut = pipe_cut,
    .assigned = pipe_assigned,
    .lost = pipe_lost,
    .another = pipe_another,
    .take = pipe_take,
    .is_drained = pipe_is_drained,
    .output = pipe_output,
    .wrote = pipe_wrote,
    .input = pipe_input,
    .wake = pipe_wake,
    .ask = pipe_ask,
};
