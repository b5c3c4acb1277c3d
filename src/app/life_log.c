/* life_log.c: the log lines of the process's start and stop. */
#include "app/life_log.h"

#include "base/clock.h"
#include "base/log.h"
#include "kafka/library.h"
#include "metrics/metrics.h"
#include "redis/library.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void life_log_start(const struct loaded *loaded)
{
    log_info("penstock starts", LOG_STR("version", PENSTOCK_VERSION),
             LOG_STR("config", loaded->path), LOG_INT("pid", getpid()),
             LOG_STR("librdkafka", kafka_library_version()),
             LOG_STR("hiredis", redis_library_version()), LOG_STR("libevent", event_get_version()),
             LOG_INT("routes", loaded->conf->route_count),
             LOG_INT("memory_bytes", loaded->conf->memory));
}

static void log_finding(void *context, const struct conf_finding *finding)
{
    const struct log_field fields[] = {
        LOG_STR("file", finding->origin.file), LOG_SOME("line", finding->origin.line),
        LOG_STR(finding->severity == CONF_ERROR ? "error" : "warning", finding->text),
        LOG_STR("remedy", finding->hint), LOG_END};

    (void)context;
    if (finding->severity == CONF_ERROR)
        log_write(NULL, LOG_ERROR, "configuration", fields);
    else if (finding->severity == CONF_WARNING && log_enabled(LOG_WARN))
        log_write(NULL, LOG_WARN, "configuration", fields);
}

void life_log_findings(const struct loaded *loaded)
{
    conf_problems_each(loaded->problems, log_finding, NULL);
}

/* Lines as one text; free() frees it. */
static char *joined(const char *lines)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    for (const char *c = lines; *c; c++)
        fputs(*c != '\n' ? (const char[]){*c, '\0'} : c[1] ? "; " : "", out);
    fclose(out);
    return text;
}

void life_log_reload(const char *path, const char *changes, const char *restart)
{
    char *now = joined(changes), *later = joined(restart);

    log_info("configuration read again", LOG_STR("file", path), LOG_STR("changes", now));
    if (*later)
        log_warn_each("changes of the configuration need a restart", LOG_STR("settings", later));
    free(now);
    free(later);
}

void life_log_secrets(const char *changes)
{
    char *now = joined(changes);

    log_info("secrets read again, because a login was refused", LOG_STR("changes", now));
    free(now);
}

void life_log_wait(const struct metrics *metrics, struct health *health, int64_t deadline_ms)
{
    struct metrics_totals totals;
    struct reasons reasons;

    metrics_totals(metrics, &totals);
    reasons_of(health, &reasons);
    log_info("the stop waits for answers", LOG_INT("records_in_flight", totals.inflight),
             LOG_INT("longest_ms", deadline_ms - clock_ms()),
             LOG_STR("reason", reasons.count ? reasons.text : NULL));
}

void life_log_stop(size_t left, const struct reasons *reasons, int64_t took_ms)
{
    if (left)
        log_warn("stopped with work left", LOG_INT("records_read_again", left),
                 LOG_SOME("held_partitions", reasons->held),
                 LOG_STR("reason", reasons->count ? reasons->text : NULL),
                 LOG_INT("took_ms", took_ms));
    else
        log_info("stopped", LOG_INT("took_ms", took_ms));
}

void life_log_warming(const struct startup *startup, struct health *health)
{
    const struct source_warming *warming = &startup->warming;
    int64_t left_ms = startup_left_ms(startup);
    struct reasons reasons;

    reasons_of(health, &reasons);
    log_info("warming", LOG_INT("records", warming->records - warming->remaining),
             LOG_INT("of", warming->records), LOG_INT("percent", startup_percent(startup)),
             LOG_SOME("left_ms", left_ms > 0 ? left_ms : 0),
             LOG_INT("partitions_not_warm", warming->cold),
             LOG_INT("partitions", warming->partitions), LOG_SOME("held_partitions", reasons.held),
             LOG_STR("reason", reasons.count ? reasons.text : NULL));
}

void life_log_warm(const struct startup *startup)
{
    log_info("warm", LOG_INT("records", startup->warming.records),
             LOG_INT("partitions", startup->warming.partitions),
             LOG_INT("took_ms", startup->elapsed_ms));
}
