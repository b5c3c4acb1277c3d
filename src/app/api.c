/* api.c: what the pages of the API share. */
#include "app/api.h"

#include <math.h>
#include <string.h>

struct json_writer api_begin(struct http_answer *answer)
{
    struct json_writer json = {.out = answer->body};

    answer->type = HTTP_JSON;
    json_write_open(&json, NULL, '{');
    return json;
}

const struct conf_route *api_route(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->route_count; i++)
        if (strcmp(conf->routes[i].name, name) == 0)
            return &conf->routes[i];
    return NULL;
}

const void *api_counts(const struct snapshot *snapshot, enum slot_kind kind, const char *name)
{
    for (size_t i = 0; i < snapshot->slot_count; i++)
        if (snapshot->slots[i].kind == kind && strcmp(snapshot->slots[i].name, name) == 0)
            return snapshot->words[i];
    return NULL;
}

void api_write_count(struct json_writer *json, const char *name, uint64_t count)
{
    json_write_integer(json, name, (int64_t)count);
}

void api_write_whole(struct json_writer *json, const char *name, double number)
{
    if (isnan(number))
        json_write_null(json, name);
    else
        json_write_integer(json, name, (int64_t)number);
}

void api_write_records(struct json_writer *json, const struct route_counters *counters)
{
    json_write_open(json, "records", '{');
    api_write_count(json, "matched", counters->matched);
    api_write_count(json, "written", counters->outcomes[OUTCOME_WRITTEN]);
    api_write_count(json, "filtered", counters->outcomes[OUTCOME_FILTERED]);
    api_write_count(json, "dropped", counters->outcomes[OUTCOME_DROPPED]);
    api_write_count(json, "dead_lettered", counters->outcomes[OUTCOME_DEAD_LETTERED]);
    api_write_count(json, "returned", counters->outcomes[OUTCOME_RETURNED]);
    api_write_count(json, "in_flight", counters->inflight);
    json_write_close(json, '}');
}

void api_write_setting(struct json_writer *json, const char *name, const struct conf_text *text)
{
    json_write_text(json, name, text->secret && text->text ? "***" : text->text);
}
