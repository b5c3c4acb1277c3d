/* lane_replies.c: what a lane hears, answer by answer. */
#include "base/log.h"
#include "base/mem.h"
#include "metrics/metrics.h"
#include "redis/lane_parts.h"
#include "redis/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { INPUT_LIMIT = 64 << 20 };

bool lane_break(struct lane *lane, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(lane->session.trouble, sizeof(lane->session.trouble), format, arguments);
    va_end(arguments);
    lane->broken = true;
    return false;
}

/* Connection and all are sound. */
static void lane_pause(struct lane *lane, enum session_pause pause, const char *text)
{
    snprintf(lane->session.trouble, sizeof(lane->session.trouble), "%s", text);
    lane->session.pause = pause;
    lane->stalled = true;
}

bool lane_pause_for(struct lane *lane, enum reply_class class, const char *text)
{
    enum reply_reaction reaction = reply_meanings[class].own;

    if (reaction == REACT_RECONNECT)
        return lane_break(lane, "%s", text);
    lane_pause(lane, reaction == REACT_RETRY ? SESSION_RETRIES : SESSION_RETRIES_SLOWLY, text);
    return true;
}

/* The class of an error line, counted. */
static enum reply_class lane_classify(struct lane *lane, const char *text)
{
    struct slice line = slice_of(text);

    lane->options.counters->errors[metrics_error_index(reply_label(line))]++;
    return reply_classify(line);
}

/* Takes a line, as far as that can be told apart from something longer. */
static enum resp_result lane_take_line(struct slice *input, struct slice *line)
{
    const char *feed = input->length ? memchr(input->data, '\n', input->length) : NULL;

    if (!feed)
        return input->length < RESP_LINE_BYTES ? RESP_MORE : RESP_BROKEN;
    size_t length = (size_t)(feed - input->data) + 1;
    if (length < 3 || feed[-1] != '\r')
        return RESP_BROKEN;
    *line = (struct slice){input->data, length - 2};
    input->data += length;
    input->length -= length;
    return RESP_REPLY;
}

static void line_text(struct slice line, char text[RESP_ERROR_BYTES])
{
    snprintf(text, RESP_ERROR_BYTES, "%.*s", (int)line.length - 1, line.data + 1);
    reply_hide(text);
}

/* --- the transaction -------------------------------------------------------------------------- */

#define QUEUED_4  LANE_QUEUED LANE_QUEUED LANE_QUEUED LANE_QUEUED
#define QUEUED_32 QUEUED_4 QUEUED_4 QUEUED_4 QUEUED_4 QUEUED_4 QUEUED_4 QUEUED_4 QUEUED_4

enum { QUEUED_BYTES = sizeof(LANE_QUEUED) - 1, QUEUED_BLOCK = 32 };

/* Passes over as many +QUEUED as have come whole. */
static void lane_pass_queued(struct lane *lane, struct slice *input)
{
    static const char block[] = QUEUED_32;
    size_t left = lane->transaction_count - lane->queued, count = QUEUED_BLOCK;

    while (left && count) {
        size_t length = count * QUEUED_BYTES;
        if (left < count || input->length < length || memcmp(input->data, block, length) != 0) {
            count /= 2;
            continue;
        }
        input->data += length;
        input->length -= length;
        left -= count;
    }
    lane->queued = lane->transaction_count - left;
}

static void lane_add_error(struct lane *lane, size_t index, const char *text)
{
    lane->errors =
        mem_grow(lane->errors, lane->error_count, &lane->error_capacity, sizeof(*lane->errors));
    lane->errors[lane->error_count++] =
        (struct lane_error){index, lane_classify(lane, text), mem_text(text)};
}

static enum resp_result lane_take_queued(struct lane *lane, struct slice *input)
{
    char text[RESP_ERROR_BYTES];
    struct slice line;

