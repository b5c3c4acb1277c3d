/* test_tombstones.c: a tombstone takes its record, or the file says what it takes. */
#include "suite.h"

#include "routes_fixture.h"

/* Of a route that runs @p command alone: "unlinks", "passes", or what is said of it. */
static const char *verdict(const char *command)
{
    const char *said = fixture_command(command);

    if (*said)
        return said;
    return fixture_compiled->items[0].unlinks ? "unlinks" : "passes";
}

#define ASSERT_SAID(words)                                                                         \
    do {                                                                                           \
        if (!strstr(fixture_said(), words))                                                        \
            fprintf(stderr, "\n%s", fixture_text);                                                 \
        CU_ASSERT_PTR_NOT_NULL(strstr(fixture_text, words));                                       \
    } while (0)

/* The command needs a del: for that reason, and with that proposal. */
#define ASSERT_NEEDS(command, why, hint)                                                           \
    do {                                                                                           \
        verdict(command);                                                                          \
        CU_ASSERT_EQUAL(conf_problems_count(fixture_problems), 1);                                 \
        ASSERT_SAID("route 'rides' must say with del what a tombstone removes: " why "\n");        \
        ASSERT_SAID(hint "; or del = \"none\" for nothing\n");                                     \
    } while (0)

static void a_key_that_is_the_records_is_unlinked(void)
{
    static const char *const commands[] = {
        "SET ride:%{$key} %{v}",
        "SETEX ride:%{$key} 9 %{v}",
        "HSET ride:%{$key} %{*}",
        "HSET ride:%{$key} a %{a}",
        "JSON.SET %{$key} $ %{*|json}",
        "JSON.MERGE r:%{$key} . {}",
        "SET %{$topic}:%{$key} v",
        "SET r:%{$partition}:%{$key} v",
        "SET r:%{$key|substr(0,2)}:%{$key} v",
    };

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        ASSERT_TEXT(verdict(commands[i]), "unlinks");
}

static void what_the_records_key_does_not_name_passes(void)
{
    static const char *const commands[] = {
        "SET ride:%{id} %{v}",
        "HSET rides %{id} %{v}",
        "XADD log:%{$key} * v %{v}",
        "PUBLISH c %{$key}",
        "GEOADD g %{lon} %{lat} %{id}",
        "RPUSH l:%{$key} %{v}",
        "INCR n:%{$key}",
        "SET last %{$key}",
        "HDEL h %{$key}",
        "EXPIRE r:%{$key} 9",
        "MSET %{*}",
    };

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        ASSERT_TEXT(verdict(commands[i]), "passes");
}

static void a_part_of_a_key_needs_its_own_command(void)
{
    ASSERT_NEEDS("HSET orders:%{$key.customer} %{$key.order} %{total}",
                 "%{$key.customer} may be only a part of the record's key",
                 "such as del = \"HDEL orders:%{$key.customer} %{$key.order}\"");
    ASSERT_NEEDS("HSET orders %{$key} %{total}", "its Redis key is not the record's key",
                 "such as del = \"HDEL orders %{$key}\"");
    ASSERT_NEEDS("SADD online %{$key}", "SADD writes only a part of what its key holds",
                 "such as del = \"SREM online %{$key}\"");
    ASSERT_NEEDS("ZADD top NX CH %{score} %{$key}", "ZADD writes only a part of what its key holds",
                 "such as del = \"ZREM top %{$key}\"");
    ASSERT_NEEDS("GEOADD map %{lon} %{lat} %{$key}",
                 "GEOADD writes only a part of what its key holds",
                 "such as del = \"ZREM map %{$key}\"");
    ASSERT_NEEDS("JSON.SET user:%{$key} $.prefs %{*|json}",
                 "JSON.SET writes only a part of what its key holds",
                 "such as del = \"JSON.DEL user:%{$key} $.prefs\"");
    ASSERT_NEEDS("MSET a:%{$key} 1 b:%{$key} 2", "MSET writes only a part of what its key holds",
                 "such as del = \"UNLINK a:%{$key} b:%{$key}\"");
}

static void a_part_of_the_records_key_is_shared(void)
{
    ASSERT_NEEDS("SET ride:%{$key.id} %{v}", "%{$key.id} may be only a part of the record's key",
                 "such as del = \"UNLINK ride:%{$key.id}\"");
    ASSERT_NEEDS("SET ride:%{$key|substr(0,1)} %{v}",
                 "%{$key|substr(0,1)} may be the same for several record keys",
                 "such as del = \"UNLINK ride:%{$key|substr(0,1)}\"");
    ASSERT_NEEDS("SET ride:%{$key}:%{id} %{v}",
                 "its Redis key is made of more than the record's key",
                 "del = \"...\" with a command such as UNLINK");
}

static void a_member_that_a_tombstone_cannot_name_is_not_proposed(void)
{
    ASSERT_NEEDS("SADD cart:%{$key} %{item}", "SADD writes only a part of what its key holds",
                 "such as del = \"UNLINK cart:%{$key}\"");
    ASSERT_NEEDS("HSET orders:%{$key.customer} %{id} %{total}",
                 "%{$key.customer} may be only a part of the record's key",
                 "del = \"...\" with a command such as HDEL");
}

