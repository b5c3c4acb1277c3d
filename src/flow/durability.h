/*
 * durability.h: offsets are committed once replicas, or a disk, have what Redis answered.
 *
 * Joins the durable sinks of a worker with its source: each is a barrier of the source
 * (source.h), which opens for what the sink has confirmed.
 */
#pragma once
#include "base/backoff.h"
#include "base/err.h"
#include "base/log_limit.h"
#include "redis/confirm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf;
struct conf_problems;
struct conf_route;
struct conf_sink;
struct conf_source;
struct sink;
struct source;

struct durability;

struct durable_sink {
    struct durability *durability;
    unsigned index; /* in the configuration */
    const char *name;
    struct confirm *confirm; /* the sink's */
    struct backoff retry;
    int64_t due_ms, retry_ms;
    bool troubled;
    char trouble[ERR_TEXT_BYTES];
    int64_t trouble_since_ms;
    struct log_limit log_limit;
};

/** All zero: no sink is durable. */
struct durability {
    struct source *source;
    int64_t interval_ms;
    struct durable_sink *sinks;
    unsigned count;
};

/** Warns if the sink is durable and the route cannot wait for that. */
void durability_check(const struct conf_route *route, struct conf_problems *problems);

enum { DURABILITY_KEY_BYTES = 512 };

/** The key that the barriers of a worker write: "penstock:{GROUP}:barrier:WORKER". */
void durability_key(const struct conf_sink *sink, const struct conf_source *source, unsigned worker,
                    char key[DURABILITY_KEY_BYTES]);

/** @p sinks by the configuration's order, NULL if not used; @p worker names the barriers' keys.
 */
void durability_open(struct durability *durability, const struct conf *conf,
                     const struct conf_source *options, unsigned worker, struct source *source,
                     struct sink **sinks);

/** From now on as @p conf says, which has the same durable sinks. */
void durability_adopt(struct durability *durability, const struct conf *conf,
                      const struct conf_source *options);

/** Before the sinks and the source. */
void durability_close(struct durability *durability);

/** Begins the barriers that are due and acts on those that ended. */
void durability_turn(struct durability *durability, int64_t now_ms);

/** NULL while what sink @p index answers becomes durable, or it need not. */
const char *durability_trouble(const struct durability *durability, size_t index);
