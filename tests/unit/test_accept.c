/* test_accept.c: which format of /metrics a client prefers. */
#include "suite.h"

#include "app/accept.h"

#include <stdlib.h>

/* Says which of the texts is read otherwise. */
static void all_prefer(enum metrics_format format, const char *const *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        /* on the heap, so that a read behind the end is seen */
        size_t length = strlen(rows[i]);
        char *text = malloc(length + !length);
        memcpy(text, rows[i], length);
        if (accept_metrics((struct slice){text, length}) != format) {
            fprintf(stderr, "\n'%s' is read wrongly\n", rows[i]);
            CU_FAIL("another format");
        }
        free(text);
    }
}

#define ALL_PREFER(format, rows) all_prefer((format), (rows), sizeof(rows) / sizeof((rows)[0]))

static void openmetrics_is_for_those_who_prefer_it(void)
{
    static const char *const rows[] = {
        "application/openmetrics-text",
        "application/openmetrics-text; version=1.0.0",
        "Application/OpenMetrics-Text;Version=\"1.0.0\"; charset=utf-8",
        "text/plain, application/openmetrics-text",
        "text/plain;q=0.4,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1",
        "*/*;q=0.1, application/openmetrics-text;q=0.1",
        "application/*, text/*;q=0.9",
        /* Prometheus 2.42; 3 */
        ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
         "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
        ("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
         "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;"
         "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"),
    };

    ALL_PREFER(METRICS_OPENMETRICS, rows);
}

static void everybody_else_gets_text(void)
{
    static const char *const rows[] = {
        "",
        "*/*",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "text/plain",
        "application/json",
        "application/openmetrics-text;q=0",
        "application/openmetrics-text;version=1.0.0;q=0.2,text/plain;q=0.3",
        "application/openmetrics-text;version=1.0.0;q=0,*/*",
        "application/openmetrics-text;version=2.0.0",
        "application/openmetrics-text;version=0.0.1",
        "application/*;q=0.5,text/*;q=0.5",
        "x\"application/openmetrics-text\"",
        "a/b;x=\"y, application/openmetrics-text\"",
    };

    ALL_PREFER(METRICS_TEXT, rows);
}

static void a_malformed_part_says_nothing(void)
{
    static const char *const rows[] = {
        "application/openmetrics-text;q=",
        "application/openmetrics-text;q=2",
        "application/openmetrics-text;q=1.001",
        "application/openmetrics-text;q=0.1234",
        "application/openmetrics-text;q=0,5",
        "application/openmetrics-text;q=-1",
        "application/openmetrics-text;q=.5",
        "application/openmetrics-text;q=0x",
        "application/openmetrics-text;q=\"1\"",
        "application/openmetrics-text;q=1 1",
        "application",
        "application/",
        "/openmetrics-text",
        ",,;;=\"\\",
        "a/b;x=\"application/openmetrics-text",
        "\"",
        "\"\\",
    };
    static const char *const others[] = {
        ", ,application/openmetrics-text",
        "text/plain;q=7, application/openmetrics-text;q=0.001",
        "application/openmetrics-text;q=1.000;;",
        "application/openmetrics-text;q=1.",
    };

    ALL_PREFER(METRICS_TEXT, rows);
    ALL_PREFER(METRICS_OPENMETRICS, others);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(openmetrics_is_for_those_who_prefer_it),
        TEST(everybody_else_gets_text),
        TEST(a_malformed_part_says_nothing),
    };

    return SUITE("accept", tests);
}
