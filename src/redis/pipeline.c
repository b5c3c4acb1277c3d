/*
 * pipeline.c: ordinary commands over one connection, and their answers.
 *
 * An answer of the retry class (LOADING, OOM, ...) stops the flow: the commands behind the refused
 * one are on their way already and may well succeed, but a later write must not stay below an
 * earlier one, so all of them are sent again, in order:
 *      1. DRAINING: nothing new is sent; the answers of all that was sent come and are passed over
 *      2. PAUSED: until resume(), or until the command that waits is given up
 *      3. PROBING: the refused command alone, so that the others are not repeated with every try
 *      4. FLOWING, once it is done or refused for good; else back to 2
 *
 * A new connection begins with PROBING, too: so a server that ends it then ends it on the head. A
 * head that did (suspect.h) is doubted before it is sent again: DOUBTING, a pause, then a question
 * about its key; once that is answered it is sent, or refused.
 *
 * Events come from within receive() and may put, commit and discard; and if what they put cannot
 * be sent, the connection may be lost below them: the state is DOWN then, and nothing is touched.
 */
#include "redis/pipeline.h"

#include "metrics/metrics.h"
#include "redis/commands.h"
#include "redis/reply.h"
#include "redis/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct pipeline *pipeline_of(struct session *session)
{
    return (struct pipeline *)session; /* its first member */
}

static const struct pipeline *pipeline_at(const struct session *session)
{
    return (const struct pipeline *)session;
}

static struct session_command pipeline_head(const struct pipeline *pipeline)
{
    const struct queued *head = window_head(&pipeline->window);

    return (struct session_command){pipeline->window.queue.first, head->ticket, head->length};
}

static void pipeline_count(struct pipeline *pipeline, enum command_result result)
{
    uint32_t command = window_head(&pipeline->window)->command;

    pipeline->counters->commands[command * RESULT_COUNT + result]++;
}