    lane_pass_queued(lane, input);
    while (lane->queued < lane->transaction_count) {
        enum resp_result result = lane_take_line(input, &line);
        if (result != RESP_REPLY)
            return result;
        if (line.data[0] != '-')
            return RESP_BROKEN;
        line_text(line, text);
        lane_add_error(lane, lane->queued++, text);
        lane_pass_queued(lane, input);
    }
    return RESP_REPLY;
}

/* The answer of one of our own commands inside EXEC. */
static void part_control(struct lane *lane, struct part *part, size_t place)
{
    const struct resp_scanner *scanner = &lane->scanner;

    if (!scanner->failed)
        return;
    lane_classify(lane, scanner->text);
    part->lost = true;
    log_error("redis did not keep a checkpoint", LOG_STR("sink", lane->options.name),
              LOG_STR("topic", part->claim->topic), LOG_INT("partition", part->claim->partition),
              LOG_INT("place", place), LOG_STR("error", scanner->text));
}

/* The answer of one of the unit's commands inside EXEC. */
static void part_judge(struct lane *lane, struct part *part, size_t place)
{
    struct resp_scanner *scanner = &lane->scanner;
    struct unit *unit = part->unit;

    if (scanner->failed)
        lane_classify(lane, scanner->text);
    enum reply_class class = verdict_of(scanner, queue_at(&unit->queue, place)->command,
                                        queue_bytes_at(&unit->queue, place));
    if (class != REPLY_DONE)
        unit_add_error(unit, place, class, scanner->text);
}

static enum resp_result lane_take_found(struct lane *lane, struct part *part, struct slice *input)
{
    enum resp_result result = answer_read(&lane->answer, input);

    if (result == RESP_REPLY)
        part_found(part, &lane->answer);
    return result;
}

/* One element of EXEC's answer. */
static enum resp_result lane_take_element(struct lane *lane, struct slice *input)
{
    struct part *part = &lane->parts[lane->part];
    size_t place = lane->element - part->first;

    if (part->kind == WISH_CLAIM && place == 1)
        return lane_take_found(lane, part, input);
    enum resp_result result = resp_scan(&lane->scanner, input);
    if (result != RESP_REPLY)
        return result;
    if (part_is_ours(part, lane->element))
        part_control(lane, part, place);
    else if (verdict_is_open(&lane->scanner, queue_at(&part->unit->queue, place)->command))
        part_judge(lane, part, place);
    return RESP_REPLY;
}

static enum resp_result lane_take_elements(struct lane *lane, struct slice *input)
{
    while (lane->element < lane->transaction_count) {
        enum resp_result result = lane_take_element(lane, input);
        if (result != RESP_REPLY)
            return result;
        lane->element++;
        if (lane->element == lane->parts[lane->part].first + lane->parts[lane->part].count)
            lane->part++;
    }
    lane_applied(lane);
    return RESP_REPLY;
}

/* EXEC's answer up to its elements; *over: it has none. */
static enum resp_result lane_take_exec_head(struct lane *lane, struct slice *input, bool *over)
{
    char text[RESP_ERROR_BYTES];
    struct slice line;
    enum resp_result result = lane_take_line(input, &line);

    if (result != RESP_REPLY)
        return result;
    snprintf(text, sizeof(text), "*%zu", lane->transaction_count);
    *over = true;
    if (slice_is(line, text)) {
        lane->exec_open = true;
        *over = false;
        return lane->error_count ? RESP_BROKEN : RESP_REPLY;
    }
    if (slice_is(line, "*-1")) {
        lane_not_applied(lane);
        return RESP_REPLY;
    }
    if (line.data[0] != '-')
        return RESP_BROKEN;
    line_text(line, text);
    lane_classify(lane, text);
    return lane_aborted(lane, text) ? RESP_REPLY : RESP_BROKEN;
}

static enum resp_result lane_take_exec(struct lane *lane, struct slice *input)
{
    bool over = false;

    if (!lane->exec_open) {
        enum resp_result result = lane_take_exec_head(lane, input, &over);
        if (result != RESP_REPLY || over)
            return result;
    }
    return lane_take_elements(lane, input);
}

