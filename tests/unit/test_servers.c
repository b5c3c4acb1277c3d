/* test_servers.c: what the connections of a sink say together. */
#include "suite.h"

#include "redis/servers.h"

static struct connection first, second;
static struct connection *both[] = {&first, &second};
static const struct servers servers = {.connections = both, .count = 2};

static void are_on(const char *run_of_first, const char *run_of_second)
{
    snprintf(first.run_id, sizeof(first.run_id), "%s", run_of_first);
    snprintf(second.run_id, sizeof(second.run_id), "%s", run_of_second);
}

static void the_run_is_known_if_all_connections_agree(void)
{
    are_on("a", "a");
    ASSERT_TEXT(servers_run_id(&servers), "a");
    are_on("a", "b"); /* one of them was made anew after a failover */
    CU_ASSERT_PTR_NULL(servers_run_id(&servers));
    are_on("", "a"); /* not connected yet */
    CU_ASSERT_PTR_NULL(servers_run_id(&servers));
    are_on("", "");
    ASSERT_TEXT(servers_run_id(&servers), "");
}

static void the_connection_that_is_troubled_for_the_longest_time_speaks(void)
{
    CU_ASSERT_PTR_NULL(servers_trouble(&servers));
    CU_ASSERT_EQUAL(servers_trouble_since_ms(&servers), 0);
    for (size_t i = 0; i < 2; i++) {
        snprintf(both[i]->trouble, sizeof(both[i]->trouble), "%s", i ? "refused" : "timed out");
        both[i]->troubled = true;
        both[i]->trouble_since_ms = i ? 100 : 200;
    }
    ASSERT_TEXT(servers_trouble(&servers), "refused");
    CU_ASSERT_EQUAL(servers_trouble_since_ms(&servers), 100);
    first.trouble_since_ms = 50;
    ASSERT_TEXT(servers_trouble(&servers), "timed out");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(the_run_is_known_if_all_connections_agree),
        TEST(the_connection_that_is_troubled_for_the_longest_time_speaks),
    };

    return SUITE("servers", tests);
}
