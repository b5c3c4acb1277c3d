/* test_tolerance.c: how many records of a route may fail before it stops. */
#include "suite.h"

#include "flow/tolerance.h"

static struct conf conf;
static struct conf_route routes[2];
static struct tolerances *tolerances;

/* Route 0 tolerates this, route 1 anything. */
static void open_tolerances(int64_t records, int64_t per_ms)
{
    routes[0] = (struct conf_route){.tolerance = {records, per_ms}};
    conf = (struct conf){.routes = routes, .route_count = 2};
    tolerances = tolerances_new(&conf);
}

static void so_many_may_fail_and_the_next_one_stops_the_route(void)
{
    open_tolerances(3, 60000);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_TRUE(tolerance_take(tolerances, 0, 1000 + i));
    CU_ASSERT_FALSE(tolerance_is_over(tolerances, 0));
    CU_ASSERT_FALSE(tolerance_take(tolerances, 0, 60999));
    CU_ASSERT_TRUE(tolerance_is_over(tolerances, 0));
    CU_ASSERT_FALSE(tolerance_take(tolerances, 0, 10000000)); /* it stays so */
    tolerances_free(tolerances);
}

static void what_failed_long_ago_does_not_count(void)
{
    open_tolerances(2, 1000);
    for (int64_t now_ms = 0; now_ms < 100000; now_ms += 500)
        CU_ASSERT_TRUE(tolerance_take(tolerances, 0, now_ms));
    CU_ASSERT_FALSE(tolerance_take(tolerances, 0, 99999));
    tolerances_free(tolerances);
}

static void what_is_given_back_may_fail_again(void)
{
    open_tolerances(2, 1000);
    for (int i = 0; i < 10; i++) {
        CU_ASSERT_TRUE(tolerance_take(tolerances, 0, i));
        tolerance_give_back(tolerances, 0);
    }
    CU_ASSERT_TRUE(tolerance_take(tolerances, 0, 10));
    CU_ASSERT_TRUE(tolerance_take(tolerances, 0, 11));
    tolerance_give_back(tolerances, 0);
    CU_ASSERT_TRUE(tolerance_take(tolerances, 0, 12));
    CU_ASSERT_FALSE(tolerance_take(tolerances, 0, 13));
    tolerance_give_back(tolerances, 1); /* of a route that tolerates anything */
    tolerance_give_back(NULL, 0);
    tolerances_free(tolerances);
}

static void a_tolerance_of_none_stops_at_the_first_failure(void)
{
    char text[100];

    open_tolerances(0, 3600000);
    CU_ASSERT_FALSE(tolerance_take(tolerances, 0, 0));
    tolerance_reason(tolerances, 0, text, sizeof(text));
    ASSERT_TEXT(text, "more than 0 records failed within 1h");
    tolerances_free(tolerances);
}

static void another_route_is_not_concerned(void)
{
    open_tolerances(1, 1500);
    for (int i = 0; i < 1000; i++)
        CU_ASSERT_TRUE(tolerance_take(tolerances, 1, 0));
    CU_ASSERT_TRUE(tolerance_take(tolerances, 0, 0));
    CU_ASSERT_FALSE(tolerance_take(tolerances, 0, 0));
    CU_ASSERT_FALSE(tolerance_is_over(tolerances, 1));
    CU_ASSERT_TRUE(tolerance_take(NULL, 0, 0));
    CU_ASSERT_FALSE(tolerance_is_over(NULL, 0));
    char text[100];
    tolerance_reason(tolerances, 0, text, sizeof(text));
    ASSERT_TEXT(text, "more than 1 record failed within 1500ms");
    tolerances_free(tolerances);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(so_many_may_fail_and_the_next_one_stops_the_route),
        TEST(what_failed_long_ago_does_not_count),
        TEST(what_is_given_back_may_fail_again),
        TEST(a_tolerance_of_none_stops_at_the_first_failure),
        TEST(another_route_is_not_concerned),
    };

    return SUITE("tolerance", tests);
}
