/*
 * confirm.c: whether what a sink's server has answered can still be lost with it.
 *
 * When the data connections come to another server, what was answered and not confirmed may be
 * gone:
 *      1. A answers records 1 to 9, which no replica has yet; A dies, B is promoted
 *      2. the connections come to B; a barrier there would be reached at once
 *      3. 1 to 9 are on A alone
 */
#include "redis/confirm.h"

#include "base/mem.h"
#include "redis/servers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct confirm {
    struct servers *servers;
    struct confirm_events events;
    struct barrier *barrier;
    bool server_changed; /* connections come to another server, one by one */
    bool counts;         /* no server changed since the barrier under way began */
    char *history;       /* of the last barrier that counted; NULL: none */
    const char *trouble; /* why the last barrier did not count, or begin */
};

/* --- what is lost ----------------------------------------------------------------------------- */

static void lose(struct confirm *confirm)
{
    confirm->server_changed = confirm->counts = false;
    free(confirm->history);
    confirm->history = NULL;
    confirm->events.lost(confirm->events.context);
}

/* A connection that sends again by itself what had no answer must not do so before what was lost is
 * known. Of those that repeat nothing by themselves there are several: all of them first. */
void confirm_server_changed(struct confirm *confirm, bool repeats)
{
    confirm->server_changed = true;
    confirm->counts = false;
    if (repeats)
        lose(confirm);
}

/* --- whose answers ---------------------------------------------------------------------------- */

/* Whether the data connections and the barrier's lead to one server; says what does not come by
 * itself. */
static bool is_one_server(struct confirm *confirm)
{
    const char *run_id = servers_run_id(confirm->servers);

    confirm->trouble = "";
    if (run_id && *run_id && strcmp(run_id, barrier_run_id(confirm->barrier)) == 0)
        return true;
    if (servers_trouble(confirm->servers)) /* it will be known */
        return false;
    if (run_id && !*run_id) {
        confirm->trouble = "the server does not tell who it is: the right to INFO is needed";
        return false;
    }
    confirm->trouble = "the connections of the sink lead to different servers";
    if (run_id)
        barrier_reconnect(confirm->barrier, "another server than that of the data");
    return false;
}

static bool history_is_the_same(const struct confirm *confirm)
{
    return !confirm->history || strcmp(confirm->history, barrier_history(confirm->barrier)) == 0;
}

/* --- barriers --------------------------------------------------------------------------------- */

bool confirm_is_ready(const struct confirm *confirm)
{
    return barrier_is_ready(confirm->barrier) && !confirm->server_changed;
}

bool confirm_begin(struct confirm *confirm)
{
    if (!is_one_server(confirm))
        return false;
    confirm->counts = true;
    barrier_begin(confirm->barrier);
    return true;
}

static bool confirm_end(struct confirm *confirm, enum barrier_outcome *outcome)
{
    if (*outcome != BARRIER_REACHED) {
        confirm->trouble = barrier_text(confirm->barrier);
        return true;
    }
    if (!history_is_the_same(confirm)) {
        lose(confirm);
        return false;
    }
    if (!confirm->counts)
        return false;
    if (!is_one_server(confirm)) {
        *outcome = BARRIER_FAILED;
        return *confirm->trouble;
    }
    if (!confirm->history)
        confirm->history = mem_text(barrier_history(confirm->barrier));
    return true;
}

bool confirm_take(struct confirm *confirm, enum barrier_outcome *outcome)
{
    if (confirm->server_changed && servers_run_id(confirm->servers))
        lose(confirm);
    return barrier_take(confirm->barrier, outcome) && confirm_end(confirm, outcome);
}

void confirm_renew(struct confirm *confirm)
{
    if (confirm)
        barrier_renew(confirm->barrier);
}

const char *confirm_text(const struct confirm *confirm)
{
    return confirm->trouble;
}

const char *confirm_trouble(const struct confirm *confirm)
{
    return barrier_trouble(confirm->barrier);
}

/* --- life ------------------------------------------------------------------------------------- */

struct confirm *confirm_new(struct servers *servers, const char *key,
                            const struct confirm_events *events)
{
    struct confirm *confirm = mem_new(struct confirm);

    confirm->servers = servers;
    confirm->events = *events;
    confirm->trouble = "";
    confirm->barrier = barrier_new(&servers->setup, key);
    return confirm;
}

void confirm_free(struct confirm *confirm)
{
    if (!confirm)
        return;
    barrier_free(confirm->barrier);
    free(confirm->history);
    free(confirm);
}
