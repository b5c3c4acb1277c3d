/* admin.c: the admin port: metrics and probes, on a thread of its own. */
#include "app/admin.h"

#include "app/accept.h"
#include "app/health.h"
#include "app/history.h"
#include "app/http.h"
#include "app/request.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "metrics/metrics.h"
#include "metrics/snapshot.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct admin {
    struct metrics *metrics;
    struct health *health;
    struct event_base *base;
    struct http *http, *local; /* on its address and on its unix socket: a crowd that takes every
                                  place of one takes none of the other */
    struct history *history;
    struct event *second, *stop;
    int stop_handle; /* eventfd: written once, by admin_stop() */
    pthread_t thread;
};

/* --- endpoints ------------------------------------------------------------------------------- */

/* Metrics say what the probes would say now. */
static void admin_note_health(const struct admin *admin)
{
    metrics_set_health(admin->metrics, health_answer(admin->health, HEALTH_READY),
                       health_answer(admin->health, HEALTH_STARTED));
}

static void admin_metrics(void *context, const struct request *request, struct http_answer *answer)
{
    const struct admin *admin = context;
    enum metrics_format format = accept_metrics(request->accept);

    answer->type = format == METRICS_OPENMETRICS
                       ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                       : "text/plain; version=0.0.4; charset=utf-8";
    admin_note_health(admin);
    metrics_write(admin->metrics, format, answer->body);
}

/* As Kubernetes' own probes answer: "ok", or the list of checks if the query asks for it or one
 * failed. */
static void admin_probe(const struct admin *admin, enum health_question question,
                        const struct request *request, struct http_answer *answer)
{
    char *list = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&list, &length);
    bool good = health_check(admin->health, question, out);

    fclose(out);
    answer->status = good ? 200 : 503;
    if (!good || request_query_has(request->query, "verbose"))
        fprintf(answer->body, "%scheck %s\n", list, good ? "passed" : "failed");
    else
        fputs("ok\n", answer->body);
    free(list);
}

static void admin_livez(void *context, const struct request *request, struct http_answer *answer)
{
    admin_probe(context, HEALTH_LIVE, request, answer);
}

static void admin_readyz(void *context, const struct request *request, struct http_answer *answer)
{
    admin_probe(context, HEALTH_READY, request, answer);
}

static void admin_startupz(void *context, const struct request *request, struct http_answer *answer)
{
    admin_probe(context, HEALTH_STARTED, request, answer);
}

static void admin_history(void *context, const struct request *request, struct http_answer *answer)
{
    const struct admin *admin = context;

    (void)request;
    answer->type = "application/json";
    history_write(admin->history, answer->body);
}

static void admin_write_event(const struct admin *admin, FILE *out)
{
    fputs("event: sample\ndata: ", out);
    history_write_newest(admin->history, out);
    fputs("\n\n", out);
}

static void admin_events(void *context, const struct request *request, struct http_answer *answer)
{
    (void)request;
    answer->type = "text/event-stream";
    answer->stream = true;
    fputs("retry: 1000\n\n", answer->body);
    admin_write_event(context, answer->body);
}

static void admin_index(void *context, const struct request *request, struct http_answer *answer);

static const struct http_endpoint endpoints[] = {
    {"/", "This list.", admin_index},
    {"/metrics",
     "Every metric, in the Prometheus text format 0.0.4, or in OpenMetrics 1.0.0 if `Accept` "
     "prefers "
     "it.",
     admin_metrics},
    {"/livez",
     "200 while the loop of every worker runs, whatever Kafka and Redis do; if not, restart.",
     admin_livez},
    {"/readyz",
     "200 while everything is read that should be: Kafka answers, every worker is in its group "
     "(perhaps "
     "with no partition), every topic exists and may be read, every pattern matches a topic, every "
     "sink is reachable, no partition is held, no dead letter waits for long, and penstock is not "
     "stopping.",
     admin_readyz},
    {"/startupz",
     "200 after penstock was ready for the first time; with `startup = \"warm\"` after Redis also "
     "had every partition up to the end of its log. Until then the list says how far it is.",
     admin_startupz},
    {"/api/v1/history",
     "The last fifteen minutes, one sample a second, as JSON: a list for each series, oldest "
     "sample "
     "first.",
     admin_history},
    {"/api/v1/events",
     "The newest sample of the history each second, as a stream of server-sent events.",
     admin_events},
};

enum { ENDPOINTS = sizeof(endpoints) / sizeof(endpoints[0]) };

static void admin_index(void *context, const struct request *request, struct http_answer *answer)
{
    (void)context, (void)request;
    fprintf(answer->body, "penstock %s\n\n", PENSTOCK_VERSION);
    for (size_t i = 0; i < ENDPOINTS; i++)
        fprintf(answer->body, "%-16s %s\n", endpoints[i].path, endpoints[i].help);
    fputs("\n?verbose makes a probe list its checks.\n", answer->body);
}

