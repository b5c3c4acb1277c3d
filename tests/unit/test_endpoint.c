/* test_endpoint.c: which of the paths a request means. */
#include "suite.h"

#include "app/endpoint.h"

static const struct endpoint rows[] = {
    {.method = METHOD_GET, .path = "/"},
    {.method = METHOD_GET, .path = "/metrics"},
    {.method = METHOD_GET, .path = "/routes/{route}"},
    {.method = METHOD_DELETE, .path = "/routes/{route}"},
    {.method = METHOD_POST, .path = "/partitions/{topic}/{partition}/pause"},
};
static const struct endpoints all = {rows, sizeof(rows) / sizeof(rows[0])};
static struct endpoint_found found;

static int find(enum method method, const char *path)
{
    return endpoint_find(&all, method, slice_of(path), &found);
}

static void a_path_is_found_whole(void)
{
    static const char *const none[] = {
        "/metric",  "/metrics//", "//metrics",           "/metrics/x", "//",      "/routes",
        "/routes/", "/routes//",  "/partitions/a/pause", "/%6detrics", "/Metrics"};

    CU_ASSERT_EQUAL(find(METHOD_GET, "/metrics"), 200);
    CU_ASSERT_PTR_EQUAL(found.endpoint, &rows[1]);
    CU_ASSERT_EQUAL(find(METHOD_HEAD, "/"), 200);
    CU_ASSERT_PTR_EQUAL(found.endpoint, &rows[0]);
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        CU_ASSERT_EQUAL(find(METHOD_GET, none[i]), 404);
}

static void a_slash_at_its_end_changes_nothing(void)
{
    CU_ASSERT_EQUAL(find(METHOD_GET, "/metrics/"), 200);
    CU_ASSERT_PTR_EQUAL(found.endpoint, &rows[1]);
    CU_ASSERT_EQUAL(find(METHOD_GET, "/routes/a/"), 200);
    ASSERT_TEXT(found.arguments[0], "a");
}

static void placeholders_are_decoded(void)
{
    CU_ASSERT_EQUAL(find(METHOD_POST, "/partitions/a%2Fb%20%c3%A9/12/pause"), 200);
    CU_ASSERT_PTR_EQUAL(found.endpoint, &rows[4]);
    ASSERT_TEXT(found.arguments[0], "a/b \xc3\xa9");
    ASSERT_TEXT(found.arguments[1], "12");
    CU_ASSERT_EQUAL(find(METHOD_GET, "/routes/%25"), 200);
    ASSERT_TEXT(found.arguments[0], "%");
}

static void what_is_no_name_is_not_found(void)
{
    static const char *const none[] = {"/routes/%", "/routes/%2", "/routes/%zz", "/routes/%00",
                                       "/routes/a%0"};
    char path[300] = "/routes/";

    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        CU_ASSERT_EQUAL(find(METHOD_GET, none[i]), 404);
    memset(path + 8, 'a', ENDPOINT_ARGUMENT_BYTES - 1);
    CU_ASSERT_EQUAL(find(METHOD_GET, path), 200);
    path[8 + ENDPOINT_ARGUMENT_BYTES - 1] = 'a';
    CU_ASSERT_EQUAL(find(METHOD_GET, path), 404);
}

static void the_methods_of_a_path_are_named(void)
{
    CU_ASSERT_EQUAL(find(METHOD_POST, "/routes/rides"), 405);
    ASSERT_TEXT(found.methods, "GET, HEAD, DELETE");
    CU_ASSERT_EQUAL(find(METHOD_HEAD, "/partitions/a/1/pause"), 405);
    ASSERT_TEXT(found.methods, "POST");
    CU_ASSERT_EQUAL(find(METHOD_OTHER, "/metrics"), 405);
    CU_ASSERT_EQUAL(find(METHOD_DELETE, "/routes/rides"), 200);
}

static void a_slip_is_told_the_nearest_path(void)
{
    ASSERT_TEXT(endpoint_nearest(&all, SLICE("/metric")), "/metrics");
    CU_ASSERT_PTR_NULL(endpoint_nearest(&all, SLICE("/etc/passwd")));
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_path_is_found_whole),           TEST(a_slash_at_its_end_changes_nothing),
        TEST(placeholders_are_decoded),        TEST(what_is_no_name_is_not_found),
        TEST(the_methods_of_a_path_are_named), TEST(a_slip_is_told_the_nearest_path),
    };

    return SUITE("endpoint", tests);
}
