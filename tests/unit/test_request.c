/* test_request.c: the head of an HTTP request. */
#include "suite.h"

#include "app/request.h"

static struct request request;

static int parse(const char *head)
{
    return request_parse(slice_of(head), &request);
}

static void a_path_and_a_query_are_told_apart(void)
{
    CU_ASSERT_EQUAL(parse("GET /readyz?verbose&x=1 HTTP/1.1\r\nHost: x\r\n"), 200);
    CU_ASSERT(slice_is(request.path, "/readyz"));
    CU_ASSERT(slice_is(request.query, "verbose&x=1"));
    CU_ASSERT_EQUAL(request.method, METHOD_GET);
    CU_ASSERT_EQUAL(parse("HEAD / HTTP/1.0\r\n"), 200);
    CU_ASSERT(slice_is(request.path, "/"));
    CU_ASSERT_EQUAL(request.query.length, 0);
    CU_ASSERT_EQUAL(request.method, METHOD_HEAD);
}

static void a_request_as_a_proxy_gets_it_is_understood(void)
{
    CU_ASSERT_EQUAL(parse("GET http://[::1]:9464/metrics?a HTTP/1.1\r\n"), 200);
    CU_ASSERT(slice_is(request.path, "/metrics"));
    CU_ASSERT(slice_is(request.query, "a"));
    CU_ASSERT_EQUAL(parse("GET http://host HTTP/1.1\r\n"), 400);
}

static void the_host_is_told_without_its_port(void)
{
    static const char *const rows[][2] = {
        {"GET / HTTP/1.1\r\nHost: a.b:9464\r\n", "a.b"},
        {"GET / HTTP/1.1\r\nx: y\r\nhOST:\t[::1]:80 \r\n", "::1"},
        {"GET http://c.d:1/x HTTP/1.1\r\nHost: a.b\r\n", "c.d"},
        {"GET / HTTP/1.1\r\nX-Host: a.b\r\n", ""},
        {"GET / HTTP/1.0\r\nHost:\r\n", ""},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT_EQUAL(parse(rows[i][0]), 200);
        CU_ASSERT(slice_is(request.host, rows[i][1]));
    }
}

static void the_last_request_of_a_connection_is_known(void)
{
    static const char *const last[] = {
        "GET / HTTP/1.0\r\n",
        "GET / HTTP/1.0\r\nConnection: keep-alive\r\n",
        "GET / HTTP/1.1\r\nconnection: keep-alive, CLOSE\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 10\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n",
    };
    static const char *const others[] = {
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nConnection: closed\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 00\r\n",
    };

    for (size_t i = 0; i < sizeof(last) / sizeof(last[0]); i++)
        CU_ASSERT(parse(last[i]) == 200 && request.last);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        CU_ASSERT(parse(others[i]) == 200 && !request.last);
}

static void a_foreign_method_is_not_a_malformed_one(void)
{
    static const char *const foreign[] = {"PATCH / HTTP/1.1\r\n", "get / HTTP/1.1\r\n",
                                          "BREW /pot HTTP/1.1\r\n"};

    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
        CU_ASSERT(parse(foreign[i]) == 200 && request.method == METHOD_OTHER);
    CU_ASSERT(parse("POST / HTTP/1.1\r\n") == 200 && request.method == METHOD_POST);
    CU_ASSERT(parse("DELETE / HTTP/1.1\r\n") == 200 && request.method == METHOD_DELETE);
    CU_ASSERT_EQUAL(parse("BREW pot HTTP/1.1\r\n"), 400);
    CU_ASSERT_EQUAL(parse("G(T / HTTP/1.1\r\n"), 400);
    CU_ASSERT_EQUAL(parse(" / HTTP/1.1\r\n"), 400);
}

