/* test_api.c: what the API says of a bridge that works, and of one that does not. */
#include "bridge_fixture.h"
#include "member_fixture.h"
#include "port_fixture.h"
#include "suite.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>
#include <unistd.h>

static struct redis_server *server;

static void open_api(const char *topic, const char *routes)
{
    struct err err;

    cluster_topic(topic);
    bridge_open(redis_server_folder(server), topic, "",
                "sinks = { here = { url = \"redis://:hunter2@127.0.0.1:%d\"; }; };\n"
                "admin = { listen = \"127.0.0.1:0\"; token = \"0123456789abcdef\"; };\n"
                "routes = ( %s );\n",
                redis_server_port(server), routes);
    admin = admin_start(&(struct admin_parts){.conf = bridge.loaded.conf,
                                              .metrics = bridge.metrics,
                                              .health = bridge.health},
                        &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(admin);
}

static void close_api(void)
{
    admin_stop(admin);
    bridge_stop();
    bridge_free();
}

/* Whether the answer comes to say that. */
static bool comes(const char *path, const char *text)
{
    const int64_t until_ms = clock_ms() + BRIDGE_PATIENCE_MS;

    do {
        port_get(path);
        if (port_status() == 200 && strstr(answer, text))
            return true;
        usleep(BRIDGE_LOOK_MS * 1000);
    } while (clock_ms() < until_ms);
    return port_says(text);
}

static void send_record(const char *topic, const char *value)
{
    cluster_produce_record(topic, 1, SLICE("k"), slice_of(value), clock_wall_ms(), NULL);
}

static void a_bridge_that_works_says_so(void)
{
    open_api("fine", BRIDGE_ROUTE("rides", "fine",
                                  "format = \"json\"; do = \"SET fine:%{id} %{status}\"; "
                                  "ttl = \"1h\"; "));
    for (int i = 0; i < 3; i++)
        send_record("fine", "{\"id\":1,\"status\":\"ok\"}");
    CU_ASSERT(comes("/api/v1/status", "\"written\":3,"));
    CU_ASSERT(comes("/api/v1/status", "\"ready\":true,\"startup_over\":true,\"reasons\":[]"));
    CU_ASSERT(comes("/api/v1/status", "\"partitions\":4,\"held\":0,\"paused\":0,"));
    CU_ASSERT(comes("/api/v1/partitions",
                    "{\"topic\":\"fine\",\"partition\":1,\"assigned\":true,"
                    "\"held\":false,\"paused\":false,\"reason\":null,\"position\":3,"));
    port_get("/api/v1/routes/rides");
    CU_ASSERT(port_says("{\"name\":\"rides\",\"paused\":false,\"from\":\"main\",\"to\":\"here\","
                        "\"topics\":[\"fine\"],"
                        "\"format\":\"json\",\"delivery\":\"at_least_once\",\"on_error\":\"stop\","
                        "\"when\":null,\"do\":[{\"cmd\":\"SET fine:%{id} "
                        "%{status}\",\"when\":null}],\"all\":false,\"del\":[],"
                        "\"ttl\":\"1h\",\"records\":{\"matched\":3,\"written\":3,"));
    port_get("/api/v1/routes");
    CU_ASSERT(port_says("{\"routes\":[{\"name\":\"rides\","));
    port_get("/api/v1/sinks");
    CU_ASSERT(
        port_says("\"healthy\":true,\"reason\":null,\"unhealthy_ms\":null,\"connections\":1,"));
    CU_ASSERT(port_says("\"commands\":{\"ok\":3,\"retried\":0,\"refused\":0}"));
    port_get("/api/v1/problems");
    CU_ASSERT(port_says("{\"problems\":[]}"));
    close_api();
}

static void what_fails_is_told_with_its_record(void)
{
    open_api("bad",
             BRIDGE_ROUTE(
                 "skips", "bad",
                 "format = \"json\"; on_error = \"skip\"; "
                 "do = \"SET bad:%{id} %{x}\"; ") "," BRIDGE_ROUTE("stops", "bad",
                                                                   "format = \"json\"; do = \"SET "
                                                                   "worse:%{id} %{y}\"; "));
    send_record("bad", "{\"id\":1,\"y\":1}");
    send_record("bad", "{\"id\":2,\"x\":1}");
    CU_ASSERT(comes("/api/v1/problems", "\"kind\":\"held\",\"topic\":\"bad\",\"partition\":1,"
                                        "\"offset\":1,\"route\":\"stops\","
                                        "\"reason\":\"SET: missing field 'y'\",\"count\":1,"
                                        "\"explain\":\"penstock explain -c '"));
    CU_ASSERT(port_says("' stops --topic bad --partition 1 --offset 1 --read\""));
    CU_ASSERT(port_says("\"kind\":\"dropped\",\"topic\":\"bad\",\"partition\":1,\"offset\":0,"
                        "\"route\":\"skips\",\"reason\":\"SET: missing field 'x'\""));
    CU_ASSERT(comes("/api/v1/partitions",
                    "\"partition\":1,\"assigned\":true,\"held\":true,\"paused\":false,"
                    "\"reason\":\"offset 1: route stops: SET: missing field "
                    "'y'\""));
    CU_ASSERT(comes("/api/v1/status", "\"ready\":false,"));
    CU_ASSERT(port_says("\"reasons\":[\"partition bad[1]: offset 1: route stops: "));
    close_api();
}

/* Redis may say again what a producer sent, and ends a long text in the middle of a character. */
static void what_is_no_text_is_told_as_text_that_no_terminal_obeys(void)
{
    open_api("odd",
             BRIDGE_ROUTE("says", "odd",
                          "format = \"raw\"; "
                          "do = \"EVAL 'return redis.error_reply(ARGV[1])' 0 %{$value}\"; "));
    send_record("odd", "WRONGTYPE \033[2J\xc3");
    CU_ASSERT(comes("/api/v1/partitions", "\"reason\":\"offset 0: route says: WRONGTYPE "
                                          "\\\\x1b[2J\\\\xc3"));
    port_get("/api/v1/problems");
    CU_ASSERT(port_says("\"reason\":\"WRONGTYPE \\\\x1b[2J\\\\xc3"));
    port_get("/api/v1/status");
    CU_ASSERT(port_says(": route says: WRONGTYPE \\\\x1b[2J\\\\xc3"));
    port_get("/connectors/says/status");
    CU_ASSERT(port_says(": route says: WRONGTYPE \\\\x1b[2J\\\\xc3"));
    port_get("/readyz");
    CU_ASSERT(port_says("[-]partition odd[1]: offset 0: route says: WRONGTYPE \\x1b[2J\\xc3"));
    close_api();
}

static void the_configuration_is_shown_without_secrets(void)
{
    open_api("conf", BRIDGE_ROUTE("rides", "conf", "do = \"SET a %{$value}\"; "));
    port_get("/api/v1/config");
    CU_ASSERT(port_says(
        "{\"name\":\"admin.token\",\"value\":\"***\",\"default\":null,\"change\":\"restart\"}"));
    CU_ASSERT(port_says("{\"name\":\"sinks.here.connections\",\"value\":\"1\",\"default\":\"1\","));
    CU_ASSERT_PTR_NULL(strstr(answer, "hunter2"));
    CU_ASSERT_PTR_NULL(strstr(answer, "0123456789abcdef"));
    port_get("/api/v1/sinks");
    CU_ASSERT_PTR_NULL(strstr(answer, "hunter2"));
    port_get("/api/v1/routes/none");
    CU_ASSERT_EQUAL(port_status(), 404);
    CU_ASSERT(port_says("{\"error_code\":404,\"message\":\"There is no route none.\"}"));
    close_api();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_bridge_that_works_says_so),
        TEST(what_fails_is_told_with_its_record),
        TEST(what_is_no_text_is_told_as_text_that_no_terminal_obeys),
        TEST(the_configuration_is_shown_without_secrets),
    };

    log_configure(LOG_ERROR, LOG_LOGFMT);
    cluster_start();
    server = redis_server_start("--requirepass", "hunter2", NULL);
    int status = SUITE("api", tests);
    redis_server_stop(server);
    cluster_end();
    return status;
}
