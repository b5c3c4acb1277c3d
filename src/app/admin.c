/* admin.c: the admin port, on a thread of its own. */
#include "app/admin.h"

#include "app/events.h"
#include "app/history.h"
#include "app/http.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "conf/conf.h"
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

/* admin.listen, admin.socket and $PENSTOCK_SOCKET. A crowd that takes every connection of one takes
 * none of the others. */
enum { SERVERS = 3 };

struct admin {
    struct admin_parts parts;
    struct event_base *base;
    struct http *servers[SERVERS]; /* NULL: not asked for */
    struct events events;          /* of all */
    struct event *second, *stop;
    int stop_handle; /* eventfd: written once, by admin_stop() */
    pthread_t thread;
};

static void admin_stop_asked(evutil_socket_t handle, short what, void *context)
{
    struct admin *admin = context;

    (void)handle, (void)what;
    event_base_loopbreak(admin->base);
}

/* Written once for all viewers, if there are any. */
static void admin_publish(struct admin *admin)
{
    unsigned viewers = 0;
    char *text = NULL;
    size_t length = 0;

    for (size_t i = 0; i < SERVERS; i++)
        viewers += admin->servers[i] ? http_viewers(admin->servers[i]) : 0;
    if (!viewers)
        return;
    FILE *out = open_memstream(&text, &length);
    struct admin_parts now = parts_enter(&admin->parts);
    events_write(&admin->events, &now, clock_ms(), out);
    parts_leave(&now);
    fclose(out);
    for (size_t i = 0; i < SERVERS; i++)
        if (admin->servers[i])
            http_publish(admin->servers[i], (struct slice){text, length});
    free(text);
}

/* One sample for everybody who looks, and for those who will. */
static void admin_sample(evutil_socket_t handle, short what, void *context)
{
    struct admin *admin = context;
    struct snapshot snapshot;

    (void)handle, (void)what;
    probes_note(&admin->parts);
    snapshot_take(&snapshot, admin->parts.metrics);
    history_add(admin->parts.history, &snapshot, clock_ms(), clock_wall_ms());
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
    if (status == 0)
        pthread_setname_np(admin->thread, "admin"); /* for top -H */
    return status == 0 || err_set(err, ERR_FATAL, "admin: thread: %s", strerror(status));
}

/* Frees what was set up, with or without a thread. */
static void admin_free(struct admin *admin)
{
    for (size_t i = 0; i < SERVERS; i++)
        http_free(admin->servers[i]);
    history_free(admin->parts.history);
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

/* Where each server listens; NULL: there is none. */
static void admin_find_addresses(const struct conf_admin *conf, const char *addresses[SERVERS])
{
    const char *const all[SERVERS] = {conf->listen.text, conf->socket.text,
                                      getenv("PENSTOCK_SOCKET")};

    for (size_t i = 0; i < SERVERS; i++)
        addresses[i] = all[i] && *all[i] ? all[i] : NULL;
    if (addresses[1] && addresses[2] && strcmp(addresses[1], addresses[2]) == 0)
        addresses[2] = NULL;
}

bool admin_is_wanted(const struct conf_admin *conf)
{
    const char *addresses[SERVERS];

    admin_find_addresses(conf, addresses);
    return addresses[0] || addresses[1] || addresses[2];
}

static bool admin_listen(struct admin *admin, struct err *err)
{
    const struct conf_admin *conf = &admin->parts.conf->admin;
    const char *addresses[SERVERS];

    admin_find_addresses(conf, addresses);
    for (size_t i = 0; i < SERVERS; i++) {
        if (!addresses[i])
            continue;
        admin->servers[i] =
            http_new(admin->base, addresses[i], conf, &endpoints_all, &admin->parts, err);
        if (!admin->servers[i])
            return false;
        log_info("admin port open", LOG_STR("listen", http_address(admin->servers[i])));
    }
    return true;
}

struct admin *admin_start(const struct admin_parts *parts, struct err *err)
{
    static const struct timeval second = {HISTORY_STEP_MS / 1000, 0};
    struct admin *admin = mem_new(struct admin);

    admin->parts = *parts;
    admin->parts.history = history_new();
    admin->parts.endpoints = &endpoints_all;
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
    if (!admin_listen(admin, err) || !admin_start_thread(admin, err))
        goto fail;
    return admin;
fail:
    admin_free(admin);
    return NULL;
}

const char *admin_address(const struct admin *admin)
{
    return http_address(admin->servers[0]);
}

void admin_stop(struct admin *admin)
{
    if (!admin)
        return;
    eventfd_write(admin->stop_handle, 1);
    pthread_join(admin->thread, NULL);
    admin_free(admin);
}
