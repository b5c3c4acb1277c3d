/* routes_fixture.h: a configuration of a few routes, without a file, and what is said of it. */
#pragma once
#include "suite.h"

#include "flow/route.h"

#include <stdlib.h>

enum { FIXTURE_ROUTES = 4, FIXTURE_COMMANDS = 4 };

static struct conf fixture_conf;
static struct conf_source fixture_source;
static struct conf_sink fixture_sink = {.name = "live"};
static struct conf_route fixture_routes[FIXTURE_ROUTES];
static struct conf_command fixture_writes[FIXTURE_ROUTES][FIXTURE_COMMANDS];
static struct conf_command fixture_deletes[FIXTURE_ROUTES][FIXTURE_COMMANDS];
static struct conf_text fixture_topics[FIXTURE_ROUTES][2];
static struct routes *fixture_compiled;
static struct conf_problems *fixture_problems;
static char fixture_text[8192];

static inline struct conf_text fixture_says(const char *value, unsigned line)
{
    return (struct conf_text){.text = value, .origin = {"test.conf", line}};
}

/* A configuration of no route; fixture_add() adds them. */
static inline void fixture_empty(void)
{
    memset(fixture_writes, 0, sizeof(fixture_writes));
    memset(fixture_deletes, 0, sizeof(fixture_deletes));
    memset(fixture_topics, 0, sizeof(fixture_topics));
    fixture_conf = (struct conf){.sources = &fixture_source,
                                 .source_count = 1,
                                 .sinks = &fixture_sink,
                                 .sink_count = 1,
                                 .routes = fixture_routes};
}

static inline struct conf_route *fixture_add(const char *name, const char *topic,
                                             const char *command)
{
    static const char format[] = "json";
    size_t i = fixture_conf.route_count++;

    fixture_topics[i][0] = fixture_says(topic, 10 + (unsigned)i);
    fixture_writes[i][0].cmd = fixture_says(command, 10 + (unsigned)i);
    fixture_routes[i] = (struct conf_route){.name = (char *)name,
                                            .origin = {"test.conf", 10 + (unsigned)i},
                                            .from = &fixture_source,
                                            .to = &fixture_sink,
                                            .topics = {fixture_topics[i], 1},
                                            .format = fixture_says(format, 10 + (unsigned)i),
                                            .do_ = {fixture_writes[i], 1, false},
                                            .del = {fixture_deletes[i], 0, false}};
    return &fixture_routes[i];
}

/* One more command of the route. */
static inline void fixture_also(struct conf_route *route, const char *command)
{
    route->do_.items[route->do_.count++].cmd = fixture_says(command, route->origin.line);
}

static inline void fixture_del(struct conf_route *route, const char *command)
{
    route->del.items[route->del.count++].cmd = fixture_says(command, route->origin.line);
}

/* How many mistakes the configuration has. */
static inline size_t fixture_compile(void)
{
    conf_problems_free(fixture_problems);
    routes_free(fixture_compiled);
    fixture_problems = conf_problems_new();
    fixture_compiled = routes_new(&fixture_conf, fixture_problems);
    return conf_problems_count(fixture_problems);
}

/* All that is said of it, notes too. */
static inline const char *fixture_said(void)
{
    FILE *out = fmemopen(fixture_text, sizeof(fixture_text), "w");

    fixture_text[0] = '\0';
    conf_problems_write(fixture_problems, CONF_NOTE, out);
    fclose(out);
    return fixture_text;
}

/* The mistakes of a configuration of one route that runs @p command, or "". */
static inline const char *fixture_command(const char *command)
{
    fixture_empty();
    fixture_add("rides", "rides", command);
    return fixture_compile() ? fixture_said() : "";
}

static inline void fixture_end(void)
{
    routes_free(fixture_compiled);
    conf_problems_free(fixture_problems);
}
