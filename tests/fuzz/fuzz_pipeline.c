/*
 * fuzz_pipeline.c: a pipeline that hears anything at any time.
 *
 * Each byte is something that happens: "r" and a length an answer, "p" a record is put, "l" the
 * connection is lost, ... Whatever comes, a command is told one outcome, those that were answered
 * in the order of the puts; nothing is left once nobody wants anything any more.
 */
#include "base/log.h"
#include "base/mem.h"
#include "command_counters.h"
#include "metrics/metrics.h"
#include "redis/commands.h"
#include "redis/pipeline.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    TICKETS = 4096,
    WINDOW_COMMANDS = 8,
    WINDOW_BYTES = 512,
    REST_BYTES = RESP_LINE_BYTES + 256
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pipeline pipeline;
static struct session *session = &pipeline.session;
static bool open, unwanted;
static uint32_t tickets, next; /* next: behind the last one answered */
static bool told[TICKETS];
static char rest[REST_BYTES];
static size_t rest_length;

/* One outcome each. */
static void tell(uint32_t ticket)
{
    if (ticket >= tickets || told[ticket])
        abort();
    told[ticket] = true;
}

static void answer(uint32_t ticket)
{
    if (ticket < next)
        abort();
    tell(ticket);
    next = ticket + 1;
}

static void put(unsigned commands)
{
    if (!window_has_room(&pipeline.window) || tickets + commands > TICKETS)
        return;
    for (unsigned i = 0; i < commands; i++) {
        struct slice words[] = {SLICE("INCR"), SLICE("n")};
        window_put(&pipeline.window, words, 2, command_find(words[0])->index, tickets++);
    }
    window_commit(&pipeline.window);
}

static void lose(bool at_once)
{
    if (open)
        session_lost(session, at_once, 0);
    open = false;
    rest_length = 0;
}

static void on_done(void *context, uint32_t ticket)
{
    (void)context;
    answer(ticket);
    if (ticket % 5 == 1)
        put(1);
    if (ticket % 11 == 7) /* what was put could not be sent */
        lose(false);
}

static void on_refused(void *context, uint32_t ticket, enum reply_class class, const char *text)
{
    (void)context, (void)text;
    if (class != REPLY_REJECT && class != REPLY_CONFIG && class != REPLY_UNKNOWN)
        abort();
    answer(ticket);
    if (ticket % 5 == 2)
        put(2);
    if (ticket % 11 == 8)
        pipeline_discard(&pipeline);
}

static bool on_wanted(void *context, uint32_t ticket)
{
    (void)context, (void)ticket;
    return !unwanted;
}

static void on_dropped(void *context, uint32_t ticket)
{
    (void)context;
    tell(ticket);
}

static void on_doubtful(void *context, uint32_t ticket)
{
    (void)context;
    if (ticket < next || ticket >= tickets || told[ticket])
        abort();
}

static bool on_contests(void *context, uint32_t ticket, const char *text, struct slice command)
{
    (void)context, (void)text;
    if (command.length < 2 || command.data[0] != '*')
        abort();
    if (ticket % 3)
        return false;
    answer(ticket);
    return true;
}

static void hear(const uint8_t **data, size_t *size)
{
    size_t length = *size ? **data : 0;

    length = length < *size ? length : *size - (*size > 0);
    if (open && length && rest_length + length <= REST_BYTES) {
        memcpy(rest + rest_length, *data + 1, length);
        struct slice input = {rest, rest_length + length};
        if (!session->ops->receive(session, &input)) {
            lose(false);
        } else {
            memmove(rest, input.data, input.length);
            rest_length = input.length;
        }
    }
    *data += *size ? length + 1 : 0;
    *size -= *size ? length + 1 : 0;
}

static void give_up(void)
{
    struct session_command late;

    if (session->pause != SESSION_FLOWS && session->ops->retried(session, &late)) {
        if (late.ticket < next || told[late.ticket])
            abort();
        session->ops->give_up(session, 7);
    }
}

static void discard(void)
{
    unwanted = true;
    pipeline_discard(&pipeline);
    unwanted = false;
}

static void step(uint8_t byte, const uint8_t **data, size_t *size)
{
    switch (byte) {
    case 'r':
        hear(data, size);
        break;
    case 'b':
        if (!open)
            session_begin(session);
        open = true;
        break;
    case 'l':
        lose(false);
        break;
    case 'x':
        lose(true);
        break;
    case 'p':
        put(1);
        break;
    case 'P':
        put(3);
        break;
    case 'd':
        discard();
        break;
    case 'g':
        give_up();
        break;
    case 'u':
        if (session->pause != SESSION_FLOWS)
            session->ops->resume(session);
        break;
    case 'i':
        if (open && !session->ops->waits(session))
            session->ops->idle(session);
        break;
    default:
        break;
    }
}

/* A byte above 127 sends that many less, others all there is. */
static void send_some(uint8_t byte)
{
    size_t limit = byte > 127 ? byte - 127u : SIZE_MAX;
    struct slice output;

    while (open && limit && (output = session->ops->output(session)).length > 0) {
        size_t length = output.length < limit ? output.length : limit;
        session->ops->sent(session, length);
        limit -= length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sink_counters counters;
    static const struct sink_events events = {
        .done = on_done,
        .refused = on_refused,
        .wanted = on_wanted,
        .dropped = on_dropped,
        .doubtful = on_doubtful,
        .contests = on_contests,
    };

    log_configure(LOG_ERROR, LOG_LOGFMT);
    if (!counters.commands)
        counters.commands = command_counters();
    open = false;
    tickets = next = 0;
    rest_length = 0;
    memset(told, 0, sizeof(told));
    pipeline_init(&pipeline, &events, &counters, WINDOW_COMMANDS, WINDOW_BYTES);
    while (size) {
        uint8_t byte = *data++;
        size--;
        step(byte, &data, &size);
        send_some(byte);
        if (session->suspect.ends && !session->ops->is_cut(session))
            suspect_clear(&session->suspect);
    }
    lose(false);
    discard();
    if (session->ops->inflight(session))
        abort();
    for (uint32_t i = 0; i < tickets; i++)
        if (!told[i])
            abort();
    pipeline_free(&pipeline);
    return 0;
}
