/* load.c: reads a configuration, checks every part of it and compiles it, for every subcommand. */
#include "app/load.h"

#include "app/cli.h"
#include "conf/inputs.h"
#include "conf/loader.h"
#include "kafka/check.h"
#include "redis/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_PATH "/etc/penstock/penstock.conf"

const char *load_path(const char *option)
{
    const char *variable = getenv("PENSTOCK_CONFIG");

    if (option)
        return option;
    return variable && *variable ? variable : DEFAULT_PATH;
}

static int check(struct loaded *loaded)
{
    if (loaded->conf) {
        loaded->routes = routes_new(loaded->conf, loaded->problems);
        for (size_t i = 0; i < loaded->conf->source_count; i++)
            source_check(&loaded->conf->sources[i],
                         loaded->conf->dlq.source == &loaded->conf->sources[i], loaded->problems);
        for (size_t i = 0; i < loaded->conf->sink_count; i++)
            sink_check(&loaded->conf->sinks[i], loaded->problems);
    }
    return conf_problems_count(loaded->problems) ? EXIT_CONFIG : EXIT_OK;
}

int load_silently(const char *path, struct loaded *loaded)
{
    *loaded =
        (struct loaded){.path = path, .problems = conf_problems_new(), .inputs = inputs_new()};
    inputs_add(loaded->inputs, path);
    if (access(path, R_OK) != 0)
        return EXIT_NOINPUT;
    loaded->conf = loader_read(path, loaded->problems, loaded->inputs);
    return check(loaded);
}

int load_expand_again(const struct loaded *former, struct loaded *loaded)
{
    *loaded = (struct loaded){
        .path = former->path, .problems = conf_problems_new(), .inputs = inputs_new()};
    loaded->conf = loader_expand_again(former->conf, loaded->problems, loaded->inputs);
    return check(loaded);
}

int load(const char *path, enum conf_severity least, struct loaded *loaded)
{
    int status = load_silently(path, loaded);

    if (status == EXIT_NOINPUT)
        fprintf(stderr, "penstock: %s: %s\n", path, strerror(errno));
    else
        conf_problems_write(loaded->problems, least, stderr);
    return status;
}

void load_name_series(struct metrics *metrics, const struct conf *conf)
{
    for (size_t i = 0; i < conf->route_count; i++)
        metrics_add_route(metrics, conf->routes[i].name);
    for (size_t i = 0; i < conf->sink_count; i++)
        metrics_add_sink(metrics, conf->sinks[i].name);
    for (size_t i = 0; i < conf->source_count; i++) {
        size_t count;
        const char **topics = conf_topics(conf, &conf->sources[i], &count);
        for (size_t j = 0; j < count; j++)
            metrics_add_topic(metrics, conf->sources[i].name, topics[j]);
        free(topics);
    }
}

void load_free(struct loaded *loaded)
{
    routes_free(loaded->routes);
    conf_free(loaded->conf);
    conf_problems_free(loaded->problems);
    inputs_free(loaded->inputs);
    *loaded = (struct loaded){0};
}
