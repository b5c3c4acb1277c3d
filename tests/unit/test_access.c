/* test_access.c: who may ask the admin port for what. */
#include "suite.h"

#include "app/access.h"

#include <stdio.h>

#define TOKEN "0123456789abcdef"

static const char *names[] = {"penstock.svc"};
static struct conf_admin conf;
static struct access access;
static struct request request;
static const char *why;

static void open_port(const char *name, bool loopback, enum conf_open open, const char *token)
{
    conf = (struct conf_admin){.hosts = {names, 1}, .open = open, .token.text = token};
    access = (struct access){&conf, name, loopback};
    request = (struct request){.method = METHOD_GET};
}

static int admit(const char *host, const char *authority, const char *origin)
{
    request.host = slice_of(host);
    request.authority = slice_of(authority);
    request.origin = slice_of(origin);
    return access_admit(&access, &request, &why);
}

static int allow(enum endpoint_access needed, const char *credentials)
{
    request.credentials = slice_of(credentials);
    return access_allow(&access, needed, &request, &why);
}

static void a_page_may_ask_where_it_came_from(void)
{
    open_port("127.0.0.1", true, OPEN_METRICS, TOKEN);
    CU_ASSERT_EQUAL(admit("localhost", "localhost:9464", NULL), 200);
    CU_ASSERT_EQUAL(admit("localhost", "localhost:9464", "http://localhost:9464"), 200);
    CU_ASSERT_EQUAL(admit("penstock.svc", "penstock.svc", "https://PENSTOCK.svc"), 200);
}

static void a_foreign_page_may_not(void)
{
    static const char *const origins[] = {"http://evil.example",
                                          "http://localhost",
                                          "http://localhost:3000",
                                          "null",
                                          "",
                                          "file://",
                                          "ftp://localhost:9464",
                                          "http://",
                                          "localhost:9464",
                                          "http://localhost:9464/",
                                          "http://localhost:94640"};

    open_port("127.0.0.1", true, OPEN_READING, TOKEN);
    for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++)
        CU_ASSERT_EQUAL(admit("localhost", "localhost:9464", origins[i]), 403);
    CU_ASSERT_EQUAL(admit("evil.example", "evil.example", "http://evil.example"), 421);
    CU_ASSERT_EQUAL(admit("", NULL, "http://evil.example"), 403);
    open_port(NULL, true, OPEN_READING, TOKEN); /* not by a unix socket either */
    CU_ASSERT_EQUAL(admit("localhost", "localhost", "http://evil.example"), 403);
}

static void the_address_decides_what_is_free(void)
{
    static const struct {
        const char *name;
        bool loopback;
        enum conf_open open;
        int metrics, read, change;
    } rows[] = {
        {NULL, true, OPEN_PROBES, 200, 200, 200},
        {"localhost", true, OPEN_PROBES, 200, 200, 401},
        {"localhost", true, OPEN_READING, 200, 200, 401},
        {"", false, OPEN_PROBES, 401, 401, 401},
        {"", false, OPEN_METRICS, 200, 401, 401},
        {"", false, OPEN_READING, 200, 200, 401},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        open_port(rows[i].name, rows[i].loopback, rows[i].open, TOKEN);
        CU_ASSERT_EQUAL(allow(ACCESS_OPEN, NULL), 200);
        CU_ASSERT_EQUAL(allow(ACCESS_METRICS, NULL), rows[i].metrics);
        CU_ASSERT_EQUAL(allow(ACCESS_READ, NULL), rows[i].read);
        CU_ASSERT_EQUAL(allow(ACCESS_CHANGE, NULL), rows[i].change);
        CU_ASSERT_EQUAL(allow(ACCESS_CHANGE, "Bearer " TOKEN), 200);
        CU_ASSERT_EQUAL(allow(ACCESS_READ, "Bearer " TOKEN), 200);
    }
}

static void only_the_token_is_the_token(void)
{
    static const char *const good[] = {"Bearer " TOKEN, "bearer   " TOKEN,
                                       "Basic eDowMTIzNDU2Nzg5YWJjZGVm" /* x:TOKEN */};
    static const char *const bad[] = {"Bearer 0123456789abcdeF",
                                      "Bearer 0123456789abcde",
                                      "Bearer 0123456789abcdef0",
                                      "Bearer",
                                      "Bearer ",
                                      "",
                                      TOKEN,
                                      "Token " TOKEN,
                                      "Bearer " TOKEN TOKEN,
                                      "Basic " TOKEN,
                                      "Basic",
                                      "Basic eA==",
                                      "Basic MDEyMzQ1Njc4OWFiY2RlZg==" /* TOKEN */};

    open_port("", false, OPEN_METRICS, TOKEN);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CU_ASSERT_EQUAL(allow(ACCESS_CHANGE, good[i]), 200);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT_EQUAL(allow(ACCESS_CHANGE, bad[i]), 401);
}

static void without_a_token_in_the_configuration_none_is_right(void)
{
    static const char *const tokens[] = {NULL, ""};

    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        open_port("127.0.0.1", true, OPEN_METRICS, tokens[i]);
        CU_ASSERT_EQUAL(allow(ACCESS_CHANGE, "Bearer "), 403);
        CU_ASSERT_PTR_NOT_NULL(strstr(why, "admin.socket"));
        open_port("", false, OPEN_METRICS, tokens[i]);
        CU_ASSERT_EQUAL(allow(ACCESS_READ, NULL), 403);
        CU_ASSERT_PTR_NOT_NULL(strstr(why, "admin.open"));
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_page_may_ask_where_it_came_from),
        TEST(a_foreign_page_may_not),
        TEST(the_address_decides_what_is_free),
        TEST(only_the_token_is_the_token),
        TEST(without_a_token_in_the_configuration_none_is_right),
    };

    return SUITE("access", tests);
}
