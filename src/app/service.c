/*
 * service.c: the process's life: workers, admin port, signals, the service manager.
 *
 *      start    opens the admin port and makes the workers, then starts threads; READY=1 when each
 *               worker is in its group, or, with startup_notify, when the start is over
 *      run      the main thread waits for signals, feeds the watchdog and reports the status;
 *               SIGHUP reads the configuration again (reload.c)
 *      stop     SIGTERM or SIGINT: every worker drains, commits and leaves its group within
 *               drain_timeout; 1.5 s later the process exits whatever hangs
 *
 * A second signal ends it at once.
 */
#include "app/service.h"

#include "app/admin.h"
#include "app/cli.h"
#include "app/health.h"
#include "app/life_log.h"
#include "app/notify.h"
#include "app/reload.h"
#include "app/workers.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "kafka/library.h"
#include "kafka/source.h"
#include "redis/commands.h"
#include "redis/library.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    TICK_MS = 200,
    BUSY_TICK_MS = 10, /* while workers take another configuration */
    READY_MS = 10000,
    STATUS_MS = 10000,
    WARMING_MS = 5000,
    STOP_SLACK_MS = 1500
};
enum { START_MORE_MS = 6 * STATUS_MS }; /* systemd waits so much longer; told with each status */
enum { STOP_TELL_MS = 1500, STOP_TELL_AGAIN_MS = 10000 };
enum { ADDRESSES = 320 << 20 }; /* libraries, stacks, and what allocators reserve for threads */

struct service {
    const struct loaded *loaded;
    struct workers *workers;
    struct reload *reload;
    struct metrics *metrics;
    const char **names; /* of commands, for the metrics */
    struct health *health;
    struct admin *admin;
    bool told_ready;             /* the service manager knows: READY=1 */
    bool told_reloading;         /* it waits for READY=1 again */
    bool ready, not_ready, warm; /* the log has said so */
    int64_t ready_due_ms, status_due_ms, warming_due_ms, watchdog_due_ms;
};

static sigset_t service_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

/* --- metrics ---------------------------------------------------------------------------------- */

static void service_open_metrics(struct service *service, unsigned workers)
{
    struct metrics_shape shape = {.workers = workers,
                                  .librdkafka = kafka_library_version(),
                                  .hiredis = redis_library_version()};
    const struct command *rows = command_all(&shape.command_count);

    shape.commands = service->names = mem_array(shape.command_count, sizeof(*service->names));
    for (size_t i = 0; i < shape.command_count; i++)
        service->names[i] = rows[i].name;
    service->metrics = metrics_new(&shape);
    load_name_series(service->metrics, service->loaded->conf);
}

/* --- start ------------------------------------------------------------------------------------ */

/* An allocator reserves addresses that it never fills. If none are left, librdkafka aborts. */
static void service_warn_of_addresses(const struct conf *conf)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
        limit.rlim_cur >= (rlim_t)conf->memory + ADDRESSES)
        return;
    log_warn("ulimit -v is low: it may end this process",
             LOG_INT("limit_bytes", (int64_t)limit.rlim_cur),
             LOG_INT("wanted_bytes", conf->memory + ADDRESSES),
             LOG_STR("instead", "limit resident memory: a cgroup, MemoryMax= of systemd"));
}

static bool service_open_admin(struct service *service, const struct conf *conf, struct err *err)
{
    const struct admin_parts parts = {.conf = conf,
                                      .metrics = service->metrics,
                                      .health = service->health,
                                      .steering = {service->workers},
                                      .reload = service->reload};

    return !admin_is_wanted(&conf->admin) || (service->admin = admin_start(&parts, err));
}

static bool service_start(struct service *service, struct err *err)
{
    const struct conf *conf = service->loaded->conf;
    unsigned count = workers_wanted(conf);

    service_warn_of_addresses(conf);
    service_open_metrics(service, count);
    service->reload = reload_new(service->loaded, service->metrics);
    service->health = health_new(count, conf->admin.startup == STARTUP_WARM);
    service->workers = workers_new(reload_plan(service->reload), service->metrics, service->health);
    return service_open_admin(service, conf, err) && workers_start(service->workers, err);
}

