/*
 * connect.c: the part of Kafka Connect's REST API that its tools use: kafka-ui, kcctl, monitoring.
 *
 * A route is a sink connector. Its tasks are the members of its source's consumer group in this
 * process. A task has failed if it holds a partition because of a record of the route, and is
 * unassigned until it has joined the group. Routes come from the file alone: nothing here makes,
 * changes or deletes a connector. Restarting one tries its held partitions again.
 *
 * Names and types are those of org.apache.kafka.connect.runtime.rest.entities.
 */
#include "app/api.h"
#include "app/health.h"
#include "base/mem.h"
#include "base/text.h"
#include "conf/settings.h"
#include "conf/topic.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECTOR_CLASS "penstock"

struct connector {
    const struct admin_parts *parts;
    const struct conf_route *route;
    unsigned first_worker, task_count;
};

enum task_state { TASK_RUNNING, TASK_PAUSED, TASK_UNASSIGNED, TASK_FAILED };

static const char *const states[] = {"RUNNING", "PAUSED", "UNASSIGNED", "FAILED"};

/* Workers are numbered source by source, in the order of the file. */
static struct connector connector_of(const struct admin_parts *parts,
                                     const struct conf_route *route)
{
    struct connector connector = {parts, route, 0, (unsigned)route->from->workers};

    for (const struct conf_source *source = parts->conf->sources; source != route->from; source++)
        if (conf_is_read(parts->conf, source))
            connector.first_worker += (unsigned)source->workers;
    return connector;
}

/* The connector of the path; if there is none it is refused as Connect does. */
static bool connector_find(const struct admin_parts *parts, const struct http_request *request,
                           struct http_answer *answer, struct connector *connector)
{
    const struct conf_route *route = api_route(parts->conf, request->arguments[0]);

    if (!route) {
        http_refuse(answer, 404, "Connector %s not found", request->arguments[0]);
        return false;
    }
    *connector = connector_of(parts, route);
    return true;
}

static bool connector_is_paused(const struct connector *connector)
{
    return steering_is_paused(&connector->parts->steering, connector->route->name);
}

static bool route_takes(const struct conf_route *route, const char *topic)
{
    bool takes = false;

    for (size_t i = 0; !takes && i < route->topics.count; i++) {
        struct err err;
        struct topic_matcher *matcher = topic_matcher_new(route->topics.items[i].text, &err);
        takes = matcher && topic_matcher_takes(matcher, topic);
        topic_matcher_free(matcher);
    }
    return takes;
}

/* --- what they are -------------------------------------------------------------------------- */

static void write_topics_setting(struct json_writer *json, const struct conf_texts *topics)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    bool patterns = topics->items[0].text[0] == '^';

    for (size_t i = 0; i < topics->count; i++)
        fprintf(out, "%s%s", i ? "," : "", topics->items[i].text);
    fclose(out);
    json_write_text(json, patterns ? "topics.regex" : "topics", text);
    free(text);
}

struct setting_list {
    struct json_writer *json;
    char *prefix; /* "routes.trips." */
};

static void write_setting(void *context, const struct setting_value *setting)
{
    const struct setting_list *list = context;
    size_t length = strlen(list->prefix);
    const char *name = setting->name + length;

    if (strncmp(setting->name, list->prefix, length) == 0 && setting->value[0] &&
        strcmp(name, "name") != 0 && strcmp(name, "topics") != 0)
        json_write_text(list->json, name, setting->value);
}

static void write_config(struct json_writer *json, const char *name,
                         const struct connector *connector)
{
    char number[16];
    struct setting_list list = {json, mem_format("routes.%s.", connector->route->name)};

    snprintf(number, sizeof(number), "%u", connector->task_count);
    json_write_open(json, name, '{');
    json_write_text(json, "name", connector->route->name);
    json_write_text(json, "connector.class", CONNECTOR_CLASS);
    json_write_text(json, "tasks.max", number);
    write_topics_setting(json, &connector->route->topics);
    settings_visit(connector->parts->conf, write_setting, &list);
    json_write_close(json, '}');
    free(list.prefix);
}

