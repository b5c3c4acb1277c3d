/* mock.c: an in-memory Kafka on a fixed port, for trying things out. */
#include "kafka/mock.h"

#include "base/mem.h"
#include "kafka/mock_frames.h"
#include "kafka/newer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    LINK_BYTES = 1024 * 1024, /* what may wait for a slow reader, each way */
    NAMES_MOST = 10000,       /* that are not there and are remembered */
    BROKERS = 1,
    REPLICAS = 1,
    ERR_BYTES = 256
};

/* One client and its connection to the broker: what one sends, the other gets. */
struct link {
    struct mock *mock;
    struct bufferevent *ends[2]; /* client, broker */
    struct frames frames[2];     /* that came from them */
    struct link *next, *previous;
};

struct mock {
    struct event_base *base;
    struct evconnlistener *listener;
    rd_kafka_t *handle;
    rd_kafka_mock_cluster_t *cluster;
    struct sockaddr_in broker;
    struct link *links;
    bool makes_topics; /* that are asked for and not there */
    struct frames_listener hears;
    char **names; /* of topics that are there, or were asked for */
    size_t count, capacity;
};

/* --- the forwarder --------------------------------------------------------------------- */

static void link_free(struct link *link)
{
    for (int i = 0; i < 2; i++)
        if (link->ends[i])
            bufferevent_free(link->ends[i]);
    if (link->next)
        link->next->previous = link->previous;
    if (link->previous)
        link->previous->next = link->next;
    else
        link->mock->links = link->next;
    free(link);
}

static struct bufferevent *link_other(const struct link *link, const struct bufferevent *end)
{
    return link->ends[end == link->ends[0]];
}

/* Whether the name is new; it is kept. */
static bool mock_keep_name(struct mock *mock, struct slice name)
{
    for (size_t i = 0; i < mock->count; i++)
        if (slice_is(name, mock->names[i]))
            return false;
    mock->names = mem_grow(mock->names, mock->count, &mock->capacity, sizeof(*mock->names));
    mock->names[mock->count++] = mem_copy(name.data, name.length);
    return true;
}

/* For the client a topic with this error does not exist. */
static void mock_asked(void *context, struct slice topic)
{
    struct mock *mock = context;

    if (!mock->makes_topics && mock->count < NAMES_MOST && mock_keep_name(mock, topic))
        rd_kafka_mock_topic_set_error(mock->cluster, mock->names[mock->count - 1],
                                      RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
}

static void link_read(struct bufferevent *end, void *context)
{
    struct link *link = context;
    struct bufferevent *other = link_other(link, end);
    struct evbuffer *from = bufferevent_get_input(end), *to = bufferevent_get_output(other);
    const struct mock *mock = link->mock;

    if (end == link->ends[0])
        frames_of_client(&link->frames[0], from, to, &mock->hears);
    else
        frames_of_broker(&link->frames[1], from, to, ntohs(mock->broker.sin_port),
                         (uint16_t)mock_port(mock));
    if (evbuffer_get_length(bufferevent_get_output(other)) >= LINK_BYTES)
        bufferevent_disable(end, EV_READ);
}

static void link_written(struct bufferevent *end, void *context)
{
    bufferevent_enable(link_other(context, end), EV_READ);
}

static void link_event(struct bufferevent *end, short what, void *context)
{
    (void)end;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        link_free(context);
}

static void link_open(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int length, void *context)
{
    struct mock *mock = context;
    struct link *link = mem_new(struct link);

    (void)listener, (void)address, (void)length;
    link->mock = mock;
    link->next = mock->links;
    if (link->next)
        link->next->previous = link;
    mock->links = link;
    link->ends[0] = bufferevent_socket_new(mock->base, fd, BEV_OPT_CLOSE_ON_FREE);
    link->ends[1] = bufferevent_socket_new(mock->base, -1, BEV_OPT_CLOSE_ON_FREE);
    if (bufferevent_socket_connect(link->ends[1], (struct sockaddr *)&mock->broker,
                                   sizeof(mock->broker)) != 0) {
        link_free(link);
        return;
    }
    for (int i = 0; i < 2; i++) {
        bufferevent_setcb(link->ends[i], link_read, link_written, link_event, link);
        bufferevent_enable(link->ends[i], EV_READ | EV_WRITE);
    }
}

static bool mock_listen(struct mock *mock, unsigned port, struct err *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    mock->listener = evconnlistener_new_bind(mock->base, link_open, mock,
                                             LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, -1,
                                             (struct sockaddr *)&address, sizeof(address));
    if (!mock->listener)
        return err_set(err, ERR_RETRY, "127.0.0.1:%u: %s", port, strerror(errno));
    return true;
}

/* --- the cluster ----------------------------------------------------------------------- */

static bool mock_start(struct mock *mock, struct err *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char text[ERR_BYTES];
    unsigned port;

    rd_kafka_conf_set_log_cb(conf, NULL);
    mock->handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (!mock->handle) {
        rd_kafka_conf_destroy(conf);
        return err_set(err, ERR_FATAL, "%s", text);
    }
    mock->cluster = rd_kafka_mock_cluster_new(mock->handle, BROKERS);
    if (!mock->cluster ||
        sscanf(rd_kafka_mock_cluster_bootstraps(mock->cluster), "127.0.0.1:%u", &port) != 1)
        return err_set(err, ERR_FATAL, "librdkafka's mock cluster could not be started");
    if (newer_has_topic_ids()) /* then it also takes requests in a form that mock_frames.c does not
                                  read */
        rd_kafka_mock_set_apiversion(mock->cluster, FRAMES_METADATA, 0, FRAMES_METADATA_VERSION);
    mock->broker = (struct sockaddr_in){.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return true;
}

struct mock *mock_new(struct event_base *base, unsigned port, struct err *err)
{
    struct mock *mock = mem_new(struct mock);

    mock->base = base;
    mock->hears = (struct frames_listener){mock, mock_asked};
    if (!mock_listen(mock, port, err) || !mock_start(mock, err))
        goto fail;
    return mock;
fail:
    mock_free(mock);
    return NULL;
}

void mock_make_topics(struct mock *mock)
{
    mock->makes_topics = true;
}

bool mock_add_topic(struct mock *mock, const char *name, int partitions, struct err *err)
{
    rd_kafka_resp_err_t code =
        rd_kafka_mock_topic_create(mock->cluster, name, partitions, REPLICAS);

    mock_keep_name(mock, slice_of(name));
    return !code || err_set(err, ERR_CONFIG, "topic %s: %s", name, rd_kafka_err2str(code));
}

unsigned mock_port(const struct mock *mock)
{
    struct sockaddr_in address = {0};
    socklen_t length = sizeof(address);

    getsockname(evconnlistener_get_fd(mock->listener), (struct sockaddr *)&address, &length);
    return ntohs(address.sin_port);
}

void mock_free(struct mock *mock)
{
    if (!mock)
        return;
    while (mock->links)
        link_free(mock->links);
    if (mock->listener)
        evconnlistener_free(mock->listener);
    if (mock->cluster)
        rd_kafka_mock_cluster_destroy(mock->cluster);
    if (mock->handle)
        rd_kafka_destroy(mock->handle);
    while (mock->count)
        free(mock->names[--mock->count]);
    free(mock->names);
    free(mock);
}