void admin_write_reference(FILE *out)
{
    fputs("# The admin port\n\n"
          "`admin = { listen = \"127.0.0.1:9464\"; };` is the default. With port 0 penstock uses a "
          "free port and logs its number.\n`socket = \"/run/penstock/admin.sock\"` opens a unix "
          "socket beside it, for its owner and group (mode 0660), with limits\nof its own: `curl "
          "--unix-socket /run/penstock/admin.sock http://localhost/readyz`.\nThis page is "
          "generated from `src/app/admin.c`; a test "
          "fails when it is stale.\n\n"
          "| path | answer |\n|---|---|\n",
          out);
    for (size_t i = 0; i < ENDPOINTS; i++)
        fprintf(out, "| `%s` | %s |\n", endpoints[i].path, endpoints[i].help);
    fprintf(
        out,
        "\nA probe that fails answers 503 and lists its checks, one on each line; with `?verbose` "
        "every probe lists them:\n\n"
        "```\n[+]configuration ok\n[+]kafka ok\n[+]topic rides of source main: assigned\n"
        "[-]topic trpis of source main: it does not exist, or we may not see it, for 31 s\n"
        "[-]sink live: connection refused, for 12 s\n"
        "[+]dlq ok\n"
        "[-]partition rides[3]: offset 88121: route rides_cache: WRONGTYPE Operation against a "
        "key holding the wrong kind of value\ncheck failed\n```\n\n"
        "`/livez` never depends on Kafka or Redis, because a restart would not help them.\n\n"
        "## Limits\n\n"
        "penstock answers GET and HEAD; any other method gets 405. It reads no body, and closes "
        "the connection after a request that\nhas one; other connections carry many requests, and "
        "are closed after %d s without one. A request line or headers of\nmore than %d bytes get "
        "414 or 431; anything but HTTP gets 400. If the headers take longer than %d s, the request "
        "gets\n408. If a client does not read its answer within %d s, penstock closes the "
        "connection. It serves at most %d connections\nat once; others wait. If all are in use, "
        "penstock closes each one after its answer, and one that has waited %d ms for\nits "
        "client's headers. Beside them %d clients may read `/api/v1/events`; a further one gets "
        "503. "
        "A viewer that is too slow\nloses events, and after %d s in which it has taken nothing, "
        "its "
        "connection. None of this affects the threads that\nmove records.\n\n"
        "`Host` must be `localhost`, an IP address or one of the names in `admin.hosts`; anything "
        "else gets 421. So a web page\nwhose own name leads to this port can read nothing from "
        "it.\n",
        HTTP_IDLE_MS / 1000, HTTP_HEAD_BYTES, HTTP_HEAD_MS / 1000, HTTP_CONNECTION_MS / 1000,
        HTTP_CONNECTIONS, HTTP_CROWDED_MS, HTTP_STREAMS, HTTP_STALLED_MS / 1000);
}

/* --- life ------------------------------------------------------------------------------------ */

static void admin_stop_asked(evutil_socket_t handle, short what, void *context)
{
    struct admin *admin = context;

    (void)handle, (void)what;
    event_base_loopbreak(admin->base);
}

static void admin_publish(const struct admin *admin)
{
    char *event = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&event, &length);

    admin_write_event(admin, out);
    fclose(out);
    for (size_t i = 0; i < 2; i++) {
        struct http *http = i ? admin->local : admin->http;
        if (http)
            http_publish(http, (struct slice){event, length});
    }
    free(event);
}

/* One sample for everybody who looks, and for those who will. */
static void admin_sample(evutil_socket_t handle, short what, void *context)
{
    const struct admin *admin = context;
    struct snapshot snapshot;

    (void)handle, (void)what;
    admin_note_health(admin);
    snapshot_take(&snapshot, admin->metrics);
    history_add(admin->history, &snapshot, clock_ms(), clock_wall_ms());
    snapshot_clear(&snapshot);
    admin_publish(admin);
}

static void *admin_run(void *context)
{
    struct admin *admin = context;

    event_base_dispatch(admin->base);
    return NULL;
}

/* The main thread handles signals; blocked here, a client that hangs up raises none. */
static bool admin_start_thread(struct admin *admin, struct err *err)
{
    sigset_t every, before;

    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before);
    int status = pthread_create(&admin->thread, NULL, admin_run, admin);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status == 0 || err_set(err, ERR_FATAL, "admin: thread: %s", strerror(status));
}

/* Frees what was set up, with or without a thread. */
static void admin_free(struct admin *admin)
{
    http_free(admin->local);
    http_free(admin->http);
    history_free(admin->history);
    if (admin->second)
        event_free(admin->second);
    if (admin->stop)
        event_free(admin->stop);
    if (admin->stop_handle >= 0)
        close(admin->stop_handle);
    if (admin->base)
        event_base_free(admin->base);
    free(admin);
}

static bool admin_listen(struct admin *admin, const char *where, struct http_hosts hosts,
                         struct http **http, struct err *err)
{
    if (!where)
        return true;
    if (!(*http = http_new(admin->base, where, hosts, endpoints, ENDPOINTS, admin, err)))
        return false;
    log_info("admin port open", LOG_STR("listen", http_address(*http)));
    return true;
}

struct admin *admin_start(const char *listen, const char *socket, struct http_hosts hosts,
                          struct metrics *metrics, struct health *health, struct err *err)
{
    static const struct timeval second = {HISTORY_STEP_MS / 1000, 0};
    struct admin *admin = mem_new(struct admin);

    admin->metrics = metrics;
    admin->health = health;
    admin->history = history_new();
    admin->base = event_base_new();
    admin->stop_handle = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (!admin->base || admin->stop_handle < 0) {
        err_set(err, ERR_FATAL, "admin: %s", strerror(errno));
        goto fail;
    }
    admin->stop = event_new(admin->base, admin->stop_handle, EV_READ, admin_stop_asked, admin);
    event_add(admin->stop, NULL);
    admin->second = event_new(admin->base, -1, EV_PERSIST, admin_sample, admin);
    event_add(admin->second, &second);
    if (!admin_listen(admin, listen, hosts, &admin->http, err) ||
        !admin_listen(admin, socket, hosts, &admin->local, err) || !admin_start_thread(admin, err))
        goto fail;
    return admin;
fail:
    admin_free(admin);
    return NULL;
}

const char *admin_address(const struct admin *admin)
{
    return http_address(admin->http);
}

void admin_stop(struct admin *admin)
{
    if (!admin)
        return;
    eventfd_write(admin->stop_handle, 1);
    pthread_join(admin->thread, NULL);
    admin_free(admin);
}