static void write_info(struct json_writer *json, const char *name,
                       const struct connector *connector)
{
    json_write_open(json, name, '{');
    json_write_text(json, "name", connector->route->name);
    write_config(json, "config", connector);
    json_write_open(json, "tasks", '[');
    for (unsigned i = 0; i < connector->task_count; i++) {
        json_write_open(json, NULL, '{');
        json_write_text(json, "connector", connector->route->name);
        json_write_integer(json, "task", i);
        json_write_close(json, '}');
    }
    json_write_close(json, ']');
    json_write_text(json, "type", "sink");
    json_write_close(json, '}');
}

/* --- how they are --------------------------------------------------------------------------- */

static void write_worker(struct json_writer *json)
{
    char host[256] = "";

    gethostname(host, sizeof(host) - 1);
    char *worker = mem_format("%s:%d", host, (int)getpid());
    json_write_text(json, "worker_id", worker);
    json_write_text(json, "version", PENSTOCK_VERSION);
    free(worker);
}

static void write_task(struct json_writer *json, const struct connector *connector, unsigned task)
{
    char trace[ERR_TEXT_BYTES] = "";
    enum task_state state = TASK_RUNNING;

    if (!health_is_joined(connector->parts->health, connector->first_worker + task))
        state = TASK_UNASSIGNED;
    else if (health_held_by(connector->parts->health, connector->first_worker + task,
                            connector->route->name, trace))
        state = TASK_FAILED;
    else if (connector_is_paused(connector))
        state = TASK_PAUSED;
    json_write_open(json, NULL, '{');
    json_write_integer(json, "id", task);
    json_write_text(json, "state", states[state]);
    write_worker(json);
    if (state == TASK_FAILED)
        json_write_text(json, "trace", trace);
    json_write_close(json, '}');
}

static void write_status(struct json_writer *json, const char *name,
                         const struct connector *connector)
{
    json_write_open(json, name, '{');
    json_write_text(json, "name", connector->route->name);
    json_write_open(json, "connector", '{');
    json_write_text(json, "state",
                    states[connector_is_paused(connector) ? TASK_PAUSED : TASK_RUNNING]);
    write_worker(json);
    json_write_close(json, '}');
    json_write_open(json, "tasks", '[');
    for (unsigned i = 0; i < connector->task_count; i++)
        write_task(json, connector, i);
    json_write_close(json, ']');
    json_write_text(json, "type", "sink");
    json_write_close(json, '}');
}

/* --- pages: all connectors ------------------------------------------------------------------- */

void connect_answer_server(const struct http_request *request, struct http_answer *answer)
{
    struct json_writer json = api_begin(answer);

    (void)request;
    json_write_text(&json, "version", PENSTOCK_VERSION);
    json_write_text(&json, "commit", "penstock");
    json_write_text(&json, "kafka_cluster_id", "");
    json_write_close(&json, '}');
}

static void write_expanded(struct json_writer *json, const struct connector *connector, bool info,
                           bool status)
{
    json_write_open(json, connector->route->name, '{');
    if (status)
        write_status(json, "status", connector);
    if (info)
        write_info(json, "info", connector);
    json_write_close(json, '}');
}

void connect_answer_connectors(void *context, const struct http_request *request,
                               struct http_answer *answer)
{
    const struct admin_parts *parts = context;
    struct slice query = request->head->query;
    bool expands = request_query_has(query, "expand");
    bool info = request_query_is(query, "expand", "info");
    bool status = request_query_is(query, "expand", "status");
    struct json_writer json = {.out = answer->body};

    answer->type = HTTP_JSON;
    json_write_open(&json, NULL, expands ? '{' : '[');
    for (size_t i = 0; i < parts->conf->route_count; i++) {
        struct connector connector = connector_of(parts, &parts->conf->routes[i]);
        if (expands)
            write_expanded(&json, &connector, info, status);
        else
            json_write_text(&json, NULL, connector.route->name);
    }
    json_write_close(&json, expands ? '}' : ']');
}

