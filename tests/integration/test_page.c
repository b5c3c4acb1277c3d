/* test_page.c: the page at /, as a browser asks for it. tests/page/ looks at it in a real one. */
#include "port_fixture.h"
#include "suite.h"

#include "base/log.h"

#include <stdlib.h>

enum { PAGE_BYTES = 60000 };

static size_t body_length(void)
{
    const char *field = strstr(answer, "Content-Length: ");

    return field ? strtoul(field + 16, NULL, 10) : 0;
}

static void ask(const char *path, const char *accept)
{
    char request[256];

    snprintf(request, sizeof(request),
             "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
             "Accept: %s\r\n\r\n",
             path, accept);
    port_ask(request);
}

static void ask_as_browser(const char *path)
{
    ask(path, "text/html,application/xhtml+xml,*/*;q=0.8");
}

static void a_browser_gets_a_page_a_reader_a_list_and_a_program_json(void)
{
    port_open();
    ask_as_browser("/");
    CU_ASSERT_EQUAL(port_status(), 200);
    CU_ASSERT(port_says("Content-Type: text/html; charset=utf-8\r\n"));
    CU_ASSERT(port_says("<!doctype html>"));
    ask("/", "text/plain");
    CU_ASSERT(port_says("Content-Type: text/plain; charset=utf-8\r\n"));
    CU_ASSERT(port_says("/metrics"));
    port_get("/"); /* as a client of Kafka Connect */
    CU_ASSERT(port_says("Content-Type: application/json\r\n"));
    CU_ASSERT(port_says("\"kafka_cluster_id\":"));
    port_close();
}

static void a_strict_policy_forbids_what_is_not_its_own(void)
{
    port_open();
    ask_as_browser("/");
    CU_ASSERT(port_says("Content-Security-Policy: default-src 'none'; script-src 'self'; "));
    CU_ASSERT(port_says("frame-ancestors 'none'"));
    CU_ASSERT_FALSE(strstr(answer, "unsafe") != NULL);
    CU_ASSERT_FALSE(strstr(answer, "style=") != NULL); /* the policy would forbid it */
    port_close();
}

static void all_of_it_weighs_less_than_60_kilobytes(void)
{
    static const char *const files[] = {"/",
                                        "/page/page.css",
                                        "/page/page.js",
                                        "/page/plots.js",
                                        "/page/tables.js",
                                        "/page/words.js"};
    size_t bytes = 0;

    port_open();
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        ask_as_browser(files[i]);
        CU_ASSERT_EQUAL(port_status(), 200);
        CU_ASSERT(body_length() > 1000);
        bytes += body_length();
    }
    CU_ASSERT(bytes < PAGE_BYTES);
    port_close();
}

static void there_is_no_other_file(void)
{
    port_open();
    for (const char *const *path =
             (const char *const[]){"/page/", "/page/index", "/page/../page.js", "/page/page.c",
                                   "/page/..%2f..%2f..%2fetc%2fpasswd", "/page/%00", NULL};
         *path; path++) {
        ask_as_browser(*path);
        CU_ASSERT_EQUAL(port_status(), 404);
    }
    port_close();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_browser_gets_a_page_a_reader_a_list_and_a_program_json),
        TEST(a_strict_policy_forbids_what_is_not_its_own),
        TEST(all_of_it_weighs_less_than_60_kilobytes),
        TEST(there_is_no_other_file),
    };

    log_configure(LOG_ERROR, LOG_LOGFMT);
    return SUITE("page", tests);
}
