/* test_pauses.c: what the operator has paused in this process. */
#include "suite.h"

#include "flow/pauses.h"
#include "flow/route.h"

static struct conf_route rides = {.name = "rides"}, cars = {.name = "cars"};
static struct route items[] = {{.conf = &rides}, {.conf = &cars}};
static const struct route *both_items[] = {&items[0], &items[1]};
static struct topic_routes both = {.items = both_items, .count = 2};
static struct topic_routes none = {.count = 0};

static void a_route_stops_every_partition_that_it_takes(void)
{
    struct pauses *pauses = pauses_new();

    CU_ASSERT_FALSE(pauses_cover(pauses, &both, "trips", 3));
    CU_ASSERT_TRUE(pauses_set_route(pauses, "cars", true));
    CU_ASSERT_TRUE(pauses_cover(pauses, &both, "trips", 3));
    CU_ASSERT_FALSE(pauses_cover(pauses, &none, "trips", 3));
    CU_ASSERT_TRUE(pauses_has_route(pauses, "cars"));
    CU_ASSERT_FALSE(pauses_has_partition(pauses, "trips", 3));
    CU_ASSERT_TRUE(pauses_set_route(pauses, "cars", false));
    CU_ASSERT_FALSE(pauses_cover(pauses, &both, "trips", 3));
    pauses_free(pauses);
}

static void a_partition_is_paused_alone(void)
{
    struct pauses *pauses = pauses_new();

    pauses_set_partition(pauses, "trips", 3, true);
    CU_ASSERT_TRUE(pauses_cover(pauses, &both, "trips", 3));
    CU_ASSERT_FALSE(pauses_cover(pauses, &both, "trips", 2));
    CU_ASSERT_FALSE(pauses_cover(pauses, &both, "other", 3));
    CU_ASSERT_FALSE(pauses_has_route(pauses, "trips")); /* a topic of that name is no route */
    pauses_free(pauses);
}

static void the_same_again_changes_nothing(void)
{
    struct pauses *pauses = pauses_new();

    CU_ASSERT_FALSE(pauses_set_route(pauses, "rides", false));
    CU_ASSERT_TRUE(pauses_set_route(pauses, "rides", true));
    CU_ASSERT_FALSE(pauses_set_route(pauses, "rides", true));
    CU_ASSERT_TRUE(pauses_set_partition(pauses, "trips", 0, true));
    CU_ASSERT_TRUE(pauses_set_route(pauses, "rides", false));
    CU_ASSERT_TRUE(pauses_has_partition(pauses, "trips", 0));
    pauses_free(pauses);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_route_stops_every_partition_that_it_takes),
        TEST(a_partition_is_paused_alone),
        TEST(the_same_again_changes_nothing),
    };

    return SUITE("pauses", tests);
}
