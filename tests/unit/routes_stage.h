/* routes_stage.h: a configuration of a few routes, without a file, and what is said of it. */
#pragma once
#include "suite.h"

#include "flow/route.h"

#include <stdlib.h>

enum { STAGE_ROUTES = 4, STAGE_COMMANDS = 4 };

static struct conf stage_conf;
static struct conf_source stage_source;
static struct conf_sink stage_sink = {.name = "live"};
static struct conf_route stage_routes[STAGE_ROUTES];
static struct conf_command stage_writes[STAGE_ROUTES][STAGE_COMMANDS];
static struct conf_command stage_deletes[STAGE_ROUTES][STAGE_COMMANDS];
static struct conf_text stage_topics[STAGE_ROUTES][2];
static struct routes *stage_compiled;
static struct conf_problems *stage_problems;
static char stage_text[8192];

static inline struct conf_text stage_says(const char *value, unsigned line)
{
    return (struct conf_text){.text = value, .origin = {"test.conf", line}};
}

/* A configuration of no route; stage_add() adds them. */
static inline void stage_empty(void)
{
    memset(stage_writes, 0, sizeof(stage_writes));
    memset(stage_deletes, 0, sizeof(stage_deletes));
    memset(stage_topics, 0, sizeof(stage_topics));
    stage_conf = (struct conf){.sources = &stage_source,
                               .source_count = 1,
                               .sinks = &stage_sink,
                               .sink_count = 1,
                               .routes = stage_routes};
}

static inline struct conf_route *stage_add(const char *name, const char *topic, const char *command)
{
    static const char format[] = "json";
    size_t i = stage_conf.route_count++;

    stage_topics[i][0] = stage_says(topic, 10 + (unsigned)i);
    stage_writes[i][0].cmd = stage_says(command, 10 + (unsigned)i);
    stage_routes[i] = (struct conf_route){.name = (char *)name,
                                          .origin = {"test.conf", 10 + (unsigned)i},
                                          .from = &stage_source,
                                          .to = &stage_sink,
                                          .topics = {stage_topics[i], 1},
                                          .format = stage_says(format, 10 + (unsigned)i),
                                          .do_ = {stage_writes[i], 1, false},
                                          .del = {stage_deletes[i], 0, false}};
    return &stage_routes[i];
}

/* One more command of the route. */
static inline void stage_also(struct conf_route *route, const char *command)
{
    route->do_.items[route->do_.count++].cmd = stage_says(command, route->origin.line);
}

static inline void stage_del(struct conf_route *route, const char *command)
{
    route->del.items[route->del.count++].cmd = stage_says(command, route->origin.line);
}

/* How many mistakes the configuration has. */
static inline size_t stage_compile(void)
{
    conf_problems_free(stage_problems);
    routes_free(stage_compiled);
    stage_problems = conf_problems_new();
    stage_compiled = routes_new(&stage_conf, stage_problems);
    return conf_problems_count(stage_problems);
}

/* All that is said of it, notes too. */
static inline const char *stage_said(void)
{
    FILE *out = fmemopen(stage_text, sizeof(stage_text), "w");

    stage_text[0] = '\0';
    conf_problems_write(stage_problems, CONF_NOTE, out);
    fclose(out);
    return stage_text;
}

/* The mistakes of a configuration of one route that runs @p command, or "". */
static inline const char *stage_command(const char *command)
{
    stage_empty();
    stage_add("rides", "rides", command);
    return stage_compile() ? stage_said() : "";
}

static inline void stage_end(void)
{
    routes_free(stage_compiled);
    conf_problems_free(stage_problems);
}
