/* test_expiry.c: a ttl that ends more than its record is noted. */
#include "suite.h"

#include "routes_fixture.h"

static struct conf_text inherited(const char *ttl)
{
    struct conf_text text = fixture_says(ttl, 5);

    text.inherited = true;
    return text;
}

/* Whether the ttl of a route with that command is noted. */
static bool is_noted(const char *command, struct conf_text ttl)
{
    fixture_empty();
    fixture_add("rides", "rides", command)->ttl = ttl;
    CU_ASSERT_EQUAL(fixture_compile(), 0);
    return strstr(fixture_said(), "note: route 'rides': ttl ends the whole key that ");
}

static void a_records_ttl_of_a_key_of_many_is_noted(void)
{
    CU_ASSERT(is_noted("HSET orders:%{customer} %{order} %{total}", fixture_says("%{ttl}", 5)));
    CU_ASSERT(is_noted("SADD open %{id}", fixture_says("%{ttl}", 5)));
    CU_ASSERT(is_noted("ZADD top:%{city} %{score} %{id}", inherited("1h")));
    CU_ASSERT(is_noted("GEOADD map %{lon} %{lat} %{id}", inherited("1h")));
}

static void a_ttl_of_a_records_own_key_is_not(void)
{
    CU_ASSERT_FALSE(is_noted("SET ride:%{id} %{v}", fixture_says("%{ttl}", 5)));
    CU_ASSERT_FALSE(is_noted("HSET ride:%{id} state %{state}", fixture_says("%{ttl}", 5)));
    CU_ASSERT_FALSE(is_noted("HSET ride:%{id} %{*}", fixture_says("%{ttl}", 5)));
    CU_ASSERT_FALSE(is_noted("INCR n:%{city}", inherited("1h")));
}

static void a_ttl_that_the_route_says_in_so_many_words_is_not(void)
{
    CU_ASSERT_FALSE(is_noted("ZADD top:%{day} %{score} %{id}", fixture_says("7d", 5)));
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_records_ttl_of_a_key_of_many_is_noted),
        TEST(a_ttl_of_a_records_own_key_is_not),
        TEST(a_ttl_that_the_route_says_in_so_many_words_is_not),
    };
    int status = SUITE("expiry", tests);

    fixture_end();
    return status;
}