/* --- the watch ------------------------------------------------------------------------------- */

static void lane_watch_failed(struct lane *lane, struct slice line)
{
    char text[RESP_ERROR_BYTES];

    line_text(line, text);
    enum reply_class class = lane_classify(lane, text);
    if (lane->watch_error[0])
        return;
    lane->watch_class = class;
    memcpy(lane->watch_error, text, sizeof(text));
}

static bool claim_is_ours(struct claim *claim, struct slice value, bool *taken)
{
    struct checkpoint_token token = {0};
    bool readable = checkpoint_read_token(value, &token);

    *taken = readable && token.random != claim->random && token.number >= claim->number;
    claim->seen = token.number;
    switch (claim->state) {
    case CLAIM_WAITING:
        return true;
    case CLAIM_RETURNING:
    case CLAIM_IN_DOUBT:
        return token.random == claim->random;
    case CLAIM_OWNED:
        return token.random == claim->random && token.number == claim->number;
    case CLAIM_FENCED:
        break;
    }
    return true;
}

/* The tokens of all that are watched. */
static enum resp_result lane_take_tokens(struct lane *lane)
{
    const struct answer *answer = &lane->answer;

    if (answer->type == '-') {
        lane_watch_failed(lane, (struct slice){answer->text.data - 1, answer->text.length + 1});
        return RESP_REPLY;
    }
    if (answer->type != '*' || answer->count != lane->watched_count)
        return RESP_BROKEN;
    for (size_t i = 0; i < lane->watched_count; i++) {
        struct claim *claim = lane->watched[i];
        bool taken;
        if (!claim || claim->state == CLAIM_FENCED ||
            claim_is_ours(claim, answer->items[i], &taken))
            continue;
        claim->watched = false;
        lane->watched[i] = NULL;
        claim_fence(claim, taken);
    }
    return RESP_REPLY;
}

static enum resp_result lane_take_mget(struct lane *lane, struct slice *input)
{
    enum resp_result result = answer_read(&lane->answer, input);

    return result == RESP_REPLY ? lane_take_tokens(lane) : result;
}

/* The last answer of an watch. */
static enum resp_result lane_take_multi(struct lane *lane, struct slice *input)
{
    struct slice line;
    enum resp_result result = lane_take_line(input, &line);

    if (result != RESP_REPLY)
        return result;
    if (line.data[0] == '-')
        lane_watch_failed(lane, line);
    else if (slice_is(line, "+OK"))
        lane->in_multi = true;
    else
        return RESP_BROKEN;
    if (!lane->watch_error[0]) {
        lane->compared = true;
        return RESP_REPLY;
    }
    lane->again = true;
    if (reply_is_later(lane->watch_class))
        lane_set_retried_watch(lane);
    return lane_pause_for(lane, lane->watch_class, lane->watch_error) ? RESP_REPLY : RESP_BROKEN;
}

static enum resp_result lane_take_discard(struct slice *input)
{
    struct slice line;
    enum resp_result result = lane_take_line(input, &line);

    return result == RESP_REPLY && !slice_is(line, "+OK") ? RESP_BROKEN : result;
}

static enum resp_result lane_take_watch(struct lane *lane, struct slice *input)
{
    struct slice line;
    enum resp_result result = lane_take_line(input, &line);

    if (result == RESP_REPLY && line.data[0] == '-')
        lane_watch_failed(lane, line);
    else if (result == RESP_REPLY && !slice_is(line, "+OK"))
        return RESP_BROKEN;
    return result;
}

/* --- the policy ------------------------------------------------------------------------------- */

