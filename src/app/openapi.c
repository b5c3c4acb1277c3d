/* openapi.c: GET /openapi.json: the API for programs, from the rows of endpoints.def and api.def.
 */
#include "app/api.h"
#include "app/api_rows.h"
#include "base/mem.h"
#include "conf/kind.h"

#include <stdlib.h>
#include <string.h>

/* What comes back that is no object of api.def. */
static const struct {
    const char *gives;
    int status;
    const char *type; /* NULL: nothing comes */
} plain_answers[] = {
    {"PROBE", 200, "text/plain"}, {"METRICS", 200, "text/plain"},
    {"PAGE", 200, "*/*"},         {"EVENTS", 200, "text/event-stream"},
    {"JSON", 200, HTTP_JSON},     {"ACCEPTED", 202, NULL},
    {"NOTHING", 204, NULL},       {"RESTARTED", 204, NULL},
};

static const struct {
    const char *path, *name, *value; /* NULL: any, or none */
    const char *help;
} queries[] = {
    {"/livez", "verbose", NULL, "Lists the checks."},
    {"/readyz", "verbose", NULL, "Lists the checks."},
    {"/startupz", "verbose", NULL, "Lists the checks."},
    {"/connectors", "expand", "info",
     "info: with what GET /connectors/{connector} says; status: with "
     "its status. It may be there twice."},
    {"/connectors/{connector}/restart", "includeTasks", "true", "Answers 202 and the status."},
    {"/connectors/{connector}/restart", "onlyFailed", "true", "Answers 202 and the status."},
};

/* Groups of pages, by how their paths begin; the last takes the rest. */
static const struct {
    const char *path, *name, *text;
} tags[] = {
    {"/api/", "penstock", "How the bridge is, and what an operator may do."},
    {"/connect", "kafka-connect", "The part of Kafka Connect's REST API that its tools use."},
    {"/", "server", "Probes, metrics and the page."},
};

enum { TAGS = sizeof(tags) / sizeof(tags[0]) };

static void write_ref(struct json_writer *json, const char *name, const char *kind,
                      const char *object)
{
    char *path = mem_format("#/components/%s/%s", kind, object);

    json_write_open(json, name, '{');
    json_write_text(json, "$ref", path);
    json_write_close(json, '}');
    free(path);
}

/* --- objects --------------------------------------------------------------------------------- */

static void write_type(struct json_writer *json, const char *type, bool nullable)
{
    if (!nullable) {
        json_write_text(json, "type", type);
        return;
    }
    json_write_open(json, "type", '[');
    json_write_text(json, NULL, type);
    json_write_text(json, NULL, "null");
    json_write_close(json, ']');
}

static void write_items(struct json_writer *json, enum api_type type, const char *of)
{
    json_write_text(json, "type", "array");
    if (type == TYPE_LIST) {
        write_ref(json, "items", "schemas", of);
        return;
    }
    json_write_open(json, "items", '{');
    json_write_text(json, "type", "string");
    json_write_close(json, '}');
}

static void write_level(struct json_writer *json)
{
    json_write_text(json, "type", "string");
    json_write_open(json, "enum", '[');
    for (const char *const *word = kinds[KIND_LOG_LEVEL].words; *word; word++)
        json_write_text(json, NULL, *word);
    json_write_close(json, ']');
}

static void write_member_type(struct json_writer *json, const struct api_member *member)
{
    switch (member->type) {
    case TYPE_TEXT:
    case TYPE_TEXT_OR_NULL:
    case TYPE_TEXT_OR_NONE:
        write_type(json, "string", member->type == TYPE_TEXT_OR_NULL);
        break;
    case TYPE_INTEGER:
    case TYPE_INTEGER_OR_NULL:
        write_type(json, "integer", member->type == TYPE_INTEGER_OR_NULL);
        json_write_integer(json, "minimum", 0);
        json_write_integer(json, "maximum", INT64_MAX);
        break;
    case TYPE_NUMBER_OR_NULL:
        write_type(json, "number", true);
        break;
    case TYPE_FLAG:
        write_type(json, "boolean", false);
        break;
    case TYPE_LEVEL:
        write_level(json);
        break;
    case TYPE_TEXTS:
    case TYPE_LIST:
        write_items(json, member->type, member->of);
        break;
    case TYPE_MAP:
        json_write_text(json, "type", "object");
        json_write_open(json, "additionalProperties", '{');
        json_write_text(json, "type", "string");
        json_write_close(json, '}');
        break;
    case TYPE_ONE:
        json_write_open(json, "allOf", '[');
        write_ref(json, NULL, "schemas", member->of);
        json_write_close(json, ']');
        break;
    }
    json_write_text(json, "description", member->help);
}