/* For systemctl status. */
static void service_report_status(const struct service *service, const char *doing)
{
    char paused[30] = "";
    struct metrics_totals totals;
    struct reasons reasons;

    metrics_totals(service->metrics, &totals);
    reasons_of(service->health, &reasons);
    if (totals.paused)
        snprintf(paused, sizeof(paused), ", %u paused", totals.paused);
    notify_status("%s%u partitions, %u held%s, %llu records written, %llu in flight, %.1f s "
                  "behind%s%.300s",
                  doing, totals.partitions, totals.held, paused, (unsigned long long)totals.written,
                  (unsigned long long)totals.inflight, totals.lag_seconds,
                  reasons.count ? "; " : "", reasons.text);
}

/* --- stop ------------------------------------------------------------------------------------- */

static int64_t service_drain_ms(const struct conf *conf)
{
    int64_t longest = 0;

    for (size_t i = 0; i < conf->source_count; i++)
        if (conf->sources[i].drain_timeout > longest)
            longest = conf->sources[i].drain_timeout;
    return longest;
}

/* A signal while the process stops ends it at once. */
static void service_exit_on_signal(const sigset_t *signals)
{
    struct timespec wait = {0, 20 * 1000000};
    int number = sigtimedwait(signals, NULL, &wait);

    if (number <= 0 || number == SIGHUP)
        return;
    log_warn("second signal: exiting at once", LOG_STR("left", "records in flight are read again"));
    log_finish();
    _exit(EXIT_NEGATIVE);
}

/* Waits until every worker has ended; false if the deadline came first. */
static bool service_join(struct service *service, int64_t deadline_ms)
{
    sigset_t signals = service_signals();
    int64_t tell_ms = clock_ms() + STOP_TELL_MS;

    while (!workers_all_ended(service->workers)) {
        if (clock_ms() >= deadline_ms)
            return false;
        if (clock_ms() >= tell_ms) {
            life_log_wait(service->metrics, service->health, deadline_ms);
            service_report_status(service, "stopping: ");
            tell_ms += STOP_TELL_AGAIN_MS;
        }
        service_exit_on_signal(&signals);
    }
    return true;
}

/* Drains and leaves. False if something hung and only the end of the process helps. */
static bool service_stop(struct service *service)
{
    int64_t now_ms = clock_ms();
    int64_t deadline_ms = now_ms + service_drain_ms(reload_conf(service->reload));
    struct reasons reasons;

    reasons_of(service->health, &reasons);
    health_stop(service->health);
    reload_stop(service->reload);
    notify_stopping(deadline_ms + STOP_SLACK_MS - now_ms);
    workers_stop(service->workers, deadline_ms);
    if (!service_join(service, deadline_ms + STOP_SLACK_MS)) {
        log_warn("stopped by the deadline", LOG_STR("left", "records in flight are read again"),
                 LOG_STR("reason", reasons.count ? reasons.text : NULL));
        return false;
    }
    life_log_stop(workers_left(service->workers), &reasons, clock_ms() - now_ms);
    return true;
}

/* --- run -------------------------------------------------------------------------------------- */

static void service_report_ready(struct service *service, int64_t now_ms)
{
    struct reasons reasons;

    if (service->ready)
        return;
    if (health_answer(service->health, HEALTH_READY)) {
        service->ready = true;
        log_info("ready", LOG_INT("workers", workers_count(service->workers)));
    } else if (!service->not_ready && now_ms >= service->ready_due_ms) {
        service->not_ready = true;
        reasons_of(service->health, &reasons);
        log_warn("started, but not ready yet", LOG_INT("workers", workers_count(service->workers)),
                 LOG_STR("reason", reasons.text));
    }
}

/* Says how far it is from time to time, and when it is done. */
static void service_report_warming(struct service *service, int64_t now_ms)
{
    struct startup startup;

    if (service->warm || service->loaded->conf->admin.startup != STARTUP_WARM)
        return;
    health_startup(service->health, &startup);
    service->warm = startup.over;
    if (startup.over) {
        service->status_due_ms = 0;
        life_log_warm(&startup);
    } else if (now_ms >= service->warming_due_ms) {
        service->status_due_ms = 0;
        life_log_warming(&startup, service->health);
        service->warming_due_ms = now_ms + WARMING_MS;
    }
}

static void service_notify_ready(struct service *service)
{
    bool whole = service->loaded->conf->admin.startup_notify;

    if (service->told_ready ||
        !health_answer(service->health, whole ? HEALTH_STARTED : HEALTH_JOINED))
        return;
    service->told_ready = true;
    service->status_due_ms = 0; /* the old status says what the start waited for */
    notify_ready();
}