static void lane_check_policy(struct lane *lane, struct slice info)
{
    static const char field[] = "maxmemory_policy:";
    const char *found =
        info.length ? memmem(info.data, info.length, field, sizeof(field) - 1) : NULL;
    char text[RESP_ERROR_BYTES];

    if (!found)
        return;
    const char *policy = found + sizeof(field) - 1;
    size_t left = (size_t)(info.data + info.length - policy), length = 0;
    while (length < left && policy[length] > ' ')
        length++;
    if (length < 8 || memcmp(policy, "allkeys-", 8) != 0)
        return;
    snprintf(text, sizeof(text),
             "maxmemory-policy is %.*s: Redis may throw away the checkpoints of exactly-once "
             "delivery; set it to noeviction or volatile-*",
             (int)(length < 32 ? length : 32), policy);
    lane_pause(lane, SESSION_EVICTS, text);
}

static enum resp_result lane_take_info(struct lane *lane, struct slice *input)
{
    struct answer *answer = &lane->answer;
    enum resp_result result = answer_read(answer, input);

    if (result != RESP_REPLY)
        return result;
    if (answer->type == '$') {
        lane_check_policy(lane, answer->text);
        return RESP_REPLY;
    }
    if (answer->type != '-')
        return RESP_BROKEN;
    if (!lane->check_told)
        log_warn_each("redis does not report its maxmemory-policy: with allkeys-* it may evict the "
                      "checkpoints of exactly-once delivery",
                      LOG_STR("sink", lane->options.name), LOG_SLICE("error", answer->text));
    lane->check_told = true;
    return RESP_REPLY;
}

/* --- all of them ------------------------------------------------------------------------------ */

/* Takes the answer that comes next, or more of it. */
static enum resp_result lane_take(struct lane *lane, enum lane_step step, struct slice *input)
{
    switch (step) {
    case STEP_DISCARD:
        return lane_take_discard(input);
    case STEP_WATCH:
        return lane_take_watch(lane, input);
    case STEP_QUEUED:
        return lane_take_queued(lane, input);
    case STEP_EXEC:
        return lane_take_exec(lane, input);
    case STEP_INFO:
        return lane_take_info(lane, input);
    case STEP_MGET:
        return lane_take_mget(lane, input);
    case STEP_MULTI:
        return lane_take_multi(lane, input);
    }
    return RESP_BROKEN;
}

static bool lane_scan(struct lane *lane, struct slice *input)
{
    while (input->length) {
        enum lane_step step = lane->awaited & (0 - lane->awaited);
        if (!step)
            return lane_break(lane, "an answer without a command");
        enum resp_result result = lane_take(lane, step, input);
        if (result == RESP_BROKEN)
            return lane->broken ? false
                                : lane_break(lane, "the answer is not what Redis says here");
        if (result == RESP_MORE)
            return true;
        lane->awaited &= ~(unsigned)step;
        lane->heard = true;
    }
    if (!lane->awaited) {
        lane->session.heard = lane->session.asked;
        lane_turn(lane);
    }
    return true;
}

/* Keeps the beginning of an answer. */
static bool lane_keep(struct lane *lane, struct slice rest)
{
    if (rest.length > INPUT_LIMIT)
        return lane_break(lane, "an answer of more than %d bytes", INPUT_LIMIT);
    if (rest.length && rest.data != lane->input) {
        if (lane->input_capacity < rest.length) {
            lane->input = mem_resize(lane->input, rest.length * 2);
            lane->input_capacity = rest.length * 2;
        }
        memmove(lane->input, rest.data, rest.length);
    }
    lane->input_length = rest.length;
    return true;
}

bool lane_receive(struct session *session, struct slice *bytes)
{
    struct lane *lane = lane_of(session);
    struct slice input = *bytes;

    if (lane->input_length) {
        size_t length = lane->input_length + bytes->length;
        if (lane->input_capacity < length) {
            lane->input = mem_resize(lane->input, length * 2);
            lane->input_capacity = length * 2;
        }
        memcpy(lane->input + lane->input_length, bytes->data, bytes->length);
        input = (struct slice){lane->input, length};
    }
    *bytes = (struct slice){bytes->data + bytes->length, 0};
    return lane_scan(lane, &input) && lane_keep(lane, input);
}