static void write_object(struct json_writer *json, const struct api_object *object)
{
    size_t count;
    const struct api_member *members = api_members(&count);

    json_write_open(json, object->name, '{');
    json_write_text(json, "type", "object");
    json_write_text(json, "description", object->text);
    json_write_open(json, "properties", '{');
    for (size_t i = 0; i < count; i++)
        if (strcmp(members[i].object, object->name) == 0) {
            json_write_open(json, members[i].name, '{');
            write_member_type(json, &members[i]);
            json_write_close(json, '}');
        }
    json_write_close(json, '}');
    json_write_open(json, "required", '[');
    for (size_t i = 0; i < count; i++)
        if (strcmp(members[i].object, object->name) == 0 && members[i].type != TYPE_TEXT_OR_NONE)
            json_write_text(json, NULL, members[i].name);
    json_write_close(json, ']');
    json_write_close(json, '}');
}

/* --- paths ----------------------------------------------------------------------------------- */

static void write_parameter(struct json_writer *json, struct slice name)
{
    bool number = slice_is(name, "partition") || slice_is(name, "task");

    json_write_open(json, NULL, '{');
    json_write_bytes(json, "name", name);
    json_write_text(json, "in", "path");
    json_write_bool(json, "required", true);
    json_write_open(json, "schema", '{');
    json_write_text(json, "type", number ? "integer" : "string");
    if (number) {
        json_write_integer(json, "minimum", 0);
        json_write_integer(json, "maximum", INT32_MAX);
    } else {
        json_write_integer(json, "minLength", 1);
    }
    json_write_close(json, '}');
    json_write_close(json, '}');
}

static void write_query(struct json_writer *json, size_t row)
{
    json_write_open(json, NULL, '{');
    json_write_text(json, "name", queries[row].name);
    json_write_text(json, "in", "query");
    json_write_text(json, "description", queries[row].help);
    json_write_open(json, "schema", '{');
    json_write_text(json, "type", "string");
    if (queries[row].value)
        json_write_text(json, "example", queries[row].value);
    json_write_close(json, '}');
    json_write_close(json, '}');
}

static void write_parameters(struct json_writer *json, const char *path)
{
    struct slice rest = slice_of(path);

    json_write_open(json, "parameters", '[');
    while (request_cut(&rest, "{").length && rest.length)
        write_parameter(json, request_cut(&rest, "}"));
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
        if (strcmp(queries[i].path, path) == 0)
            write_query(json, i);
    json_write_close(json, ']');
}

static void write_content(struct json_writer *json, const char *type, const char *object)
{
    json_write_open(json, "content", '{');
    json_write_open(json, type, '{');
    if (object)
        write_ref(json, "schema", "schemas", object);
    json_write_close(json, '}');
    json_write_close(json, '}');
}

static void write_response(struct json_writer *json, int status, const char *type,
                           const char *object)
{
    char name[8];

    snprintf(name, sizeof(name), "%d", status);
    json_write_open(json, name, '{');
    json_write_text(json, "description", status == 503 ? "It is not so." : "It is done.");
    if (type)
        write_content(json, type, object);
    json_write_close(json, '}');
}

static void write_responses(struct json_writer *json, const struct endpoint *endpoint)
{
    size_t i = 0, count = sizeof(plain_answers) / sizeof(plain_answers[0]);

    while (i < count && strcmp(plain_answers[i].gives, endpoint->gives) != 0)
        i++;
    json_write_open(json, "responses", '{');
    if (i < count)
        write_response(json, plain_answers[i].status, plain_answers[i].type, NULL);
    else
        write_response(json, 200, HTTP_JSON, endpoint->gives);
    if (strcmp(endpoint->gives, "RESTARTED") == 0)
        write_response(json, 202, HTTP_JSON, "ConnectorStatus");
    if (strcmp(endpoint->gives, "PROBE") == 0)
        write_response(json, 503, "text/plain", NULL);
    write_ref(json, "default", "responses", "Error");
    json_write_close(json, '}');
}

static void write_security(struct json_writer *json, enum endpoint_access access)
{
    static const char *const schemes[] = {"bearer", "basic"};

    json_write_open(json, "security", '[');
    if (access != ACCESS_CHANGE) {
        json_write_open(json, NULL, '{');
        json_write_close(json, '}');
    }
    for (size_t i = 0; access != ACCESS_OPEN && i < 2; i++) {
        json_write_open(json, NULL, '{');
        json_write_open(json, schemes[i], '[');
        json_write_close(json, ']');
        json_write_close(json, '}');
    }
    json_write_close(json, ']');
}