/* Before the counts in STATUS. */
static void service_write_doing(const struct service *service, char *doing, size_t size)
{
    struct startup startup;
    char text[STARTUP_TEXT_BYTES];

    *doing = '\0';
    if (service->warm || service->loaded->conf->admin.startup != STARTUP_WARM)
        return;
    health_startup(service->health, &startup);
    startup_write(&startup, text);
    snprintf(doing, size, "warming: %s; ", text);
}

/* What systemd wants to know from time to time. A worker that hangs gets no more time to start, and
 * no watchdog. A broker that is down does: a restart would not help. */
static void service_notify(struct service *service, int64_t now_ms)
{
    bool live = health_answer(service->health, HEALTH_LIVE);
    char doing[STARTUP_TEXT_BYTES + 20];

    service_notify_ready(service);
    if (live && notify_watchdog_ms() && now_ms >= service->watchdog_due_ms) {
        notify_watchdog();
        service->watchdog_due_ms = now_ms + notify_watchdog_ms();
    }
    if (now_ms >= service->status_due_ms) {
        service_write_doing(service, doing, sizeof(doing));
        service_report_status(service, doing);
        if (live && (!service->told_ready || service->told_reloading))
            notify_longer(START_MORE_MS);
        service->status_due_ms = now_ms + STATUS_MS;
    }
}

static void service_tick(struct service *service)
{
    int64_t now_ms = clock_ms();

    log_sum_up();
    service_report_ready(service, now_ms);
    service_report_warming(service, now_ms);
    service_notify(service, now_ms);
}

/* Before its answer is known: "systemctl reload" then waits until the workers have it, too. */
static void service_begin_reload(struct service *service)
{
    reload_wanted(service->reload);
    if (service->told_ready)
        notify_reloading();
    service->told_reloading = service->told_ready;
}

/* Whether or not something has changed: penstock goes on. */
static void service_end_reload(struct service *service)
{
    if (service->told_reloading)
        notify_ready();
    service->told_reloading = false;
}

static int service_wait(struct service *service)
{
    sigset_t signals = service_signals();
    bool idle = true;

    for (;;) {
        struct timespec tick = {0, (idle ? TICK_MS : BUSY_TICK_MS) * 1000000};
        int number = sigtimedwait(&signals, NULL, &tick);
        if (number == SIGHUP) {
            service_begin_reload(service);
        } else if (number > 0) {
            log_info("stopping", LOG_STR("signal", number == SIGTERM ? "SIGTERM" : "SIGINT"),
                     LOG_INT("longest_ms", service_drain_ms(reload_conf(service->reload))));
            return EXIT_OK;
        }
        if (workers_one_ended(service->workers))
            return EXIT_SOFTWARE;
        reload_watch(service->reload, clock_ms());
        idle = reload_turn(service->reload, service->workers);
        if (idle)
            service_end_reload(service);
        service_tick(service);
    }
}

static void service_free(struct service *service)
{
    admin_stop(service->admin);
    workers_free(service->workers);
    reload_free(service->reload);
    health_free(service->health);
    metrics_free(service->metrics);
    free(service->names);
    notify_close();
}

int service_run(const struct loaded *loaded)
{
    struct service service = {.loaded = loaded};
    sigset_t signals = service_signals();
    struct err err;
    int status;

    pthread_sigmask(SIG_BLOCK, &signals,
                    NULL); /* every thread inherits it: only the main thread waits for them */
    signal(SIGPIPE, SIG_IGN);
    notify_open();
    if (service_start(&service, &err)) {
        service.ready_due_ms = clock_ms() + READY_MS;
        service.warming_due_ms = clock_ms() + WARMING_MS;
        status = service_wait(&service);
        workers_log_failures(service.workers);
    } else {
        log_error("start failed", LOG_STR("error", err.text));
        status = err.kind == ERR_CONFIG ? EXIT_CONFIG : EXIT_UNAVAILABLE;
    }
    bool ended = service_stop(&service);
    log_finish();
    if (!ended)
        _exit(status);
    service_free(&service);
    if (source_was_abandoned())
        _exit(status); /* librdkafka's threads still run: nothing that they use may be freed */
    return status;
}
