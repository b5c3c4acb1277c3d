/*
 * route.h: which topic becomes which commands.
 *
 * Routes are compiled once, at load, and shared by all workers: nothing in them changes afterwards.
 */
#pragma once
#include "base/slice.h"
#include "conf/conf.h"
#include "expr/condition.h"
#include "expr/scope.h"
#include "expr/template.h"
#include "metrics/metrics.h"
#include "redis/commands.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** An argument that a record fills and that must be of a type. */
struct typed {
    size_t at;
    const struct shape_item *item;
};

/** What the ids are that an XADD gives. */
enum stream_id {
    STREAM_ID_NONE,      /* not an XADD */
    STREAM_ID_OF_REDIS,  /* "*" */
    STREAM_ID_HALF,      /* "5-*": Redis makes the second part */
    STREAM_ID_OF_OFFSET, /* it rises with the offset within a partition: "%{$offset}-1" */
    STREAM_ID_OF_RECORD  /* any other */
};

/** A command of "do" or "del". */
struct route_command {
    struct condition *when; /* NULL: always */
    struct template *template;
    const struct command *command; /* NULL: commands.def does not know it */
    struct shape *shape;           /* NULL: whatever the record, its arguments are right */
    struct typed *typed;           /* NULL, or the arguments that alone have to be looked at */
    size_t typed_count;
    struct slice name; /* as the file writes it, for messages; "***" if that may be a secret */
    bool expires;      /* the route's ttl applies to its keys */
    enum stream_id stream_id;
};

struct route_commands {
    struct route_command *items;
    size_t count;
};

struct route_ttl {
    struct template *template; /* NULL: the same for every record */
    int64_t milliseconds;      /* 0 without a template: no ttl */
    struct slice number;       /* the milliseconds as digits */
    char digits[24];
};

struct route {
    const struct conf_route *conf;
    unsigned index;      /* place among the routes */
    unsigned sink_index; /* place of its sink among the sinks */
    unsigned reads;      /* enum scope_reads of all its expressions */
    struct decoder value_decoder, key_decoder;
    struct condition *when; /* NULL: every record */
    struct route_commands writes, deletes;
    bool all;     /* each command whose condition holds, not only the first */
    bool unlinks; /* a tombstone without "del" unlinks the key of the one write */
    bool passes;  /* del = "none": a tombstone passes it by */
    struct route_ttl ttl;
    const struct command *pexpire, *unlink; /* rows of the commands that a route adds */
    struct topic_matcher **topics;          /* as many as conf->topics */
};

struct routes {
    struct route *items;
    size_t count;
};

/** The routes that take the records of one topic. */
struct topic_routes {
    const struct route **items;
    size_t count;
    enum conf_delivery delivery; /* of all of them (agreement.h) */
};

/** One command as it goes to Redis. */
struct rendered {
    const struct slice *arguments;
    size_t count;
    const struct command *command; /* NULL: not known */
    struct slice key;              /* picks the connection; data NULL: no matter */
    const struct conf_text *text;  /* its template; NULL: the UNLINK of a tombstone */
};

/** What one record becomes on one route; reused from record to record. */
struct rendering {
    struct rendered *items;
    size_t count, capacity;
};

/** What explain wants to know of a condition's outcome. */
struct route_trace {
    void (*condition)(void *context, const struct conf_text *text, bool applies, bool holds);
    void *context;
};

/**
 * Compiles the routes of @p conf; mistakes go into @p problems. Usable only if there were none.
 * Never NULL; routes_free() frees it.
 */
struct routes *routes_new(const struct conf *conf, struct conf_problems *problems);

void routes_free(struct routes *routes);

/** The route called @p name; NULL if there is none. */
const struct route *routes_find(const struct routes *routes, const char *name);

/** Whether the route takes records of @p topic, if they are from its source. */
bool route_takes(const struct route *route, const char *topic);

/** The routes from @p source that take @p topic; topic_routes_free() frees it. */
struct topic_routes *routes_of_topic(const struct routes *routes, const struct conf_source *source,
                                     const char *topic);

void topic_routes_free(struct topic_routes *routes);

/**
 * Renders the record of @p scope, whose decoders it sets. Nothing rendered: the record is filtered.
 * @p trace may be NULL. Everything rendered lives in scope->arena or in the record.
 * Errors:  false and ERR_RECORD; the last of @p out is then the command that failed. ERR_RETRY if a
 *          key or value cannot be decoded yet.
 */
bool route_render(const struct route *route, struct scope *scope, struct rendering *out,
                  const struct route_trace *trace, struct err *err);

/**
 * The same for a record as Kafka has it, which may be above @p max_record.
 * Errors:  also the stage that failed, in *stage.
 */
bool route_render_record(const struct route *route, struct scope *scope, int64_t max_record,
                         struct rendering *out, const struct route_trace *trace, enum stage *stage,
                         struct err *err);
