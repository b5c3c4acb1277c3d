/*
 * failure.c: what becomes of a record that cannot be delivered.
 *
 * By its route's on_error it is dropped and counted, becomes a dead letter, or stops its partition
 * and nothing else. What the operator must mend stops it in any case, and so does one failure more
 * than the route's tolerance allows.
 */
#include "flow/failure.h"

#include "base/clock.h"
#include "base/mem.h"
#include "flow/exactly.h"
#include "record/headers.h"
#include "redis/resp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum fate { FATE_HELD, FATE_DROPPED, FATE_DEAD };

/* Counts against the tolerance. */
static enum fate worker_fate(const struct plan *plan, const struct route *route,
                             enum reply_class class)
{
    if (class != REPLY_REJECT || route->conf->on_error == ON_ERROR_STOP ||
        !tolerance_take(plan->tolerances, route->index, clock_ms()))
        return FATE_HELD;
    return route->conf->on_error == ON_ERROR_SKIP ? FATE_DROPPED : FATE_DEAD;
}

/* --- holds ------------------------------------------------------------------------------------ */

/* In how many milliseconds the command is tried again if an answer of this class holds it; 0:
 * not by itself. Redis may say what nobody knows for as long as it may say "later". */
static int64_t again_in_ms(struct worker *worker, const struct delivery *delivery,
                           enum reply_class class)
{
    int64_t timeout_ms = delivery_route(delivery)->conf->retry.timeout;

    if (class != REPLY_UNKNOWN)
        return class == REPLY_CONFIG ? HOLD_RETRY_MS : 0;
    int64_t left_ms = timeout_ms - holds_waited_ms(&worker->holds, delivery->record.partition,
                                                   delivery->offset, worker->now_ms);
    if (!timeout_ms || left_ms > HOLD_RETRY_MS)
        return HOLD_RETRY_MS;
    return left_ms > 0 ? left_ms : 0;
}

/* @p again_ms: as above. */
static void worker_hold(struct worker *worker, struct source_partition *partition,
                        const struct delivery *delivery, const struct trace *trace,
                        int64_t again_ms, const char *text)
{
    const struct route *route = delivery_route(delivery);
    const struct tolerances *tolerances = delivery->plan->shared->tolerances;
    char reason[ERR_TEXT_BYTES], over[100] = "";

    if (tolerance_is_over(tolerances, route->index))
        tolerance_reason(tolerances, route->index, over, sizeof(over));
    snprintf(reason, sizeof(reason), "%s%s%.300s", over, *over && *text ? "; this one: " : "",
             text);
    const struct source_reason why = {route->conf->name, delivery->offset, reason,
                                      trace ? *trace : (struct trace){.sampled = false}};
    if (again_ms)
        holds_until(&worker->holds, partition, worker->now_ms + again_ms, &why);
    else
        source_hold_for(partition, HOLD_RECORD, &why);
    worker->status_changed = true;
}

bool worker_stopped(struct worker *worker, const struct record *record,
                    struct source_ticket source_ticket, const struct route *route)
{
    uint32_t ticket = delivery_open(worker, source_ticket, record, route);
    struct trace trace = headers_trace(record);

    worker_hold(worker, record->owner, delivery_at(&worker->deliveries, ticket), &trace, 0, "");
    return false;
}

/* No error is counted, and none of the tolerance: nothing is wrong with the record. */
bool worker_deferred(struct worker *worker, const struct record *record,
                     struct source_ticket source_ticket, const struct route *route,
                     const char *text)
{
    worker->plan->counters[route->index]->matched++;
    delivery_open(worker, source_ticket, record, route);
    holds_for_decoding(
        &worker->holds, record->owner, worker->now_ms,
        &(struct source_reason){route->conf->name, record->offset, text, headers_trace(record)});
    worker->status_changed = true;
    return false;
}

/* --- dead letters ----------------------------------------------------------------------------- */

void worker_keep(struct worker *worker, const struct route *route, uint32_t ticket)
{
    if (worker->original)
        original_retain(worker->original);
    else
        worker->original =
            original_new(&worker->originals[route->sink_index], &worker->batch, worker->batch.next);
    delivery_at(&worker->deliveries, ticket)->original = worker->original;
}