void connect_answer_plugins(void *context, const struct http_request *request,
                            struct http_answer *answer)
{
    struct json_writer json = {.out = answer->body};

    (void)context, (void)request;
    answer->type = HTTP_JSON;
    json_write_open(&json, NULL, '[');
    json_write_open(&json, NULL, '{');
    json_write_text(&json, "class", CONNECTOR_CLASS);
    json_write_text(&json, "type", "sink");
    json_write_text(&json, "version", PENSTOCK_VERSION);
    json_write_close(&json, '}');
    json_write_close(&json, ']');
}

/* --- pages: one of them ---------------------------------------------------------------------- */

typedef void connector_writer(struct json_writer *json, const char *name,
                              const struct connector *connector);

static void answer_with(const struct admin_parts *parts, const struct http_request *request,
                        struct http_answer *answer, connector_writer *write)
{
    struct json_writer json = {.out = answer->body};
    struct connector connector;

    if (!connector_find(parts, request, answer, &connector))
        return;
    answer->type = HTTP_JSON;
    write(&json, NULL, &connector);
}

void connect_answer_connector(void *context, const struct http_request *request,
                              struct http_answer *answer)
{
    answer_with(context, request, answer, write_info);
}

void connect_answer_config(void *context, const struct http_request *request,
                           struct http_answer *answer)
{
    answer_with(context, request, answer, write_config);
}

void connect_answer_status(void *context, const struct http_request *request,
                           struct http_answer *answer)
{
    answer_with(context, request, answer, write_status);
}

static void write_tasks(struct json_writer *json, const char *name,
                        const struct connector *connector)
{
    json_write_open(json, name, '[');
    for (unsigned i = 0; i < connector->task_count; i++) {
        json_write_open(json, NULL, '{');
        json_write_open(json, "id", '{');
        json_write_text(json, "connector", connector->route->name);
        json_write_integer(json, "task", i);
        json_write_close(json, '}');
        write_config(json, "config", connector);
        json_write_close(json, '}');
    }
    json_write_close(json, ']');
}

void connect_answer_tasks(void *context, const struct http_request *request,
                          struct http_answer *answer)
{
    answer_with(context, request, answer, write_tasks);
}

/* The task of the path; if there is none it is refused. */
static bool task_find(const struct connector *connector, const struct http_request *request,
                      struct http_answer *answer, unsigned *task)
{
    int64_t number;

    if (text_integer(slice_of(request->arguments[1]), &number) && number >= 0 &&
        number < connector->task_count) {
        *task = (unsigned)number;
        return true;
    }
    http_refuse(answer, 404, "No status found for task %s-%s", connector->route->name,
                request->arguments[1]);
    return false;
}

void connect_answer_task(void *context, const struct http_request *request,
                         struct http_answer *answer)
{
    struct json_writer json = {.out = answer->body};
    struct connector connector;
    unsigned task;

    if (!connector_find(context, request, answer, &connector) ||
        !task_find(&connector, request, answer, &task))
        return;
    answer->type = HTTP_JSON;
    write_task(&json, &connector, task);
}

/* Partitions are sorted by topic. */
static void write_topic_names(struct json_writer *json, const char *name,
                              const struct connector *connector)
{
    struct snapshot snapshot;
    const char *last = "";

    snapshot_take(&snapshot, connector->parts->metrics);
    json_write_open(json, name, '{');
    json_write_open(json, connector->route->name, '{');
    json_write_open(json, "topics", '[');
    for (size_t i = 0; i < snapshot.partition_count; i++) {
        const char *topic = snapshot.partitions[i].topic;
        if (strcmp(topic, last) != 0 && route_takes(connector->route, topic))
            json_write_text(json, NULL, topic);
        last = topic;
    }
    json_write_close(json, ']');
    json_write_close(json, '}');
    json_write_close(json, '}');
    snapshot_clear(&snapshot);
}

