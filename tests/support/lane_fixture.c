/* lane_fixture.c: a lane without a socket, what it says and hears, and what it tells. */
#include "lane_fixture.h"
#include "command_counters.h"

#include "base/log.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdlib.h>

struct lane *lane;
struct session *session;
struct claim *claims[2];
struct sink_counters counters;
enum units_verdict verdict;
bool drops, sound;

static char telling[4096], said[8192];
static size_t piece; /* bytes; 0: whole */
static const struct suite_test *conversations;
static size_t conversation_count;

/* --- what it tells ---------------------------------------------------------------------------- */

__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
    size_t used = strlen(telling);
    va_list arguments;

    va_start(arguments, format);
    if (used)
        used += (size_t)snprintf(telling + used, sizeof(telling) - used, ", ");
    vsnprintf(telling + used, sizeof(telling) - used, format, arguments);
    va_end(arguments);
}

static void on_claimed(void *context, void *owner, const struct checkpoint *checkpoint)
{
    (void)context;
    if (checkpoint->found && !checkpoint->readable)
        tell("%s claimed, unreadable: %s", (const char *)owner, checkpoint->error);
    else if (checkpoint->found)
        tell("%s claimed at %lld with %zu gaps", (const char *)owner, (long long)checkpoint->next,
             checkpoint->gap_count);
    else
        tell("%s claimed", (const char *)owner);
}

static void on_fenced(void *context, void *owner, bool taken)
{
    (void)context;
    tell("%s %s", (const char *)owner, taken ? "taken" : "lost");
}

static void on_done(void *context, uint32_t ticket)
{
    (void)context;
    tell("done %u", ticket);
}

static enum units_verdict on_refused(void *context, uint32_t ticket, enum reply_class class,
                                     const char *text)
{
    (void)context;
    tell("refused %u %s: %s", ticket,
         class == REPLY_REJECT   ? "reject"
         : class == REPLY_CONFIG ? "config"
                                 : "unknown",
         text);
    if (drops)
        claim_drop(claims[0]);
    drops = false;
    return verdict;
}

static void on_dropped(void *context, uint32_t ticket)
{
    (void)context;
    tell("dropped %u", ticket);
}

const char *told(void)
{
    static char copy[sizeof(telling)];

    memcpy(copy, telling, sizeof(copy));
    telling[0] = '\0';
    return copy;
}

const char *news(void)
{
    session->ops->deliver(session);
    return told();
}

/* --- what it says and hears ------------------------------------------------------------------- */

/* Reads "$3\r\nSET\r\n" into the text of what was said. */
static const char *argument(const char *at, size_t *used)
{
    size_t length = strtoul(at + 1, NULL, 10);

    at = strstr(at, "\r\n") + 2;
    memcpy(said + *used, at, length);
    *used += length;
    return at + length + 2;
}

const char *says(void)
{
    struct slice output = session->ops->output(session);
    char *bytes = mem_copy(output.data, output.length);
    const char *at = bytes, *end = bytes + output.length;
    size_t used = 0;

    while (at < end) {
        size_t count = strtoul(at + 1, NULL, 10);
        at = strstr(at, "\r\n") + 2;
        if (used)
            used += (size_t)sprintf(said + used, " / ");
        for (size_t i = 0; i < count; i++) {
            if (i)
                said[used++] = ' ';
            at = argument(at, &used);
        }
    }
    said[used] = '\0';
    session->ops->sent(session, output.length);
    free(bytes);
    return said;
}

void hear(const char *text)
{
    size_t length = strlen(text);

    for (size_t at = 0; at < length && sound;) {
        size_t left = length - at, part = piece && piece < left ? piece : left;
        char *copy = mem_copy(text + at, part); /* its end is the end of readable memory */
        session->least = 0;
        struct slice input = {copy, part};
        sound = session->ops->receive(session, &input);
        free(copy);
        at += part;
    }
}

void put(struct claim *claim, int64_t offset, uint32_t ticket)
{
    struct unit_record record = {offset, 7, {true, offset * 10, 4, SIZE_MAX}};

    claim_begin(claim, &record);
    claim_put(claim, (struct slice[]){SLICE("INCR"), SLICE("n")}, 2, NULL, ticket);
    claim_commit(claim);
    session->ops->turn(session);
}