static void write_tag(struct json_writer *json, const char *path)
{
    size_t i = 0;

    while (strncmp(path, tags[i].path, strlen(tags[i].path)) != 0)
        i++;
    json_write_open(json, "tags", '[');
    json_write_text(json, NULL, tags[i].name);
    json_write_close(json, ']');
}

static void write_operation(struct json_writer *json, const struct endpoint *endpoint)
{
    static const char *const names[] = {"get", "head", "post", "put", "delete"};

    json_write_open(json, names[endpoint->method], '{');
    json_write_text(json, "operationId", endpoint->id);
    write_tag(json, endpoint->path);
    json_write_text(json, "description", endpoint->help);
    write_parameters(json, endpoint->path);
    if (strcmp(endpoint->takes, "NONE") != 0) {
        json_write_open(json, "requestBody", '{');
        json_write_bool(json, "required", true);
        write_content(json, HTTP_JSON, endpoint->takes);
        json_write_close(json, '}');
    }
    write_responses(json, endpoint);
    write_security(json, endpoint->access);
    json_write_close(json, '}');
}

static bool is_first_of_path(const struct endpoints *endpoints, size_t row)
{
    for (size_t i = 0; i < row; i++)
        if (strcmp(endpoints->rows[i].path, endpoints->rows[row].path) == 0)
            return false;
    return true;
}

static void write_paths(struct json_writer *json, const struct endpoints *endpoints)
{
    const struct endpoint *rows = endpoints->rows;

    json_write_open(json, "paths", '{');
    for (size_t i = 0; i < endpoints->count; i++) {
        if (!is_first_of_path(endpoints, i))
            continue;
        json_write_open(json, rows[i].path, '{');
        for (size_t j = i; j < endpoints->count; j++)
            if (strcmp(rows[i].path, rows[j].path) == 0)
                write_operation(json, &rows[j]);
        json_write_close(json, '}');
    }
    json_write_close(json, '}');
}

/* --- the document ---------------------------------------------------------------------------- */

static void write_scheme(struct json_writer *json, const char *name)
{
    json_write_open(json, name, '{');
    json_write_text(json, "type", "http");
    json_write_text(json, "scheme", name);
    json_write_text(json, "description", "admin.token.");
    json_write_close(json, '}');
}

static void write_components(struct json_writer *json)
{
    size_t count;
    const struct api_object *objects = api_objects(&count);

    json_write_open(json, "components", '{');
    json_write_open(json, "schemas", '{');
    for (size_t i = 0; i < count; i++)
        write_object(json, &objects[i]);
    json_write_close(json, '}');
    json_write_open(json, "responses", '{');
    json_write_open(json, "Error", '{');
    json_write_text(json, "description", "Why not.");
    write_content(json, HTTP_JSON, "Error");
    json_write_close(json, '}');
    json_write_close(json, '}');
    json_write_open(json, "securitySchemes", '{');
    write_scheme(json, "bearer");
    write_scheme(json, "basic");
    json_write_close(json, '}');
    json_write_close(json, '}');
}

static void write_tags(struct json_writer *json)
{
    json_write_open(json, "tags", '[');
    for (size_t i = 0; i < TAGS; i++) {
        json_write_open(json, NULL, '{');
        json_write_text(json, "name", tags[i].name);
        json_write_text(json, "description", tags[i].text);
        json_write_close(json, '}');
    }
    json_write_close(json, ']');
}

void openapi_answer(void *context, const struct http_request *request, struct http_answer *answer)
{
    const struct admin_parts *parts = context;
    struct json_writer json = api_begin(answer);

    (void)request;
    json_write_text(&json, "openapi", "3.1.0");
    json_write_open(&json, "info", '{');
    json_write_text(&json, "title", "penstock");
    json_write_text(&json, "version", PENSTOCK_VERSION);
    json_write_text(&json, "description",
                    "The admin port of penstock, a bridge from Kafka to Redis.");
    json_write_close(&json, '}');
    json_write_open(&json, "servers", '[');
    json_write_open(&json, NULL, '{');
    json_write_text(&json, "url", "/");
    json_write_close(&json, '}');
    json_write_close(&json, ']');
    write_tags(&json);
    write_paths(&json, parts->endpoints);
    write_components(&json);
    json_write_close(&json, '}');
}
