/*
 * change.c: what another configuration changes in a process that runs, and what has to wait.
 *
 * The rows of options.def say what each setting costs. Each worker has its source and knows sinks
 * by their place in the configuration; so other sources wait for a restart, and with other sinks
 * all workers begin again.
 */
#include "app/change.h"

#include "base/mem.h"
#include "conf/diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct finding {
    const struct conf *running, *next;
    FILE *changes, *restart;
    bool *rejoins;
};

/* --- whose workers begin again ---------------------------------------------------------------- */

static void rejoin_all(const struct finding *finding)
{
    for (size_t i = 0; i < finding->next->source_count; i++)
        finding->rejoins[i] = true;
}

static void rejoin_source(const struct finding *finding, const struct conf_source *of)
{
    const struct conf_source *source = conf_source_of(finding->next, of->name);

    if (of == finding->running->dlq.source || of == finding->next->dlq.source)
        rejoin_all(finding); /* their letters go there */
    else if (source)
        finding->rejoins[source - finding->next->sources] = true;
}

/* Whether @p setting is of the group @p name of @p section: "routes.trips.ttl". */
static bool is_of(const char *setting, const char *section, const char *name)
{
    size_t section_length = strlen(section), length = strlen(name);

    return strncmp(setting, section, section_length) == 0 &&
           strncmp(setting + section_length, name, length) == 0 &&
           strchr(".", setting[section_length + length]);
}

/* The source that the setting concerns alone, in one of both configurations; NULL: none. */
static const struct conf_source *source_of(const struct conf *conf, const char *setting)
{
    for (size_t i = 0; i < conf->source_count; i++)
        if (is_of(setting, "sources.", conf->sources[i].name))
            return &conf->sources[i];
    for (size_t i = 0; i < conf->route_count; i++)
        if (is_of(setting, "routes.", conf->routes[i].name))
            return conf->routes[i].from;
    return NULL;
}

static void rejoin_for(const struct finding *finding, const char *setting)
{
    const struct conf_source *was = source_of(finding->running, setting);
    const struct conf_source *is = source_of(finding->next, setting);

    if (!was && !is)
        rejoin_all(finding);
    if (was)
        rejoin_source(finding, was);
    if (is)
        rejoin_source(finding, is);
}

static bool have_same_sinks(const struct conf *running, const struct conf *next)
{
    bool same = running->sink_count == next->sink_count;

    for (size_t i = 0; same && i < next->sink_count; i++)
        same = strcmp(running->sinks[i].name, next->sinks[i].name) == 0;
    return same;
}

/* --- settings --------------------------------------------------------------------------------- */

static void add_change(void *context, const struct difference *difference)
{
    struct finding *finding = context;

    if (difference->change == CHANGE_RESTART)
        return;
    diff_write(difference, finding->changes);
    if (difference->change == CHANGE_REJOIN)
        rejoin_for(finding, difference->setting);
}

static void add_restart(void *context, const struct difference *difference)
{
    struct finding *finding = context;

    if (difference->change == CHANGE_RESTART)
        fprintf(finding->restart, "%s\n", difference->setting);
}

/* A source that has workers has them for the life of the process; they are numbered source by
 * source. */
static bool have_same_sources(const struct conf *running, const struct conf *next)
{
    bool same = running->source_count == next->source_count;

    for (size_t i = 0; same && i < next->source_count; i++)
        same = strcmp(running->sources[i].name, next->sources[i].name) == 0 &&
               conf_is_read(running, &running->sources[i]) == conf_is_read(next, &next->sources[i]);
    return same;
}

void change_find(struct change *change, const struct conf *start, const struct conf *running,
                 const struct conf *next)
{
    size_t length;
    struct finding finding = {running, next, open_memstream(&change->changes, &length),
                              open_memstream(&change->restart, &length),
                              mem_array(next->source_count, sizeof(bool))};

    change->waits = !have_same_sources(running, next);
    if (change->waits)
        fputs("sources\n", finding.restart);
    else
        diff_confs(running, next, add_change, &finding);
    diff_confs(start, next, add_restart, &finding);
    if (!have_same_sinks(running, next))
        rejoin_all(&finding);
    change->rejoins = finding.rejoins;
    fclose(finding.changes);
    fclose(finding.restart);
}

void change_clear(struct change *change)
{
    free(change->changes);
    free(change->restart);
    free(change->rejoins);
    *change = (struct change){0};
}