bool worker_can_fail(struct worker *worker, struct source_partition *partition)
{
    char reason[ERR_TEXT_BYTES];

    if (dlq_has_room(worker->dlq, partition))
        return true;
    if (dlq_is_stuck(worker->dlq, worker->now_ms)) {
        snprintf(reason, sizeof(reason), "dead letters wait: %.400s", dlq_trouble(worker->dlq));
        holds_for_dlq(&worker->holds, partition, reason);
        worker->status_changed = true;
    }
    return false;
}

/* A template may hold what came from a secret file. */
static struct slice command_text(const struct rendered *rendered)
{
    if (!rendered->text)
        return SLICE("UNLINK");
    return rendered->text->secret ? SLICE("***") : slice_of(rendered->text->text);
}

static void worker_count_letter(struct worker *worker, struct route_counters *counters,
                                const struct source_partition *partition, int64_t offset,
                                const struct trace *trace, const struct route *route,
                                const char *error)
{
    counters->letters++;
    counters->letters_waiting++;
    metrics_problem(worker->metrics, PROBLEM_DEAD_LETTERED, source_partition_topic(partition),
                    source_partition_number(partition), offset, route->conf->name, error);
    log_warn_record("record becomes a dead letter",
                    LOG_FAILURE(partition, offset, trace, route, error));
}

/* The letter is one more answer that the delivery waits for. */
static void worker_write_letter(struct worker *worker, uint32_t ticket,
                                const struct dead_record *dead, struct dlq_cause *cause)
{
    struct delivery *delivery = delivery_at(&worker->deliveries, ticket);
    const struct route *route = delivery_route(delivery);

    cause->route = route->conf->name;
    cause->worker = worker->options.number;
    cause->attempts = 1 + delivery->later;
    delivery->dead = true;
    delivery->pending++;
    dlq_put(worker->dlq, dead, cause);
}

void worker_letter_delivered(void *context, uint32_t ticket)
{
    struct worker *worker = context;

    delivery_counters(delivery_at(&worker->deliveries, ticket))->letters_waiting--;
    exactly_mend(worker, ticket);
    delivery_answered(worker, ticket);
}

void worker_letter_dropped(void *context, uint32_t ticket)
{
    struct worker *worker = context;

    delivery_counters(delivery_at(&worker->deliveries, ticket))->letters_waiting--;
    delivery_dropped(worker, ticket);
}

/* --- what Redis refused ----------------------------------------------------------------------- */

/* Which of the record's commands was refused is known by the answers that are still to come, where
 * they come in order. */
static size_t refused_place(const struct delivery *delivery, uint32_t wanted, size_t count)
{
    uint32_t to_come = 0;

    while (count-- > 0) {
        bool left_out = count < 64 && delivery->left_out >> count & 1;
        to_come += !left_out;
        if (!left_out && to_come == wanted)
            return count;
    }
    return 0;
}

/* The command that was refused; all of them if it is not known which. */
static char *refused_command(struct worker *worker, const struct delivery *delivery,
                             uint32_t to_come, struct record *record)
{
    const struct route *route = delivery_route(delivery);
    struct rendering *rendering = &worker->rendering;
    struct scope scope = scope_of(record, &worker->arena, clock_wall_ms());
    bool in_order = route->conf->delivery == EXACTLY_ONCE || route->conf->to->connections == 1;
    char *text = NULL;
    size_t length;
    struct err err;
    FILE *out = open_memstream(&text, &length);

    arena_reset(&worker->arena);
    if (!route_render(route, &scope, rendering, NULL, &err))
        rendering->count = 0;
    size_t place = refused_place(delivery, to_come, rendering->count);
    for (size_t i = 0, told = 0; i < rendering->count; i++)
        if (!in_order || i == place)
            fprintf(out, "%s%.*s", told++ ? "; " : "",
                    SLICE_ARGS(command_text(&rendering->items[i])));
    fclose(out);
    return text;
}

int64_t worker_retry_timeout(void *context, uint32_t ticket)
{
    struct worker *worker = context;
    struct delivery *delivery = delivery_at(&worker->deliveries, ticket);

    delivery->later++;
    return delivery_route(delivery)->conf->retry.timeout;
}

