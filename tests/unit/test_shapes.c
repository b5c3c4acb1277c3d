/* test_shapes.c: commands of a file that Redis would refuse are mistakes of the file. */
#include "suite.h"

#include "routes_fixture.h"

static struct arena arena;
static struct rendering rendering;

/* "" or the error of a record with that value. */
static const char *rendered(const char *value)
{
    static struct err err;
    struct record one = {.key = SLICE("k"), .value = slice_of(value), .topic = "rides"};
    struct scope scope = scope_of(&one, &arena, 0);

    arena_reset(&arena);
    return route_render(&fixture_compiled->items[0], &scope, &rendering, NULL, &err) ? ""
                                                                                     : err.text;
}

#define ASSERT_SAYS(command, words)                                                                \
    do {                                                                                           \
        const char *said_ = fixture_command(command);                                              \
        if (!strstr(said_, words))                                                                 \
            fprintf(stderr, "\n%s: %s", command, said_);                                           \
        CU_ASSERT_PTR_NOT_NULL(strstr(said_, words));                                              \
    } while (0)

static void what_redis_would_refuse_is_a_mistake_of_the_file(void)
{
    ASSERT_SAYS("HSET k state %{state} total", "HSET: 'field value' come together, and the last "
                                               "lacks its value");
    ASSERT_SAYS("MSET a 1 b", "MSET: 'key value' come together");
    ASSERT_SAYS("GEOADD g 1 2 m 3", "'longitude latitude member' come together");
    ASSERT_SAYS("SET k v EX", "SET: EX lacks its seconds");
    ASSERT_SAYS("SETEX k abc 60", "SETEX: seconds must be a whole number above 0, not 'abc'");
    ASSERT_SAYS("SET k %{v} %{mode}", "must be an option such as NX, written out in the file");
    ASSERT_SAYS("HSET k %{*} last", "the last lacks its value");
}

static void the_mistake_shows_how_it_is_written(void)
{
    ASSERT_SAYS("MSET a 1 b", "it is written: MSET key value [key value ...]");
    ASSERT_SAYS("INCR", "it is written: INCR key");
}

static void several_commands_in_one_string_are_told_apart(void)
{
    ASSERT_SAYS("HSET k f %{v}; EXPIRE k 60",
                "a string is one command; EXPIRE in it would be an argument of HSET");
    ASSERT_SAYS("SET k v && PUBLISH c v", "PUBLISH in it would be an argument of SET");
    ASSERT_TEXT(fixture_command("HSET k f a; g b"), "");
    ASSERT_TEXT(fixture_command("SADD words get; set"), "");
}

static void a_new_option_earns_a_warning(void)
{
    ASSERT_TEXT(fixture_command("SET k v SOON"), "");
    CU_ASSERT_EQUAL(conf_warnings_count(fixture_problems), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(fixture_said(), "argument 3 is no option that penstock knows: "
                                                  "SOON; it is sent as it is"));
}

static void what_a_record_makes_wrong_is_its_own_error(void)
{
    fixture_command("SETEX k %{ttl} v");
    ASSERT_TEXT(rendered("{\"ttl\":5}"), "");
    ASSERT_TEXT(rendered("{\"ttl\":\"soon\"}"), "SETEX: seconds must be a whole number above 0");
    fixture_command("GEOADD g %{*}");
    ASSERT_TEXT(rendered("{\"1\":2,\"3\":4,\"5\":6}"), "");
    ASSERT_TEXT(rendered("{\"1\":2,\"a\":4}"),
                "GEOADD: 'longitude latitude member' come together, and the last lacks its "
                "latitude");
    fixture_command("ZADD z %{score} m");
    ASSERT_TEXT(rendered("{\"score\":\"NX\"}"), "ZADD: score must be a number");
}

static void pairs_of_a_record_are_always_whole(void)
{
    static const char *const commands[] = {"HSET k %{*}", "MSET %{*}", "XADD s * %{*}",
                                           "SADD s %{*}", "HSET k a 1 %{*} b 2"};

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        ASSERT_TEXT(fixture_command(commands[i]), "");
        CU_ASSERT_PTR_NULL(fixture_compiled->items[0].writes.items[0].shape);
    }
}

static void no_mistake_of_a_shape_tells_a_secret(void)
{
    fixture_empty();
    fixture_add("rides", "rides", "SETEX k hunter2 v");
    fixture_writes[0][0].cmd.secret = true;
    CU_ASSERT_EQUAL(fixture_compile(), 1);
    CU_ASSERT_PTR_NULL(strstr(fixture_said(), "hunter2"));
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(what_redis_would_refuse_is_a_mistake_of_the_file),
        TEST(the_mistake_shows_how_it_is_written),
        TEST(several_commands_in_one_string_are_told_apart),
        TEST(a_new_option_earns_a_warning),
        TEST(what_a_record_makes_wrong_is_its_own_error),
        TEST(pairs_of_a_record_are_always_whole),
        TEST(no_mistake_of_a_shape_tells_a_secret),
    };
    int status = SUITE("shapes", tests);

    fixture_end();
    arena_free(&arena);
    free(rendering.items);
    return status;
}
