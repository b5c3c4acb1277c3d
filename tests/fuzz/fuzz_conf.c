/*
 * fuzz_conf.c: any bytes as a configuration file; what is taken keeps the promises of conf.h.
 *
 * Input that could open files beside itself is left out: a fuzzer finds the pipe that never ends.
 */
#include "conf/conf.h"
#include "conf/diff.h"
#include "conf/loader.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 64 << 10 };

static bool opens_files(const uint8_t *data, size_t size)
{
    return memmem(data, size, "@include", 8) || memmem(data, size, "file:", 5) ||
           memmem(data, size, "cred:", 5);
}

/* What a conf without problems promises to those who use it. */
static void check(const struct conf *conf)
{
    assert(conf->source_count > 0 && conf->sink_count > 0 && conf->route_count > 0);
    for (size_t i = 0; i < conf->route_count; i++) {
        const struct conf_route *route = &conf->routes[i];
        assert(route->name && route->from && route->to && route->format.text);
        assert(route->topics.count > 0 && route->do_.count > 0);
    }
    for (size_t i = 0; i < conf->source_count; i++)
        assert(conf->sources[i].brokers.text && conf->sources[i].group.text);
    for (size_t i = 0; i < conf->sink_count; i++)
        assert(!conf->sinks[i].host != !conf->sinks[i].socket_path);
    assert(diff_confs(conf, conf, NULL, NULL) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64], *text = NULL;
    size_t length;

    if (size > INPUT_MAX || opens_files(data, size))
        return 0;
    int file = memfd_create("conf", MFD_CLOEXEC);
    assert(file >= 0 && write(file, data, size) == (ssize_t)size);
    snprintf(path, sizeof(path), "/dev/fd/%d", file);
    struct conf_problems *problems = conf_problems_new();
    struct conf *conf = loader_read(path, problems, NULL);
    close(file);
    assert(conf || conf_problems_count(problems) > 0);
    if (conf && conf_problems_count(problems) == 0)
        check(conf);
    FILE *out = open_memstream(&text, &length);
    conf_problems_write(problems, CONF_NOTE, out);
    fclose(out);
    free(text);
    conf_free(conf);
    conf_problems_free(problems);
    return 0;
}