static void worker_bury_refused(struct worker *worker, uint32_t ticket, uint32_t to_come,
                                const char *text)
{
    struct delivery *delivery = delivery_at(&worker->deliveries, ticket);
    struct source_partition *partition = delivery->record.partition;
    struct record record = original_record(delivery->original, partition);
    const struct dead_record dead = {&record, partition, ticket};
    char *command = refused_command(worker, delivery, to_come, &record);

    worker_write_letter(
        worker, ticket, &dead,
        &(struct dlq_cause){.stage = STAGE_REDIS, .command = slice_of(command), .error = text});
    dlq_commit(worker->dlq);
    struct trace trace = headers_trace(&record);
    worker_count_letter(worker, delivery_counters(delivery), partition, delivery->offset, &trace,
                        delivery_route(delivery), text);
    delivery_let_go(worker, ticket);
    free(command);
}

/* It is still ours. */
static void worker_judge_refused(struct worker *worker, uint32_t ticket, uint32_t to_come,
                                 enum reply_class class, const char *text)
{
    struct delivery *delivery = delivery_at(&worker->deliveries, ticket);
    struct source_partition *partition = delivery->record.partition;
    const struct route *route = delivery_route(delivery);
    int64_t again_ms = again_in_ms(worker, delivery, class);
    char told[RESP_ERROR_BYTES + 128];

    snprintf(told, sizeof(told), "%s%s%s",
             class == REPLY_UNKNOWN ? "an answer that penstock does not know: " : "", text,
             class == REPLY_UNKNOWN && !again_ms ? ": gave up after retry.timeout" : "");
    if (!again_ms)
        class = REPLY_REJECT;
    switch (worker_fate(delivery->plan->shared, route, class)) {
    case FATE_DROPPED:
        delivery_log_drop(worker, partition, delivery->offset, delivery->trace, route, told);
        delivery->refused = true;
        break;
    case FATE_DEAD:
        worker_bury_refused(worker, ticket, to_come, told);
        break;
    case FATE_HELD:
        delivery->held = true;
        worker_hold(worker, partition, delivery, delivery->trace, again_ms, told);
        break;
    }
}

/* What becomes of the rest of its record. */
static enum units_verdict delivery_verdict(const struct delivery *delivery)
{
    if (delivery->held || delivery->dropped)
        return UNITS_STOP;
    return delivery->dead ? UNITS_KEEP : UNITS_SKIP;
}

enum units_verdict worker_reject(struct worker *worker, uint32_t ticket, uint32_t to_come,
                                 enum reply_class class, const char *text)
{
    struct delivery *delivery = delivery_at(&worker->deliveries, ticket);

    delivery_counters(delivery)->errors[STAGE_REDIS]++;
    if (!source_ticket_is_current(delivery->record))
        delivery->dropped = true; /* the next owner will meet it */
    else if (!delivery->refused && !delivery->dead)
        worker_judge_refused(worker, ticket, to_come, class, text);
    enum units_verdict verdict = delivery_verdict(delivery);
    delivery_answered(worker, ticket);
    return verdict;
}

enum units_verdict worker_refused(void *context, uint32_t ticket, enum reply_class class,
                                  const char *text)
{
    struct worker *worker = context;
    const struct delivery *delivery = delivery_at(&worker->deliveries, ticket);

    return worker_reject(worker, ticket, delivery->pending - delivery->contested, class, text);
}

/* --- what may end connections ----------------------------------------------------------------- */

void worker_suspected(void *context, uint32_t ticket, const char *text)
{
    struct worker *worker = context;
    struct delivery *delivery = delivery_at(&worker->deliveries, ticket);
    const struct route *route = delivery_route(delivery);

    if (source_ticket_is_current(delivery->record))
        log_warn_record("a record may be closing the connections to redis, retrying it",
                        LOG_FAILURE(delivery->record.partition, delivery->offset, delivery->trace,
                                    route, text));
}

/* --- what may have been carried out ----------------------------------------------------------- */