void put_two(struct claim *claim, int64_t offset, uint32_t ticket)
{
    struct unit_record record = {offset, 7, {true, offset * 10, 4, SIZE_MAX}};

    claim_begin(claim, &record);
    claim_put(claim, (struct slice[]){SLICE("INCR"), SLICE("n")}, 2, NULL, ticket);
    claim_put(claim, (struct slice[]){SLICE("DECR"), SLICE("m")}, 2, NULL, ticket + 1);
    claim_commit(claim);
    session->ops->turn(session);
}

/* --- beginnings ------------------------------------------------------------------------------- */

void open_lane(void)
{
    struct lane_options options = {
        .name = "test",
        .prefix = "p",
        .unit_records = 4,
        .unit_bytes = 1 << 10,
        .events = {NULL, on_claimed, on_fenced, on_done, on_refused, on_dropped, NULL, NULL},
        .counters = &counters,
    };

    free(counters.commands);
    counters = (struct sink_counters){0};
    counters.commands = command_counters();
    lane = lane_new(&options);
    session = lane_session(lane);
    verdict = UNITS_SKIP;
    sound = true;
    telling[0] = '\0';
}

struct claim *claim(int32_t partition)
{
    static char owners[2][8] = {"first", "second"};
    struct claim_name name = {"g", "t", partition, 0xff};

    return lane_claim(lane, &name, 0xabc, owners[partition]);
}

void begin(void)
{
    session_begin(session);
    hear("$0\r\n\r\n");
}

void open_owned(void)
{
    open_lane();
    claims[0] = claim(0);
    session_begin(session);
    ASSERT_TEXT(says(), "INFO memory / " WATCH_0);
    hear("$0\r\n\r\n" NO_TOKEN);
    ASSERT_TEXT(says(), "SET " E0 " " TOKEN " / HGETALL " K0 " / EXEC / " WATCH_0);
    hear(QUEUED QUEUED "*2\r\n" OK "*0\r\n" WATCHED(TOKEN));
    ASSERT_TEXT(news(), "first claimed");
    ASSERT_TEXT(says(), "");
}

void open_sent(void)
{
    open_owned();
    put(claims[0], 0, 5);
    ASSERT_TEXT(says(), FIRST_BODY);
}

void open_asking(void)
{
    open_lane();
    claims[0] = claim(0);
    begin();
    says();
}

void open_both_owned(void)
{
    open_lane();
    claims[0] = claim(0);
    claims[1] = claim(1);
    begin();
    says();
    hear(OK "*2\r\n$-1\r\n$-1\r\n" OK);
    ASSERT_TEXT(says(), "SET " E0 " " TOKEN " / HGETALL " K0 " / SET " E1 " " TOKEN " / HGETALL " K1
                        " / EXEC / WATCH " E0 " " E1 " / MGET " E0 " " E1 " / MULTI");
    hear(QUEUED QUEUED QUEUED QUEUED "*4\r\n" OK "*0\r\n" OK "*0\r\n" OK "*2\r\n$18\r\n" TOKEN
                                     "\r\n$18\r\n" TOKEN "\r\n" OK);
    ASSERT_TEXT(news(), "first claimed, second claimed");
}

void close_lane(void)
{
    lane_free(lane);
    lane = NULL;
    session = NULL;
    free(counters.commands);
    counters.commands = NULL;
    telling[0] = '\0';
}

/* --- the three ways --------------------------------------------------------------------------- */

/* Runs them all again, what they hear cut into pieces. */
static void in_pieces(size_t bytes)
{
    piece = bytes;
    for (size_t i = 0; i < conversation_count; i++)
        conversations[i].run();
    piece = 0;
}

static void every_conversation_goes_the_same_way_byte_by_byte(void)
{
    in_pieces(1);
}

static void every_conversation_goes_the_same_way_in_small_pieces(void)
{
    for (size_t bytes = 2; bytes < 40; bytes++)
        in_pieces(bytes);
}

int lane_suite_run(const char *name, const struct suite_test *given, size_t count)
{
    static const struct suite_test again[] = {
        TEST(every_conversation_goes_the_same_way_byte_by_byte),
        TEST(every_conversation_goes_the_same_way_in_small_pieces),
    };
    enum { AGAIN = sizeof(again) / sizeof(again[0]) };
    struct suite_test *tests = mem_array(AGAIN + count, sizeof(*tests));

    conversations = given;
    conversation_count = count;
    log_configure(LOG_ERROR, LOG_LOGFMT);
    memcpy(tests, again, sizeof(again));
    memcpy(tests + AGAIN, given, count * sizeof(*given));
    int status = suite_run(name, tests, AGAIN + count);
    free(tests);
    return status;
}
