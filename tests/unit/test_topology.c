/* test_topology.c: which connection a key belongs to, and how a server is called. */
#include "suite.h"

#include "redis/endpoint.h"
#include "redis/topology.h"

static void a_key_stays_on_its_connection_and_keys_spread(void)
{
    unsigned keys[8] = {0};
    char text[32];

    for (int i = 0; i < 8000; i++) {
        struct slice key = {text, (size_t)snprintf(text, sizeof(text), "key:%d", i)};
        unsigned number = topology_pick(8, key);
        CU_ASSERT_TRUE_FATAL(number < 8);
        CU_ASSERT_EQUAL(number, topology_pick(8, key));
        keys[number]++;
    }
    for (unsigned i = 0; i < 8; i++)
        CU_ASSERT_TRUE(keys[i] > 800 && keys[i] < 1200);
}

static void a_command_without_a_key_takes_the_first_connection(void)
{
    CU_ASSERT_EQUAL(topology_pick(8, (struct slice){NULL, 0}), 0);
    CU_ASSERT_TRUE(topology_pick(8, SLICE("")) < 8);
}

static void an_address_reads_as_one_writes_it(void)
{
    char name[ENDPOINT_NAME_BYTES];

    endpoint_name(&(struct endpoint){"localhost", 6379, NULL, NULL}, name);
    ASSERT_TEXT(name, "localhost:6379");
    endpoint_name(&(struct endpoint){"::1", 6379, NULL, NULL}, name);
    ASSERT_TEXT(name, "[::1]:6379");
    endpoint_name(&(struct endpoint){NULL, 0, "/run/redis.sock", NULL}, name);
    ASSERT_TEXT(name, "unix:/run/redis.sock");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_key_stays_on_its_connection_and_keys_spread),
        TEST(a_command_without_a_key_takes_the_first_connection),
        TEST(an_address_reads_as_one_writes_it),
    };

    return SUITE("topology", tests);
}