void worker_read_again(struct worker *worker, uint32_t ticket, const char *why)
{
    struct delivery *delivery = delivery_at(&worker->deliveries, ticket);

    delivery->dropped = true;
    if (source_ticket_is_current(delivery->record)) {
        holds_until(&worker->holds, delivery->record.partition, worker->now_ms,
                    &(struct source_reason){.text = why});
        worker->status_changed = true;
    }
    delivery_answered(worker, ticket);
}

/* --- what never became a command -------------------------------------------------------------- */

void worker_end(struct worker *worker, const struct route *route, enum outcome outcome,
                const char *error)
{
    worker->endings[worker->ending_count++] =
        (struct ending){.route = route,
                        .outcome = outcome,
                        .error = error ? arena_copy(&worker->arena, error, strlen(error)) : NULL};
}

/* A letter ends when it is delivered; its record is open until then. */
void worker_tell_endings(struct worker *worker, const struct record *record)
{
    for (size_t i = 0; i < worker->ending_count; i++) {
        const struct ending *ending = &worker->endings[i];
        struct route_counters *counters = worker->plan->counters[ending->route->index];
        struct trace trace = {.sampled = false};
        if (ending->outcome != OUTCOME_FILTERED)
            trace = headers_trace(record);
        if (ending->outcome == OUTCOME_DEAD_LETTERED) {
            worker_count_letter(worker, counters, record->owner, record->offset, &trace,
                                ending->route, ending->error);
            continue;
        }
        counters->outcomes[ending->outcome]++;
        counters->skipped += ending->skipped;
        if (ending->outcome == OUTCOME_DROPPED)
            delivery_log_drop(worker, record->owner, record->offset, &trace, ending->route,
                              ending->error);
    }
}

void worker_void_endings(struct worker *worker)
{
    for (size_t i = 0; i < worker->ending_count; i++) {
        const struct ending *ending = &worker->endings[i];
        if (ending->outcome != OUTCOME_DEAD_LETTERED)
            worker->plan->counters[ending->route->index]->outcomes[OUTCOME_RETURNED]++;
        if (ending->outcome != OUTCOME_FILTERED && !ending->skipped)
            tolerance_give_back(worker->plan->shared->tolerances, ending->route->index);
    }
}

/* The command whose template failed; none if it never came to that. */
static struct slice failed_command(const struct worker *worker, enum stage stage)
{
    const struct rendering *rendering = &worker->rendering;

    if (stage == STAGE_LIMIT || !rendering->count)
        return SLICE("");
    return command_text(&rendering->items[rendering->count - 1]);
}

/* The route's place among the commands of the record stays free. */
static void worker_miss(struct worker *worker, bool keep)
{
    if (worker->claim)
        claim_miss(worker->claim, keep);
}

void worker_skipped(struct worker *worker, const struct route *route, size_t commands)
{
    worker_end(worker, route, OUTCOME_DROPPED, SKIPPED);
    worker->endings[worker->ending_count - 1].skipped = true;
    for (size_t i = 0; i < commands; i++)
        worker_miss(worker, false);
}

bool worker_failed(struct worker *worker, const struct record *record,
                   struct source_ticket source_ticket, const struct route *route,
                   const struct failure *failure)
{
    struct source_partition *partition = record->owner;
    uint32_t ticket;

    worker->plan->counters[route->index]->errors[failure->stage]++;
    switch (worker_fate(worker->plan->shared, route, REPLY_REJECT)) {
    case FATE_DROPPED:
        worker_end(worker, route, OUTCOME_DROPPED, failure->text);
        worker_miss(worker, false);
        return true;
    case FATE_DEAD:
        worker_miss(worker, true);
        ticket = delivery_open(worker, source_ticket, record, route);
        worker_write_letter(worker, ticket, &(struct dead_record){record, partition, ticket},
                            &(struct dlq_cause){.stage = failure->stage,
                                                .command = failed_command(worker, failure->stage),
                                                .error = failure->text});
        worker_end(worker, route, OUTCOME_DEAD_LETTERED, failure->text);
        return true;
    case FATE_HELD:
        break;
    }
    ticket = delivery_open(worker, source_ticket, record, route);
    struct trace trace = headers_trace(record);
    worker_hold(worker, partition, delivery_at(&worker->deliveries, ticket), &trace, 0,
                failure->text);
    return false;
}
