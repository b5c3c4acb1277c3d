/* test_topology.c: where a key belongs, which server is the primary, and how one is called. */
#include "suite.h"

#include "conf/conf.h"
#include "redis/topology.h"

static struct topology topology;
static struct node *told; /* who took over */

static void on_assigned(void *context, struct node *node)
{
    (void)context;
    told = node;
}

static void open_hosts(unsigned count)
{
    static char first[] = "a", other[] = "b"; /* the topology borrows the texts */
    struct conf_sink options = {.host = first, .port = 6379, .connections = 8};

    for (; options.other_count + 1 < count; options.other_count++)
        options.others[options.other_count] = (struct conf_address){other, 7000};
    topology_init(&topology, &options);
    topology.assigned = on_assigned;
    told = NULL;
}

static void a_key_stays_on_its_connection_and_keys_spread(void)
{
    unsigned keys[8] = {0};
    char text[32];

    open_hosts(1);
    for (int i = 0; i < 8000; i++) {
        struct slice key = {text, (size_t)snprintf(text, sizeof(text), "key:%d", i)};
        struct place place = topology_place(&topology, key);
        CU_ASSERT_TRUE_FATAL(place.spread < 8);
        CU_ASSERT_EQUAL(place.spread, topology_place(&topology, key).spread);
        keys[place.spread]++;
    }
    for (unsigned i = 0; i < 8; i++)
        CU_ASSERT_TRUE(keys[i] > 800 && keys[i] < 1200);
    topology_free(&topology);
}

static void a_command_without_a_key_takes_the_first_connection(void)
{
    open_hosts(1);
    CU_ASSERT_EQUAL(topology_place(&topology, (struct slice){NULL, 0}).spread, 0);
    CU_ASSERT_TRUE(topology_place(&topology, SLICE("")).spread < 8);
    topology_free(&topology);
}

static void hosts_are_asked_in_turn(void)
{
    open_hosts(3);
    struct node *nodes = topology.nodes;
    CU_ASSERT_PTR_EQUAL(topology_owner(&topology, 0), &nodes[0]);
    topology_doubt(&topology, 0, &nodes[0]);
    topology_doubt(&topology, 0, &nodes[0]); /* another connection found out, too */
    CU_ASSERT_PTR_EQUAL(topology_owner(&topology, 0), &nodes[1]);
    topology_doubt(&topology, 0, &nodes[1]);
    topology_doubt(&topology, 0, &nodes[2]);
    CU_ASSERT_PTR_EQUAL(topology_owner(&topology, 0), &nodes[0]);
    topology_free(&topology);
}

static void another_primary_is_told_once(void)
{
    open_hosts(2);
    topology_found(&topology, 0, &topology.nodes[1]);
    CU_ASSERT_PTR_NULL(told); /* the first one is no other */
    CU_ASSERT_PTR_EQUAL(topology_owner(&topology, 0), &topology.nodes[1]);
    topology_found(&topology, 0, &topology.nodes[0]);
    CU_ASSERT_PTR_EQUAL(told, &topology.nodes[0]);
    told = NULL;
    topology_found(&topology, 0, &topology.nodes[0]);
    CU_ASSERT_PTR_NULL(told);
    topology_free(&topology);
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
        TEST(hosts_are_asked_in_turn),
        TEST(another_primary_is_told_once),
        TEST(an_address_reads_as_one_writes_it),
    };

    return SUITE("topology", tests);
}
