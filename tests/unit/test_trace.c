/* test_trace.c: the trace that a traceparent header names. */
#include "suite.h"

#include "base/trace.h"
#include "record/headers.h"

#include <stdlib.h>

#define ID   "0af7651916cd43dd8448eb211c80319c"
#define SPAN "b7ad6b7169203331"

/* On the heap, so that a read behind the end is seen. */
static bool parse(const char *text, struct trace *trace)
{
    size_t length = strlen(text);
    char *copy = malloc(length + !length);

    memcpy(copy, text, length);
    bool good = trace_parse((struct slice){copy, length}, trace);
    free(copy);
    return good;
}

static void a_traceparent_names_trace_and_span(void)
{
    struct trace trace;

    CU_ASSERT(parse("00-" ID "-" SPAN "-01", &trace));
    CU_ASSERT_STRING_EQUAL(trace.id, ID);
    CU_ASSERT_STRING_EQUAL(trace.span, SPAN);
    CU_ASSERT(trace.sampled && trace_is_set(&trace));
    CU_ASSERT(parse("00-" ID "-" SPAN "-00", &trace) && !trace.sampled);
    CU_ASSERT(parse("00-" ID "-" SPAN "-0b", &trace) && trace.sampled);
    CU_ASSERT(parse("00-" ID "-" SPAN "-fe", &trace) && !trace.sampled);
}

static void a_later_version_may_have_more(void)
{
    struct trace trace;

    CU_ASSERT(parse("01-" ID "-" SPAN "-01", &trace));
    CU_ASSERT(parse("cc-" ID "-" SPAN "-01-what-comes", &trace) && trace.sampled);
    CU_ASSERT(parse("fe-" ID "-" SPAN "-01-", &trace));
    CU_ASSERT_FALSE(parse("cc-" ID "-" SPAN "-01.what", &trace));
}

static void a_malformed_traceparent_names_none(void)
{
    static const char *const rows[] = {
        "",
        "00",
        "00-" ID "-" SPAN,
        "00-" ID "-" SPAN "-",
        "00-" ID "-" SPAN "-0",
        "00-" ID "-" SPAN "-011",
        "00-" ID "-" SPAN "-01-",
        "00-" ID "-" SPAN "-01-more",
        " 00-" ID "-" SPAN "-01",
        "00-" ID "-" SPAN "-01 ",
        "ff-" ID "-" SPAN "-01",
        "0-" ID "-" SPAN "-01",
        "0g-" ID "-" SPAN "-01",
        "00-" ID "-" SPAN "-0G",
        "00-" ID "_" SPAN "-01",
        "00_" ID "-" SPAN "-01",
        "00-" ID "-" SPAN "_01",
        "00-0AF7651916CD43DD8448EB211C80319C-" SPAN "-01",
        "00-" ID "-B7AD6B7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319-b7ad6b71692033311-01",
        "00-00000000000000000000000000000000-" SPAN "-01",
        "00-" ID "-0000000000000000-01",
        "00-" ID "-b7ad6b716920333\"-01",
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct trace trace;
        bool good = parse(rows[i], &trace);
        if (good)
            fprintf(stderr, "\n'%s' is taken for a traceparent\n", rows[i]);
        CU_ASSERT_FALSE(good);
        CU_ASSERT_FALSE(trace_is_set(&trace));
    }
    struct trace trace;
    CU_ASSERT_FALSE(trace_parse((struct slice){NULL, 0}, &trace));
}

static struct trace trace_of(const struct header *items, size_t count)
{
    struct headers list = {items, count};
    struct record record = {.headers = headers_of(&list)};

    return headers_trace(&record);
}

static void a_record_is_part_of_the_trace_of_its_last_traceparent(void)
{
    const struct header headers[] = {
        {SLICE("traceparent"), SLICE("00-" ID "-" SPAN "-01")},
        {SLICE("tracestate"), SLICE("vendor=1")},
        {SLICE("traceparent"), SLICE("malformed")},
        {SLICE("Traceparent"), SLICE("00-" ID "-" SPAN "-01")},
        {SLICE("traceparent"), {NULL, 0}},
    };
    const struct record none = {.offset = 1};

    CU_ASSERT_STRING_EQUAL(trace_of(headers, 2).id, ID);
    CU_ASSERT_STRING_EQUAL(trace_of(headers, 3).id, "");
    CU_ASSERT_STRING_EQUAL(trace_of(headers + 3, 1).id, ""); /* Kafka tells cases apart */
    CU_ASSERT_STRING_EQUAL(trace_of(headers, 5).id, "");
    CU_ASSERT_STRING_EQUAL(headers_trace(&none).id, "");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_traceparent_names_trace_and_span),
        TEST(a_later_version_may_have_more),
        TEST(a_malformed_traceparent_names_none),
        TEST(a_record_is_part_of_the_trace_of_its_last_traceparent),
    };

    return SUITE("trace", tests);
}
