/*
 * redis_put.c: how fast commands go through a sink alone, without Kafka.
 *
 *      redis_put [-h HOST] [-p PORT] [-s SOCKET] [-n COMMANDS] [-d VALUE BYTES] [-r KEYS]
 *
 * Prints the rate and the CPU of this process a command, as redis-benchmark -P 500 -c 1 -t set does
 * for itself.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "metrics/metrics.h"
#include "redis/sink.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { BATCH = 1000, KEY_BYTES = 16 };

struct load {
    struct sink *sink;
    struct event_base *base;
    long total, put, answered, refused;
    uint32_t keys;
    struct slice value;
    const struct command *set;
};

static void on_done(void *context, uint32_t ticket)
{
    (void)ticket;
    ((struct load *)context)->answered++;
}

static void on_refused(void *context, uint32_t ticket, enum reply_class class, const char *text)
{
    struct load *load = context;

    (void)ticket;
    if (load->refused++ == 0)
        fprintf(stderr, "redis_put: %s: %s\n", reply_meanings[class].word, text);
    load->answered++;
}

static bool on_wanted(void *context, uint32_t ticket)
{
    (void)context, (void)ticket;
    return true;
}

static void put_one(struct load *load)
{
    char key[KEY_BYTES + 1] = "key:000000000000";
    uint32_t number = (uint32_t)(load->put * 2654435761u) % load->keys;

    for (size_t i = KEY_BYTES; number; number /= 10)
        key[--i] = (char)('0' + number % 10);
    const struct slice arguments[] = {SLICE("SET"), {key, KEY_BYTES}, load->value};
    sink_put(load->sink, arguments, 3, load->set, arguments[1], (uint32_t)load->put);
    sink_commit(load->sink);
    load->put++;
}

static void run(struct load *load)
{
    while (load->answered < load->total) {
        for (int i = 0; i < BATCH && load->put < load->total && sink_has_room(load->sink); i++)
            put_one(load);
        sink_turn(load->sink);
        bool full = load->put == load->total || !sink_has_room(load->sink);
        event_base_loop(load->base, full ? EVLOOP_ONCE : EVLOOP_NONBLOCK);
    }
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void report(const struct load *load, int64_t began_us)
{
    double wall = (double)(clock_us() - began_us) / 1e6;
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    printf("%.0f commands/s, user %.0f ns, system %.0f ns a command, %ld refused\n",
           (double)load->total / wall, seconds(usage.ru_utime) * 1e9 / (double)load->total,
           seconds(usage.ru_stime) * 1e9 / (double)load->total, load->refused);
}

static void drive(struct load *load, const struct conf_sink *options)
{
    struct metrics_shape shape = {.workers = 1};
    struct sink_events events = {.context = load,
                                 .done = on_done,
                                 .refused = on_refused,
                                 .wanted = on_wanted,
                                 .dropped = on_done};
    struct err err;

    command_all(&shape.command_count);
    shape.commands = mem_array(shape.command_count, sizeof(char *));
    struct metrics *metrics = metrics_new(&shape);
    load->base = event_base_new();
    load->set = command_find(SLICE("SET"));
    load->sink = sink_new(
        &(struct sink_options){.conf = options,
                               .client_name = "redis_put",
                               .base = load->base,
                               .counters = metrics_sink(metrics_worker(metrics, 0), options->name),
                               .events = &events},
        &err);
    if (!load->sink) {
        fprintf(stderr, "redis_put: %s\n", err.text);
        exit(1);
    }
    int64_t began_us = clock_us();
    run(load);
    report(load, began_us);
    sink_free(load->sink);
    event_base_free(load->base);
    metrics_free(metrics);
    free((void *)shape.commands);
}

int main(int argc, char **argv)
{
    struct conf_sink options = {.name = "bench",
                                .host = "127.0.0.1",
                                .port = 6379,
                                .connections = 1,
                                .window_commands = 2048,
                                .window_bytes = 512 << 10,
                                .connect_timeout = 2000,
                                .response_timeout = 5000};
    struct load load = {.total = 1000000, .keys = 100000};
    size_t value_bytes = 128;

    for (int option; (option = getopt(argc, argv, "h:p:s:n:d:r:w:c:")) != -1;) {
        switch (option) {
        case 'h':
            options.host = optarg;
            break;
        case 'p':
            options.port = atoi(optarg);
            break;
        case 's':
            options.socket_path = optarg;
            break;
        case 'n':
            load.total = atol(optarg);
            break;
        case 'd':
            value_bytes = (size_t)atol(optarg);
            break;
        case 'r':
            load.keys = (uint32_t)atol(optarg);
            break;
        case 'w':
            options.window_commands = atol(optarg);
            break;
        case 'c':
            options.connections = atol(optarg);
            break;
        default:
            return 64;
        }
    }
    char *value = mem_alloc(value_bytes);
    memset(value, 'x', value_bytes);
    load.value = (struct slice){value, value_bytes};
    drive(&load, &options);
    free(value);
    return 0;
}