void connect_answer_topics(void *context, const struct http_request *request,
                           struct http_answer *answer)
{
    answer_with(context, request, answer, write_topic_names);
}

static void write_offset(struct json_writer *json, const struct partition_sample *partition)
{
    json_write_open(json, NULL, '{');
    json_write_open(json, "partition", '{');
    json_write_text(json, "kafka_topic", partition->topic);
    json_write_integer(json, "kafka_partition", partition->partition);
    json_write_close(json, '}');
    json_write_open(json, "offset", '{');
    api_write_whole(json, "kafka_offset", partition->committed_offset);
    json_write_close(json, '}');
    json_write_close(json, '}');
}

static void write_offsets(struct json_writer *json, const char *name,
                          const struct connector *connector)
{
    struct snapshot snapshot;

    snapshot_take(&snapshot, connector->parts->metrics);
    json_write_open(json, name, '{');
    json_write_open(json, "offsets", '[');
    for (size_t i = 0; i < snapshot.partition_count; i++)
        if (snapshot.partitions[i].committed_offset >= 0 && /* a number, not NAN */
            route_takes(connector->route, snapshot.partitions[i].topic))
            write_offset(json, &snapshot.partitions[i]);
    json_write_close(json, ']');
    json_write_close(json, '}');
    snapshot_clear(&snapshot);
}

void connect_answer_offsets(void *context, const struct http_request *request,
                            struct http_answer *answer)
{
    answer_with(context, request, answer, write_offsets);
}

/* --- changes --------------------------------------------------------------------------------- */

/* Connect says nothing but the status: 202, it will come. */
static void pause_connector(const struct admin_parts *parts, const struct http_request *request,
                            struct http_answer *answer, bool paused)
{
    struct steering_answer said;
    struct connector connector;

    if (!connector_find(parts, request, answer, &connector))
        return;
    steering_pause_route(&parts->steering, connector.route->name, paused, request->who, &said);
    if (said.result == STEERING_LATE)
        http_refuse(answer, 500, "%s", said.text);
    else
        answer->status = 202; /* also if it was so before */
}

void connect_answer_pause(void *context, const struct http_request *request,
                          struct http_answer *answer)
{
    pause_connector(context, request, answer, true);
}

void connect_answer_resume(void *context, const struct http_request *request,
                           struct http_answer *answer)
{
    pause_connector(context, request, answer, false);
}

/* Tries the held partitions of the route's topics again. */
static void connector_retry(const struct connector *connector, const char *who)
{
    struct steering_answer said;
    struct snapshot snapshot;

    snapshot_take(&snapshot, connector->parts->metrics);
    for (size_t i = 0; i < snapshot.partition_count; i++) {
        const struct partition_sample *partition = &snapshot.partitions[i];
        if (partition->held != 0 && route_takes(connector->route, partition->topic))
            steering_retry(&connector->parts->steering, partition->topic, partition->partition, who,
                           &said);
    }
    snapshot_clear(&snapshot);
}

void connect_answer_restart(void *context, const struct http_request *request,
                            struct http_answer *answer)
{
    struct connector connector;

    if (!connector_find(context, request, answer, &connector))
        return;
    connector_retry(&connector, request->who);
    if (!request_query_is(request->head->query, "includeTasks", "true") &&
        !request_query_is(request->head->query, "onlyFailed", "true")) {
        answer->status = 204;
        return;
    }
    answer_with(context, request, answer, write_status);
    answer->status = 202;
}

void connect_answer_restart_task(void *context, const struct http_request *request,
                                 struct http_answer *answer)
{
    struct connector connector;
    unsigned task;

    if (!connector_find(context, request, answer, &connector) ||
        !task_find(&connector, request, answer, &task))
        return;
    connector_retry(&connector, request->who);
    answer->status = 204;
}
