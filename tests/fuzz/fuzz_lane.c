/*
 * fuzz_lane.c: a lane that hears anything at any time.
 *
 * Each byte is something that happens: "r" and a length an answer, "p" a record is put, "l" the
 * connection is lost, ... Whatever comes, a command is told one outcome at most, and exactly one
 * once its claim is gone and nothing is in flight any more.
 */
#include "base/log.h"
#include "base/mem.h"
#include "command_counters.h"
#include "metrics/metrics.h"
#include "redis/lane.h"

#include <stdint.h>
#include <stdlib.h>

enum { TICKETS = 4096, CLAIMS = 2 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct lane *lane;
static struct session *session;
static struct claim *claims[CLAIMS];
static bool open, gone[CLAIMS];
static uint32_t tickets;
static int64_t offset;
static unsigned char told[TICKETS];

static void tell(uint32_t ticket)
{
    if (ticket >= tickets || told[ticket]++)
        abort();
}

static void on_claimed(void *context, void *owner, const struct checkpoint *checkpoint)
{
    (void)context, (void)owner;
    if (checkpoint->readable && checkpoint->next > checkpoint->settled + 1)
        claim_start(claims[(bool *)owner - gone], offset, false, "");
}

static void on_fenced(void *context, void *owner, bool taken)
{
    size_t index = (size_t)((bool *)owner - gone);

    (void)context, (void)taken;
    claim_drop(claims[index]);
    claims[index] = NULL;
}

static void on_done(void *context, uint32_t ticket)
{
    (void)context;
    tell(ticket);
}

static enum units_verdict on_refused(void *context, uint32_t ticket, enum reply_class class,
                                     const char *text)
{
    (void)context, (void)class, (void)text;
    tell(ticket);
    return (enum units_verdict)(ticket % 3);
}

static void on_dropped(void *context, uint32_t ticket)
{
    (void)context;
    tell(ticket);
}

static void put(struct claim *claim, unsigned commands, bool missed)
{
    struct unit_record record = {offset, 7, {true, offset, 4, SIZE_MAX}};

    if (!claim || !claim_has_room(claim) || tickets + commands >= TICKETS ||
        !claim_begin(claim, &record))
        return;
    for (unsigned i = 0; i < commands; i++)
        tickets += claim_put(claim, (struct slice[]){SLICE("INCR"), SLICE("n")}, 2, NULL, tickets);
    if (missed)
        claim_miss(claim, true);
    claim_commit(claim);
    offset++;
}

static void lose(void)
{
    if (open)
        session->ops->lost(session);
    open = false;
}

static void hear(const uint8_t **data, size_t *size)
{
    size_t length = *size ? **data : 0;

    length = length < *size ? length : *size - (*size > 0);
    struct slice bytes = {(const char *)*data + 1, length};
    *data += *size ? length + 1 : 0;
    *size -= *size ? length + 1 : 0;
    if (open && length && !session->ops->receive(session, &bytes))
        lose();
}

static void make_claim(size_t index)
{
    struct claim_name name = {"g", "t", (int32_t)index, 0xff};

    if (!claims[index])
        claims[index] = lane_claim(lane, &name, 0xabc, &gone[index]);
}

static void drop(size_t index)
{
    if (claims[index])
        claim_drop(claims[index]);
    claims[index] = NULL;
}

static void step(uint8_t byte, const uint8_t **data, size_t *size)
{
    switch (byte) {
    case 'r':
        hear(data, size);
        break;
    case 'c':
        make_claim(0);
        break;
    case 'C':
        make_claim(1);
        break;
    case 'b':
        if (!open)
            session_begin(session);
        open = true;
        break;
    case 'l':
        lose();
        break;
    case 'p':
        put(claims[0], 2, false);
        break;
    case 'P':
        put(claims[1], 1, false);
        break;
    case 'k':
        put(claims[0], 0, true);
        break;
    case 'm':
        if (claims[0])
            claim_mend(claims[0], offset - 1);
        break;
    case 'd':
        drop(0);
        break;
    case 'D':
        drop(1);
        break;
    case 't':
        lane_tick(lane);
        break;
    case 'i':
        session->ops->idle(session);
        break;
    case 'u':
        session->ops->resume(session);
        break;
    default:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sink_counters counters;
    struct lane_options options = {
        .name = "fuzz",
        .prefix = "p",
        .unit_records = 2,
        .unit_bytes = 1 << 10,
        .events = {NULL, on_claimed, on_fenced, on_done, on_refused, on_dropped, NULL, NULL},
        .counters = &counters,
    };

    log_configure(LOG_ERROR, LOG_LOGFMT);
    if (!counters.commands)
        counters.commands = command_counters();
    memset(told, 0, sizeof(told));
    tickets = 0;
    offset = 0;
    lane = lane_new(&options);
    session = lane_session(lane);
    while (size) {
        uint8_t byte = *data++;
        size--;
        step(byte, &data, &size);
        session->ops->turn(session);
        session->ops->sent(session, session->ops->output(session).length);
        session->ops->deliver(session);
    }
    lose();
    drop(0);
    drop(1);
    session->ops->deliver(session);
    if (session->ops->inflight(session))
        abort();
    for (uint32_t i = 0; i < tickets; i++)
        if (!told[i])
            abort();
    lane_free(lane);
    return 0;
}