static void several_commands_or_topics_need_a_word(void)
{
    struct conf_route *route;

    fixture_empty();
    route = fixture_add("rides", "rides", "SET a:%{$key} %{v}");
    fixture_also(route, "PUBLISH rides %{$key}");
    route->all = true;
    CU_ASSERT_EQUAL(fixture_compile(), 1);
    ASSERT_SAID("it has several commands");
    fixture_del(route, "UNLINK a:%{$key}");
    CU_ASSERT_EQUAL(fixture_compile(), 0);
    fixture_empty();
    route = fixture_add("rides", "^rides", "SET a:%{$key} %{v}");
    CU_ASSERT_EQUAL(fixture_compile(), 1);
    ASSERT_SAID("its topics share the Redis keys, which could hold %{$topic}");
    fixture_writes[0][0].cmd = fixture_says("SET %{$topic}:%{$key} %{v}", 10);
    CU_ASSERT_EQUAL(fixture_compile(), 0);
}

/* How many mistakes two routes have, whose commands are these. */
static size_t both(const char *one, const char *other)
{
    fixture_empty();
    fixture_add("one", "rides", one);
    fixture_add("other", "drivers", other);
    return fixture_compile();
}

static void a_key_that_another_route_writes_is_not_unlinked(void)
{
    CU_ASSERT_EQUAL(both("HSET user:%{$key} name %{n}", "HSET user:%{id} seen %{t}"), 1);
    ASSERT_SAID("route 'one' must say with del what a tombstone removes: route 'other' may write "
                "the same Redis keys\n");
    ASSERT_SAID("such as del = \"HDEL user:%{$key} name\"");
    CU_ASSERT_EQUAL(both("SET a:%{$key} x", "SET a:%{$key} y"), 2);
    CU_ASSERT_EQUAL(both("SET %{$key} x", "RPUSH log:%{id} y"), 1);
    CU_ASSERT_EQUAL(both("SET a:%{$key} x", "INCR a:total"), 1);
    CU_ASSERT_EQUAL(both("SET a:%{$key} x", "MSET %{*}"), 1);
    CU_ASSERT_EQUAL(both("SET a:%{$key}:v x", "SET %{id}:v y"), 1);
}

static void keys_that_cannot_meet_do_not_disturb(void)
{
    CU_ASSERT_EQUAL(both("SET a:%{$key} x", "SET b:%{$key} y"), 0);
    CU_ASSERT_EQUAL(both("SET a:%{$key}:v x", "SET a:%{id}:w y"), 0);
    CU_ASSERT_EQUAL(both("SET %{$topic}:%{$key} x", "SET %{$topic}:%{$key} y"), 0);
    CU_ASSERT_EQUAL(both("SET a:%{$key} x", "UNLINK a:%{id}"), 0);
    CU_ASSERT_EQUAL(both("SET a:%{$key} x", "EXPIRE a:%{id} 9"), 0);
    CU_ASSERT_EQUAL(both("SET a:%{$key} x", "PUBLISH a:%{id} y"), 0);
    CU_ASSERT_EQUAL(both("SET a:%{$key}:v x", "SET a: y"), 0);
    CU_ASSERT_EQUAL(both("SET a:%{$key} x", "ZUNIONSTORE b 1 a:1"), 0);
}

static void another_redis_or_the_same_topic_is_no_stranger(void)
{
    static struct conf_sink elsewhere = {.name = "elsewhere", .database = 1};

    both("SET a:%{$key} x", "SET a:%{id} y");
    fixture_routes[1].to = &elsewhere;
    CU_ASSERT_EQUAL(fixture_compile(), 0);
    both("HSET a:%{$key} x %{x}", "HSET a:%{$key} y %{y}");
    fixture_topics[1][0] = fixture_topics[0][0];
    CU_ASSERT_EQUAL(fixture_compile(), 0);
    CU_ASSERT(fixture_compiled->items[0].unlinks && fixture_compiled->items[1].unlinks);
}

static void none_says_that_nothing_is_removed(void)
{
    fixture_empty();
    fixture_del(fixture_add("rides", "rides", "HSET orders %{$key} %{total}"), "none");
    CU_ASSERT_EQUAL(fixture_compile(), 0);
    CU_ASSERT_EQUAL(conf_warnings_count(fixture_problems), 0);
    CU_ASSERT(fixture_compiled->items[0].passes && !fixture_compiled->items[0].deletes.count);
    fixture_empty();
    fixture_del(fixture_add("rides", "rides", "SET ride:%{$key} x"), "none");
    CU_ASSERT_EQUAL(fixture_compile(), 0);
    CU_ASSERT_FALSE(fixture_compiled->items[0].unlinks);
}

static void a_secret_is_neither_a_reason_nor_a_proposal(void)
{
    fixture_empty();
    fixture_add("rides", "rides", "HSET hunter2:%{$key.id|replace('hunter2','')} f %{v}");
    fixture_writes[0][0].cmd.secret = true;
    CU_ASSERT_EQUAL(fixture_compile(), 1);
    CU_ASSERT_PTR_NULL(strstr(fixture_said(), "hunter2"));
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_key_that_is_the_records_is_unlinked),
        TEST(what_the_records_key_does_not_name_passes),
        TEST(a_part_of_a_key_needs_its_own_command),
        TEST(a_part_of_the_records_key_is_shared),
        TEST(a_member_that_a_tombstone_cannot_name_is_not_proposed),
        TEST(several_commands_or_topics_need_a_word),
        TEST(a_key_that_another_route_writes_is_not_unlinked),
        TEST(keys_that_cannot_meet_do_not_disturb),
        TEST(another_redis_or_the_same_topic_is_no_stranger),
        TEST(none_says_that_nothing_is_removed),
        TEST(a_secret_is_neither_a_reason_nor_a_proposal),
    };
    int status = SUITE("tombstones", tests);

    fixture_end();
    return status;
}
