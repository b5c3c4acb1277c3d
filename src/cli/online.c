/* online.c: asks Kafka and Redis about a configuration. */
#include "cli/online.h"

#include "app/cli.h"
#include "base/arena.h"
#include "base/mem.h"
#include "flow/durability.h"
#include "kafka/probe.h"
#include "redis/checkpoint.h"
#include "redis/probe.h"

#include <stdlib.h>
#include <string.h>

enum { QUESTION_MS = 5000 };

struct online {
    const struct online_listener *listener;
    const char *kind, *name; /* "sink", "live" */
    bool failed;
};

static void online_say(void *context, enum probe_verdict verdict, const char *text)
{
    struct online *online = context;

    online->failed |= verdict == PROBE_ERROR;
    online->listener->say(online->listener->context, online->kind, online->name, verdict, text);
}

static void online_source(struct online *online, const struct conf *conf,
                          const struct conf_source *source)
{
    size_t count;
    const char **topics = conf_topics(conf, source, &count);

    online->kind = "source";
    online->name = source->name;
    source_probe(conf, source, topics, count, QUESTION_MS,
                 &(struct probe_listener){online, online_say});
    free(topics);
}

/* The commands that the routes write to one sink, as samples. */
struct samples {
    struct arena arena;
    struct probe_command *items;
    size_t count, capacity;
    bool checkpoints; /* those of exactly-once delivery are among them */
};

static void samples_push(struct samples *samples, struct probe_command command)
{
    samples->items =
        mem_grow(samples->items, samples->count, &samples->capacity, sizeof(*samples->items));
    samples->items[samples->count++] = command;
}

/* The question about an id that the record made and Redis refuses (flow/stream_refusals.h). */
static void samples_add_question(struct samples *samples, struct slice key, bool secret)
{
    const struct slice words[] = {SLICE("XRANGE"), key,       SLICE("1"), SLICE("1"),
                                  SLICE("COUNT"),  SLICE("1")};
    struct slice *arguments = arena_alloc(&samples->arena, sizeof(words));

    memcpy(arguments, words, sizeof(words));
    samples_push(samples,
                 (struct probe_command){arguments, sizeof(words) / sizeof(words[0]), secret});
}

/* A command that the route adds by itself: UNLINK KEY, PEXPIRE KEY 1. */
static void samples_add_own(struct samples *samples, const char *name, size_t count,
                            struct slice key, bool secret)
{
    struct slice *arguments = arena_alloc(&samples->arena, 3 * sizeof(*arguments));

    arguments[0] = slice_of(name);
    arguments[1] = key;
    arguments[2] = SLICE("1");
    samples_push(samples, (struct probe_command){arguments, count, secret});
}

/* After a sample of a command: the ttl of its keys, and the tombstone that deletes them. */
static void samples_follow(struct samples *samples, const struct route *route,
                           const struct route_command *command, const struct slice *arguments,
                           size_t count, bool secret)
{
    const struct command *row = command->command;
    size_t place = 0;

    if (!row || !command_written_keys(row, arguments, count, &place, 1) || place >= count)
        return;
    if (command->expires && !(row->flags & COMMAND_TTL_PX))
        samples_add_own(samples, "PEXPIRE", 3, arguments[place], secret);
    if (route->unlinks && command == route->writes.items)
        samples_add_own(samples, "UNLINK", 2, arguments[place], secret);
}

static void samples_add(struct samples *samples, const struct route *route,
                        const struct route_commands *commands, const struct conf_commands *conf)
{
    for (size_t i = 0; i < commands->count; i++) {
        enum stream_id id = commands->items[i].stream_id;
        bool secret = conf->items[i].cmd.secret;
        struct slice *arguments;
        size_t count = template_sample(commands->items[i].template, &samples->arena, &arguments);
        samples_push(samples, (struct probe_command){arguments, count, secret});
        if (route->conf->delivery == AT_LEAST_ONCE &&
            (id == STREAM_ID_OF_OFFSET || id == STREAM_ID_OF_RECORD))
            samples_add_question(samples, arguments[1], secret);
        samples_follow(samples, route, &commands->items[i], arguments, count, secret);
    }
}

