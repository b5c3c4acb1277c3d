/* endpoints.c: every page of the admin port: the table, and the pages that list it. */
#include "app/endpoints.h"

#include "app/api_rows.h"
#include "app/body.h"
#include "app/reload.h"
#include "flow/plan.h"

#include <string.h>

struct admin_parts parts_enter(const struct admin_parts *parts)
{
    struct admin_parts now = *parts;

    now.plan = parts->reload ? reload_borrow(parts->reload) : NULL;
    if (now.plan)
        now.conf = now.plan->conf;
    return now;
}

void parts_leave(const struct admin_parts *parts)
{
    if (parts->plan)
        reload_give_back(parts->plan);
}

/* Each page is of one configuration, whatever is read again meanwhile. */
#define ENDPOINT(method, path, access, takes, gives, function, help)                               \
    static void function##_now(void *parts, const struct http_request *request,                    \
                               struct http_answer *answer)                                         \
    {                                                                                              \
        struct admin_parts now = parts_enter(parts);                                               \
        function(&now, request, answer);                                                           \
        parts_leave(&now);                                                                         \
    }
#include "app/endpoints.def"

static const struct endpoint rows[] = {
#define ENDPOINT(method, path, access, takes, gives, function, help)                               \
    {METHOD_##method, path, ACCESS_##access, help, function##_now, #function, #takes, #gives},
#include "app/endpoints.def"
};

const struct endpoints endpoints_all = {rows, sizeof(rows) / sizeof(rows[0])};

static bool accepts_plain(struct slice accept)
{
    return accept.length && memmem(accept.data, accept.length, "text/plain", 10);
}

void root_answer(void *context, const struct http_request *request, struct http_answer *answer)
{
    (void)context;
    if (page_answer(request, answer))
        return;
    if (!accepts_plain(request->head->accept)) {
        connect_answer_server(request, answer);
        return;
    }
    fprintf(answer->body, "penstock %s\n\n", PENSTOCK_VERSION);
    for (size_t i = 0; i < endpoints_all.count; i++)
        fprintf(answer->body, "%-6s %-16s %s\n", method_name(rows[i].method), rows[i].path,
                rows[i].help);
    fputs("\n?verbose makes a probe list its checks.\n", answer->body);
}

static void write_rows(FILE *out)
{
    static const char *const needs[] = {[ACCESS_OPEN] = "",
                                        [ACCESS_METRICS] = "",
                                        [ACCESS_READ] = "read",
                                        [ACCESS_CHANGE] = "change"};

    fputs("| method | path | needs | answer |\n|---|---|---|---|\n", out);
    for (size_t i = 0; i < endpoints_all.count; i++)
        fprintf(out, "| %s | `%s` | %s | %s |\n", method_name(rows[i].method), rows[i].path,
                needs[rows[i].access], rows[i].help);
}

static void write_member(const struct api_member *member, FILE *out)
{
    static const char *const types[] = {
        [TYPE_TEXT] = "text",
        [TYPE_TEXT_OR_NULL] = "text or null",
        [TYPE_TEXT_OR_NONE] = "text, or not there",
        [TYPE_LEVEL] = "error, warn, info or debug",
        [TYPE_INTEGER] = "integer",
        [TYPE_INTEGER_OR_NULL] = "integer or null",
        [TYPE_NUMBER_OR_NULL] = "number or null",
        [TYPE_FLAG] = "true or false",
        [TYPE_TEXTS] = "list of texts",
        [TYPE_LIST] = "list of ",
        [TYPE_ONE] = "",
        [TYPE_MAP] = "object of texts",
    };
    bool another = member->type == TYPE_LIST || member->type == TYPE_ONE;

    fprintf(out, "| `%s` | %s%s | %s |\n", member->name, types[member->type],
            another ? member->of : "", member->help);
}

/* The objects of the API, and their members. */
static void write_objects(FILE *out)
{
    size_t object_count, member_count;
    const struct api_object *objects = api_objects(&object_count);
    const struct api_member *members = api_members(&member_count);

    fputs("\n## Objects of the API\n\n"
          "All members are there in every answer. Members may be added in later versions; none "
          "that is here changes its meaning.\n",
          out);
    for (size_t i = 0; i < object_count; i++) {
        fprintf(out, "\n### %s\n\n%s\n\n| member | type | |\n|---|---|---|\n", objects[i].name,
                objects[i].text);
        for (size_t j = 0; j < member_count; j++)
            if (strcmp(members[j].object, objects[i].name) == 0)
                write_member(&members[j], out);
    }
}

static void write_access(FILE *out)
{
    fputs(
        "\n## Who may\n\n"
        "| page | `admin.socket` | `admin.listen` is a loopback address | another address |\n"
        "|---|---|---|---|\n"
        "| probes, `/` | free | free | free |\n"
        "| `/metrics` | free | free | free, unless `admin.open` is \"probes\": then the token |\n"
        "| that needs \"read\" | free | free | the token, unless `admin.open` is \"reading\" |\n"
        "| that needs \"change\" | free | the token | the token |\n\n"
        "The token is `admin.token`, sent as `Authorization: Bearer TOKEN`, or as the password "
        "of any user (`Basic`), which clients\nof Kafka Connect can send. Without it the answer "
        "is 401, or 403 if the configuration has no token. What decides is the\naddress that "
        "penstock listens on, not the client's: behind a proxy every client is local. Keep the "
        "token from strangers\non the network: the port speaks no TLS.\n\n"
        "`Host` must be `localhost`, an IP address or one of the names in `admin.hosts`; anything "
        "else gets 421. So a web page\nwhose own name leads to this port can read nothing from "
        "it. A script of a page that did not come from this port, by its\n`Origin`, gets 403.\n",
        out);
}

static void write_limits(FILE *out)
{
    fprintf(
        out,
        "\n## Requests and limits\n\n"
        "Errors are JSON: `{\"error_code\": 404, \"message\": \"...\"}`, with the status of the "
        "answer. A method that a page does not have\ngets 405 and the others in `Allow`.\n\n"
        "A body is JSON (`Content-Type: application/json`; else 415), of a known length or in "
        "chunks, of at most %d bytes (else\n413). One with both gets 400, and another coding "
        "501. The body of a GET is not read, and its connection closed. A\nrequest line or "
        "headers of more than %d bytes get 414 or 431; anything but HTTP gets 400. If a request "
        "takes longer than\n%d s, it gets 408. If a client does not read its answer within %d "
        "s, penstock closes the connection. Connections carry\nmany requests, and are closed "
        "after %d s without one. penstock serves at most %d connections at once; others wait. "
        "If all\nare in use, penstock closes each one after its answer, and one that has waited "
        "%d ms for its client's request. Beside\nthem %d clients may read `/api/v1/events`; a "
        "further one gets 503. A viewer that is too slow loses events, and after %d s in\nwhich it "
        "has taken nothing, its connection. None of this affects the threads that move records.\n",
        BODY_BYTES, HTTP_HEAD_BYTES, HTTP_HEAD_MS / 1000, HTTP_CONNECTION_MS / 1000,
        HTTP_IDLE_MS / 1000, HTTP_CONNECTIONS, HTTP_CROWDED_MS, HTTP_STREAMS,
        HTTP_STALLED_MS / 1000);
}

void endpoints_write_reference(FILE *out)
{
    fputs("# The admin port\n\n"
          "`admin = { listen = \"127.0.0.1:9464\"; };` is the default. With port 0 penstock uses a "
          "free port and logs its number.\n`socket = \"/run/penstock/admin.sock\"` opens a unix "
          "socket beside it, for its owner and group (mode 0660), with limits\nof its own: `curl "
          "--unix-socket /run/penstock/admin.sock http://localhost/readyz`. The "
          "variable\n`PENSTOCK_SOCKET` names one more, as the units of systemd do.\nThis page is "
          "generated from `src/app/endpoints.def`; a test fails when it is stale.\n\n",
          out);
    write_rows(out);
    fputs(
        "\nA probe that fails answers 503 and lists its checks, one on each line; with `?verbose` "
        "every probe lists them:\n\n"
        "```\n[+]configuration ok\n[+]kafka ok\n[+]topic rides of source main: assigned\n"
        "[-]topic trpis of source main: it does not exist, or we may not see it, for 31 s\n"
        "[-]sink live: connection refused, for 12 s\n"
        "[+]dlq ok\n"
        "[-]partition rides[3]: offset 88121: route rides_cache: WRONGTYPE Operation against a "
        "key holding the wrong kind of value\ncheck failed\n```\n\n"
        "`/livez` never depends on Kafka or Redis, because a restart would not help them.\n",
        out);
    write_access(out);
    write_limits(out);
    write_objects(out);
}