/* The connection cannot be trusted any more. */
static bool pipeline_break(struct pipeline *pipeline, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool pipeline_break(struct pipeline *pipeline, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(pipeline->session.trouble, sizeof(pipeline->session.trouble), format, arguments);
    va_end(arguments);
    return false;
}

static void pipeline_ask(struct pipeline *pipeline, size_t length)
{
    pipeline->question_length = length;
    pipeline->question_sent = 0;
    pipeline->question_waits = true;
}

/* --- states ----------------------------------------------------------------------------------- */

void pipeline_discard(struct pipeline *pipeline)
{
    const struct sink_events *events = pipeline->events;

    if (events->doubtful)
        window_visit_doubtful(&pipeline->window, events->doubtful, events->context);
    window_filter(&pipeline->window, events->wanted, events->dropped, events->context);
}

/* Sends again from the head on, as far as somebody still wants it. */
static void pipeline_probe(struct pipeline *pipeline)
{
    pipeline_discard(pipeline);
    pipeline->state = PIPELINE_PROBING;
    pipeline->session.pause = SESSION_FLOWS;
}

static void pipeline_pause(struct pipeline *pipeline, enum pipeline_state state,
                           enum session_pause pause)
{
    pipeline->state = state;
    pipeline->session.pause = pause;
}

static void pipeline_pause_if_drained(struct pipeline *pipeline)
{
    struct window *window = &pipeline->window;

    if (window_unanswered(window) > 0 || window->written < window->sent_end)
        return;
    window_rewind(window);
    pipeline_pause(pipeline, PIPELINE_PAUSED, pipeline->later);
}

static bool pipeline_is_cut(const struct session *session)
{
    const struct queue *queue = &pipeline_at(session)->window.queue;

    return queue->committed > 0 && suspect_is(&session->suspect, queue->first);
}

static void pipeline_begin(struct session *session, const char *doubt)
{
    struct pipeline *pipeline = pipeline_of(session);

    pipeline->scanner = (struct resp_scanner){0};
    pipeline->question_length = pipeline->question_sent = 0;
    pipeline->question_waits = false;
    pipeline_probe(pipeline);
    bool doubted = doubt && pipeline_is_cut(session);
    pipeline->condemned &= doubted;
    if (!doubted)
        return;
    snprintf(session->trouble, sizeof(session->trouble), "%s", doubt);
    pipeline_pause(pipeline, PIPELINE_DOUBTING, SESSION_DOUBTS);
}

static bool pipeline_lost(struct session *session)
{
    struct pipeline *pipeline = pipeline_of(session);
    bool unanswered = pipeline->window.sent > 0;

    window_rewind(&pipeline->window);
    pipeline_pause(pipeline, PIPELINE_DOWN, SESSION_FLOWS);
    return unanswered;
}

/* Sends the head once more, or, if it ended connections, asks about it. */
static void pipeline_resume(struct session *session)
{
    struct pipeline *pipeline = pipeline_of(session);
    const struct window *window = &pipeline->window;

    session->pause = SESSION_FLOWS;
    if (pipeline->state == PIPELINE_DOUBTING && pipeline_is_cut(session))
        pipeline_ask(pipeline, question_write(pipeline->question, queue_head_bytes(&window->queue),
                                              window_head(window)->command));
    else
        pipeline_probe(pipeline);
}

/* --- sending ---------------------------------------------------------------------------------- */

/* What of the window may be sent in this state. */
static struct slice pipeline_sendable(const struct pipeline *pipeline)
{
    const struct window *window = &pipeline->window;
    struct slice unsent = window_unsent(window);
    size_t begun = window->sent_end - window->written; /* no half commands */

    switch (pipeline->state) {
    case PIPELINE_FLOWING:
        break;
    case PIPELINE_DRAINING:
        unsent.length = begun;
        break;
    case PIPELINE_PROBING:
        if (window->queue.committed > 0)
            unsent.length = window_head(window)->length - window->written;
        break;
    case PIPELINE_DOWN:
    case PIPELINE_PAUSED:
    case PIPELINE_DOUBTING:
        unsent.length = 0;
        break;
    }
    if (pipeline->finishes && unsent.length > begun)
        unsent.length = begun;
    return unsent;
}

static struct slice pipeline_output(const struct session *session)
{
    const struct pipeline *pipeline = pipeline_at(session);
    size_t left = pipeline->question_length - pipeline->question_sent;

    if (left)
        return (struct slice){pipeline->question + pipeline->question_sent, left};
    return pipeline_sendable(pipeline);
}

static void pipeline_sent(struct session *session, size_t length)
{
    struct pipeline *pipeline = pipeline_of(session);

    if (pipeline->question_sent < pipeline->question_length)
        pipeline->question_sent += length;
    else
        window_wrote(&pipeline->window, length);
    session->asked = pipeline->window.queue.first + pipeline->window.sent;
}

static void pipeline_idle(struct session *session)
{
    struct pipeline *pipeline = pipeline_of(session);

    memcpy(pipeline->question, QUESTION_PING, sizeof(QUESTION_PING) - 1);
    pipeline_ask(pipeline, sizeof(QUESTION_PING) - 1);
}

/* --- the head is over ------------------------------------------------------------------------- */

static void pipeline_done(struct pipeline *pipeline)
{
    const struct sink_events *events = pipeline->events;
    uint32_t ticket = window_head(&pipeline->window)->ticket;

    pipeline_count(pipeline, RESULT_OK);
    window_pop(&pipeline->window);
    events->done(events->context, ticket);
}

static void pipeline_refused(struct pipeline *pipeline, enum reply_class class)
{
    const struct sink_events *events = pipeline->events;
    struct slice command = queue_head_bytes(&pipeline->window.queue);
    uint32_t ticket = window_head(&pipeline->window)->ticket;
    char text[RESP_ERROR_BYTES + 64];

    class = reply_tell(class, pipeline->scanner.text, text, sizeof(text));
    /* The worker knows the command and may find out more. */
    bool contested = events->contests && events->contests(events->context, ticket, text, command);
    pipeline_count(pipeline, RESULT_REFUSED);
    window_pop(&pipeline->window);
    if (!contested)
        events->refused(events->context, ticket, class, text);
}

/* Refuses the head, of which nothing is sent now; the commands behind it flow again. */
static void pipeline_drop_head(struct pipeline *pipeline, const char *text)
{
    const struct sink_events *events = pipeline->events;
    uint32_t ticket = window_head(&pipeline->window)->ticket;

    pipeline_count(pipeline, RESULT_REFUSED);
    window_drop(&pipeline->window);
    events->refused(events->context, ticket, REPLY_REJECT,
                    text); /* nothing can be sent meanwhile */
    pipeline_probe(pipeline);
}

static bool pipeline_retried(const struct session *session, struct session_command *retried)
{
    const struct pipeline *pipeline = pipeline_at(session);

    if (pipeline->state != PIPELINE_PAUSED || !pipeline->window.queue.committed)
        return false;
    *retried = pipeline_head(pipeline);
    return true;
}

static void pipeline_give_up(struct session *session, int64_t waited_ms)
{
    char text[SESSION_TROUBLE_BYTES + 48];

    snprintf(text, sizeof(text), "%s: gave up after %lld ms", session->trouble,
             (long long)waited_ms);
    pipeline_drop_head(pipeline_of(session), text);
}

static void pipeline_retry(struct pipeline *pipeline, enum session_pause pause)
{
    struct session *session = &pipeline->session;

    pipeline_count(pipeline, RESULT_RETRIED);
    window_pass(&pipeline->window);
    snprintf(session->trouble, sizeof(session->trouble), "%s", pipeline->scanner.text);
    pipeline->state = PIPELINE_DRAINING;
    pipeline->later = pause;
    pipeline_pause_if_drained(pipeline);
}

/* --- answers ---------------------------------------------------------------------------------- */

/* The class of the answer that the scanner just passed. */
static enum reply_class pipeline_classify(struct pipeline *pipeline)
{
    const struct resp_scanner *scanner = &pipeline->scanner;
    struct slice line = {scanner->text, scanner->text_length};

    if (!scanner->failed)
        return REPLY_DONE;
    pipeline->counters->errors[metrics_error_index(reply_label(line))]++;
    /* What stands inside a list is a script's word, or one of many. */
    return scanner->nested ? REPLY_UNKNOWN : reply_classify(line);
}

/* What it means for the head. */
static enum reply_class pipeline_judge(struct pipeline *pipeline)
{
    const struct queue *queue = &pipeline->window.queue;
    uint32_t command = queue_at(queue, 0)->command;

    if (!verdict_is_open(&pipeline->scanner, command))
        return REPLY_DONE;
    return verdict_of(&pipeline->scanner, command, queue_head_bytes(queue));
}

/* The head's answer, while commands flow or one probes. */
static bool pipeline_answer_head(struct pipeline *pipeline)
{
    enum reply_class class = pipeline_judge(pipeline);

    switch (reply_meanings[class].command) {
    case REACT_DONE:
        pipeline->state = PIPELINE_FLOWING;
        pipeline_done(pipeline);
        break;
    case REACT_RETRY:
        pipeline_retry(pipeline, SESSION_RETRIES);
        break;
    case REACT_RETRY_SLOWLY:
        pipeline_retry(pipeline, SESSION_RETRIES_SLOWLY);
        break;
    case REACT_RECONNECT:
        pipeline_count(pipeline, RESULT_RETRIED);
        return pipeline_break(pipeline, "%s", pipeline->scanner.text);
    case REACT_REFUSE:
        pipeline->state = PIPELINE_FLOWING;
        pipeline_refused(pipeline, class);
        break;
    }
    return pipeline->state != PIPELINE_DOWN;
}

/* Of all that was sent behind a refused command nothing counts: it is sent again. */
static bool pipeline_answer_passed(struct pipeline *pipeline, enum reply_class class)
{
    enum reply_reaction reaction = reply_meanings[class].command;

    if (reaction == REACT_RECONNECT)
        return pipeline_break(pipeline, "%s", pipeline->scanner.text);
    if (reaction == REACT_DONE)
        window_pass_done(&pipeline->window);
    else
        window_pass(&pipeline->window);
    pipeline_pause_if_drained(pipeline);
    return true;
}

/* Whether others than the head are answered: then it is sent again, or was refused by now. */
static void pipeline_settle_doubt(struct pipeline *pipeline, enum reply_class class)
{
    struct session *session = &pipeline->session;
    char text[SESSION_TROUBLE_BYTES];

    session->answered = reply_meanings[class].told != REPLY_UNKNOWN;
    if (!session->answered)
        suspect_doubt(&session->suspect);
    if (!session->answered || !pipeline->condemned || !pipeline_is_cut(session)) {
        pipeline_probe(pipeline);
        return;
    }
    memcpy(text, session->trouble, sizeof(text));
    pipeline_drop_head(pipeline, text);
}

static bool pipeline_answer_question(struct pipeline *pipeline, enum reply_class class)
{
    pipeline->question_waits = false;
    if (reply_meanings[class].command == REACT_RECONNECT)
        return pipeline_break(pipeline, "%s", pipeline->scanner.text);
    if (pipeline->state == PIPELINE_DOUBTING)
        pipeline_settle_doubt(pipeline, class);
    return pipeline->state != PIPELINE_DOWN;
}

/* One answer came; false: the connection is not what it was. */
static bool pipeline_answer(struct pipeline *pipeline)
{
    const struct window *window = &pipeline->window;
    enum reply_class class = pipeline_classify(pipeline);

    if (pipeline->question_waits)
        return pipeline_answer_question(pipeline, class);
    if (window_unanswered(window) == 0)
        return pipeline_break(pipeline, "an answer without a command: %s",
                              pipeline->scanner.failed ? pipeline->scanner.text : "not an error");
    /* "ERR Protocol error" comes before the command is through, and the end of the stream next. */
    bool early = window_unanswered(window) == 1 && window->written < window->sent_end;
    if (early && !pipeline->scanner.failed) /* nor can it be done by then */
        return pipeline_break(pipeline, "answered before the command was sent");
    bool good = pipeline->state == PIPELINE_DRAINING ? pipeline_answer_passed(pipeline, class)
                                                     : pipeline_answer_head(pipeline);
    if (early && good)
        return pipeline_break(pipeline, "answered before the command was sent");
    return good;
}

static bool pipeline_receive(struct session *session, struct slice *input)
{
    struct pipeline *pipeline = pipeline_of(session);

    while (input->length) {
        enum resp_result result = resp_scan(&pipeline->scanner, input);
        if (result == RESP_MORE)
            break;
        if (result == RESP_BROKEN)
            return pipeline_break(pipeline, "the answer is not Redis' protocol");
        if (!pipeline_answer(pipeline))
            return false;
    }
    session->heard = pipeline->window.queue.first;
    return true;
}

/* --- the session ------------------------------------------------------------------------------ */

bool pipeline_is_quiet(const struct pipeline *pipeline)
{
    const struct window *window = &pipeline->window;

    return !pipeline->question_waits && !window_unanswered(window) &&
           window->written >= window->sent_end;
}

static bool pipeline_waits(const struct session *session)
{
    const struct pipeline *pipeline = pipeline_at(session);

    return pipeline->question_waits || window_unanswered(&pipeline->window) > 0 ||
           pipeline_sendable(pipeline).length > 0;
}

/* One that probes with nothing in hand has nothing that could tell. */
static bool pipeline_is_well(const struct session *session)
{
    const struct pipeline *pipeline = pipeline_at(session);

    return pipeline->state == PIPELINE_FLOWING ||
           (pipeline->state == PIPELINE_PROBING && pipeline->window.queue.committed == 0);
}

static size_t pipeline_inflight(const struct session *session)
{
    return pipeline_at(session)->window.queue.count;
}

/* The head goes alone on each new connection, so that it was the only one under way. */
static bool pipeline_cut(struct session *session, struct session_command *alone)
{
    struct pipeline *pipeline = pipeline_of(session);
    const struct window *window = &pipeline->window;

    pipeline->condemned = false;
    if (window->sent != 1 || window->passed != 0)
        return false;
    *alone = pipeline_head(pipeline);
    return true;
}

static void pipeline_condemn(struct session *session, const char *text)
{
    (void)text; /* begin() brings it */
    pipeline_of(session)->condemned = true;
}

static const struct session_ops pipeline_ops = {
    .begin = pipeline_begin,
    .lost = pipeline_lost,
    .output = pipeline_output,
    .sent = pipeline_sent,
    .receive = pipeline_receive,
    .waits = pipeline_waits,
    .is_well = pipeline_is_well,
    .inflight = pipeline_inflight,
    .retried = pipeline_retried,
    .give_up = pipeline_give_up,
    .resume = pipeline_resume,
    .idle = pipeline_idle,
    .cut = pipeline_cut,
    .condemn = pipeline_condemn,
    .is_cut = pipeline_is_cut,
};

void pipeline_init(struct pipeline *pipeline, const struct sink_events *events,
                   struct sink_counters *counters, size_t limit_commands, size_t limit_bytes)
{
    *pipeline = (struct pipeline){
        .session = {.ops = &pipeline_ops,
                    .events = {events->context, events->retry_timeout, events->suspected}},
        .events = events,
        .counters = counters,
    };
    window_init(&pipeline->window, limit_commands, limit_bytes);
}

void pipeline_free(struct pipeline *pipeline)
{
    window_free(&pipeline->window);
}