/* Words that live as long as the samples. */
static void samples_say(struct samples *samples, size_t count, const char *const *words)
{
    struct slice *arguments = arena_alloc(&samples->arena, count * sizeof(*arguments));

    for (size_t i = 0; i < count; i++)
        arguments[i] = slice_of(arena_copy(&samples->arena, words[i], strlen(words[i])));
    samples_push(samples, (struct probe_command){arguments, count, false});
}

#define SAY(samples, ...)                                                                          \
    samples_say(samples, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *),                   \
                (const char *[]){__VA_ARGS__})

/* The commands of a durable sink's barrier. */
static void samples_add_barrier(struct samples *samples, const struct conf_sink *sink,
                                const struct conf_source *source)
{
    char key[DURABILITY_KEY_BYTES];

    durability_key(sink, source, 0, key);
    SAY(samples, "SET", key, "1");
    SAY(samples, "INFO", "replication");
    if (sink->durable.kind == DURABLE_WAITAOF)
        SAY(samples, "WAITAOF", "1", "1", "1");
    else
        SAY(samples, "WAIT", "1", "1");
}

/* Whether a route before the @p index-th leads from its source to its sink, too. */
static bool is_led_to(const struct routes *routes, size_t index)
{
    const struct conf_route *route = routes->items[index].conf;

    for (size_t i = 0; i < index; i++)
        if (routes->items[i].conf->to == route->to && routes->items[i].conf->from == route->from)
            return true;
    return false;
}

/* The commands of exactly-once delivery: a partition's two keys, and transactions. */
static void samples_add_units(struct samples *samples, const struct conf_route *route)
{
    const char *prefix = route->to->checkpoint_prefix.text, *group = route->from->group.text;
    const char *topic = route->topics.items[0].text;
    char *key = checkpoint_key(prefix, group, topic, 0);
    char *epoch = checkpoint_epoch_key(prefix, group, topic, 0);

    samples->checkpoints = true;
    SAY(samples, "INFO", "memory");
    SAY(samples, "WATCH", epoch);
    SAY(samples, "MGET", epoch);
    SAY(samples, "SET", epoch, "1");
    SAY(samples, "HGETALL", key);
    SAY(samples, "HSET", key, "v", "1");
    SAY(samples, "DEL", key);
    SAY(samples, "MULTI");
    SAY(samples, "EXEC");
    SAY(samples, "DISCARD");
    free(key);
    free(epoch);
}

static void samples_add_route(struct samples *samples, const struct routes *routes, size_t index)
{
    const struct route *route = &routes->items[index];

    samples_add(samples, route, &route->writes, &route->conf->do_);
    samples_add(samples, route, &route->deletes, &route->conf->del);
    if (route->conf->to->durable.kind != DURABLE_NONE && !is_led_to(routes, index))
        samples_add_barrier(samples, route->conf->to, route->conf->from);
    if (route->conf->delivery == EXACTLY_ONCE && !samples->checkpoints)
        samples_add_units(samples, route->conf);
}

static void online_sink(struct online *online, const struct conf *conf,
                        const struct conf_sink *sink, const struct routes *routes)
{
    struct samples samples = {.count = 0};

    online->kind = "sink";
    online->name = sink->name;
    for (size_t i = 0; i < routes->count; i++)
        if (routes->items[i].conf->to == sink)
            samples_add_route(&samples, routes, i);
    if (conf->dlq.sink == sink)
        SAY(&samples, "XADD", conf->dlq.stream.text, "*", "value", "letter");
    redis_probe(sink, samples.items, samples.count, samples.checkpoints,
                &(struct probe_listener){online, online_say});
    free(samples.items);
    arena_free(&samples.arena);
}

int online_check(const struct conf *conf, const struct routes *routes,
                 const struct online_listener *listener)
{
    struct online online = {.listener = listener};

    for (size_t i = 0; i < conf->source_count; i++)
        online_source(&online, conf, &conf->sources[i]);
    for (size_t i = 0; i < conf->sink_count; i++)
        online_sink(&online, conf, &conf->sinks[i], routes);
    return online.failed ? EXIT_UNAVAILABLE : EXIT_OK;
}