static void the_end_of_a_body_is_beyond_doubt(void)
{
    static const struct {
        const char *head;
        int status;
        int64_t length;
        bool body, chunked;
    } rows[] = {
        {"POST / HTTP/1.1\r\n", 200, 0, false, false},
        {"POST / HTTP/1.1\r\nContent-Length: 00\r\n", 200, 0, false, false},
        {"PUT / HTTP/1.1\r\ncontent-length: 12\r\n", 200, 12, true, false},
        {"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n", 200, INT64_MAX, true,
         false},
        {"DELETE / HTTP/1.1\r\nTransfer-Encoding: CHUNKED\r\n", 200, 0, true, true},
        {"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", 200, 0, false, true},
        {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n", 400, 0, false, false},
        {"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n", 501, 0, false, false},
        {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked, chunked\r\n", 501, 0, false, false},
        {"POST / HTTP/1.1\r\nTransfer-Encoding:\r\n", 501, 0, false, false},
        {"POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n", 400, 0, false,
         false},
        {"POST / HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 4\r\n", 400, 0, false, false},
        {"POST / HTTP/1.1\r\nContent-Length: 4, 4\r\n", 400, 0, false, false},
        {"POST / HTTP/1.1\r\nContent-Length: -4\r\n", 400, 0, false, false},
        {"POST / HTTP/1.1\r\nContent-Length: 4 4\r\n", 400, 0, false, false},
        {"POST / HTTP/1.1\r\nContent-Length:\r\n", 400, 0, false, false},
        {"POST / HTTP/1.1\r\nContent-Length: 4\r\nExpect: cookies\r\n", 417, 0, false, false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT_EQUAL(parse(rows[i].head), rows[i].status);
        if (rows[i].status != 200)
            continue;
        CU_ASSERT_EQUAL(request.length, rows[i].length);
        CU_ASSERT_EQUAL(request.has_body, rows[i].body);
        CU_ASSERT_EQUAL(request.chunked, rows[i].chunked);
    }
}

static void headers_that_decide_something_are_kept(void)
{
    CU_ASSERT_EQUAL(parse("POST / HTTP/1.1\r\nOrigin: http://a:1\r\nAuthorization: Bearer x y\r\n"
                          "content-type: application/json\r\nHost: [::1]:9464\r\nAccept: */*\r\n"
                          "Accept: text/html\r\nContent-Length: 1\r\nExpect: 100-Continue\r\n"),
                    200);
    CU_ASSERT(slice_is(request.origin, "http://a:1"));
    CU_ASSERT(slice_is(request.credentials, "Bearer x y"));
    CU_ASSERT(slice_is(request.type, "application/json"));
    CU_ASSERT(slice_is(request.authority, "[::1]:9464"));
    CU_ASSERT(slice_is(request.accept, "*/*"));
    CU_ASSERT(request.expects);
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.1\r\nOrigin: http://a\r\nOrigin: http://b\r\n"), 400);
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.1\r\nAuthorization: a\r\nAuthorization: b\r\n"), 400);
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.1\r\n"), 200);
    CU_ASSERT_PTR_NULL(request.origin.data);
    CU_ASSERT_FALSE(request.expects);
}

static void another_version_is_named_as_such(void)
{
    CU_ASSERT_EQUAL(parse("GET / HTTP/2.0\r\n"), 505);
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.10\r\n"), 505);
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.1 \r\n"), 505);
    CU_ASSERT_EQUAL(parse("GET / RTSP/1.0\r\n"), 400);
    CU_ASSERT_EQUAL(parse("GET /\r\n"), 400);
}

static void a_text_that_is_not_a_head_is_refused(void)
{
    const char *const heads[] = {
        "",
        "\r\n",
        "GET\r\n",
        "GET  HTTP/1.1\r\n",
        "GET metrics HTTP/1.1\r\n",
        "GET * HTTP/1.1\r\n",
        "GET /\tx HTTP/1.1\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n",
        "GET / HTTP/1.1\r\n: no name\r\n",
        "GET / HTTP/1.1\r\nspace before : x\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nhost: x\r\n",
        "GET / HTTP/1.1\r\nHost: a\nb\r\n",
        "GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n",
        "*1\r\n$4\r\nPING\r\n",
    };

    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        int status = parse(heads[i]);
        if (status != 400)
            fprintf(stderr, "\nhead %zu: %d\n", i, status);
        CU_ASSERT_EQUAL(status, 400);
    }
    CU_ASSERT_EQUAL(request_parse(SLICE("GET /\0 HTTP/1.1\r\n"), &request), 400);
}

static void a_refused_head_leaves_the_request_alone(void)
{
    struct request before;

    parse("GET /metrics HTTP/1.1\r\n");
    before = request;
    parse("GET /livez HTTP/3\r\n");
    CU_ASSERT(slice_equal(request.path, before.path));
}

static void a_word_of_a_query_is_found_whole(void)
{
    CU_ASSERT(request_query_has(SLICE("verbose"), "verbose"));
    CU_ASSERT(request_query_has(SLICE("a=1&verbose=1"), "verbose"));
    CU_ASSERT_FALSE(request_query_has(SLICE("verbosely"), "verbose"));
    CU_ASSERT_FALSE(request_query_has(SLICE("a=verbose"), "verbose"));
    CU_ASSERT_FALSE(request_query_has(SLICE(""), "verbose"));
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_path_and_a_query_are_told_apart),
        TEST(a_request_as_a_proxy_gets_it_is_understood),
        TEST(the_host_is_told_without_its_port),
        TEST(the_last_request_of_a_connection_is_known),
        TEST(a_foreign_method_is_not_a_malformed_one),
        TEST(the_end_of_a_body_is_beyond_doubt),
        TEST(headers_that_decide_something_are_kept),
        TEST(another_version_is_named_as_such),
        TEST(a_text_that_is_not_a_head_is_refused),
        TEST(a_refused_head_leaves_the_request_alone),
        TEST(a_word_of_a_query_is_found_whole),
    };

    return SUITE("request", tests);
}
