/* test_commands.c: what penstock knows of Redis' commands. */
#include "generated_page.h"
#include "suite.h"

#include "redis/commands.h"

enum { WORDS_MAX = 32 };

/* Splits @p line at spaces; the words live in @p room. */
static size_t split(const char *line, char *room, struct slice *words)
{
    size_t count = 0;

    strcpy(room, line);
    for (char *word = strtok(room, " "); word; word = strtok(NULL, " "))
        words[count++] = slice_of(word);
    return count;
}

typedef size_t keys_of(const struct command *, const struct slice *, size_t, size_t *, size_t);

/* The keys of a command line, joined with spaces. */
static const char *keys_text(keys_of *keys, const char *line)
{
    static char text[256];
    char room[256];
    struct slice words[WORDS_MAX];
    size_t positions[WORDS_MAX], count = split(line, room, words), used = 0;
    size_t found = keys(command_find(words[0]), words, count, positions, WORDS_MAX);

    text[0] = '\0';
    for (size_t i = 0; i < found; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%.*s", i ? " " : "",
                                 SLICE_ARGS(words[positions[i]]));
    return text;
}

static unsigned flags_of(const char *name)
{
    const struct command *command = command_find(slice_of(name));

    CU_ASSERT_PTR_NOT_NULL_FATAL(command);
    return command->flags;
}

static void a_command_is_found_in_any_letter_case(void)
{
    ASSERT_TEXT(command_find(SLICE("hSeT"))->name, "HSET");
    ASSERT_TEXT(command_find(SLICE("json.set"))->name, "JSON.SET");
    CU_ASSERT_PTR_NULL(command_find(SLICE("HSE")));
    CU_ASSERT_PTR_NULL(command_find(SLICE("HSETT")));
    CU_ASSERT_PTR_NULL(command_find(SLICE("")));
    CU_ASSERT_PTR_NULL(command_find(SLICE("SET\0")));
}

static void every_row_is_whole_and_stands_once(void)
{
    size_t count;
    const struct command *rows = command_all(&count);

    CU_ASSERT(count > 300);
    for (size_t i = 0; i < count; i++) {
        CU_ASSERT_EQUAL(rows[i].index, i);
        CU_ASSERT_PTR_EQUAL(command_find(slice_of(rows[i].name)), &rows[i]);
        CU_ASSERT_NOT_EQUAL(rows[i].arity, 0);
        CU_ASSERT_EQUAL(rows[i].refused != NULL, (rows[i].flags & COMMAND_NOT_A_WRITE) != 0);
        CU_ASSERT_EQUAL(rows[i].first_key > 0, rows[i].key_step > 0);
        if (rows[i].flags & COMMAND_WRITES)
            CU_ASSERT(rows[i].first_key > 0 || rows[i].numkeys > 0);
    }
}

static void keys_stand_where_the_command_has_them(void)
{
    ASSERT_TEXT(keys_text(command_keys, "SET a 1"), "a");
    ASSERT_TEXT(keys_text(command_keys, "MSET a 1 b 2 c 3"), "a b c");
    ASSERT_TEXT(keys_text(command_keys, "UNLINK a b c"), "a b c");
    ASSERT_TEXT(keys_text(command_keys, "RENAME a b"), "a b");
    ASSERT_TEXT(keys_text(command_keys, "BITOP AND d a b"), "d a b");
    ASSERT_TEXT(keys_text(command_keys, "XGROUP CREATE s g $ MKSTREAM"), "s");
    ASSERT_TEXT(keys_text(command_keys, "JSON.MSET a $ 1 b $ 2"), "a b");
    ASSERT_TEXT(keys_text(command_keys, "PUBLISH channel text"), "");
    ASSERT_TEXT(keys_text(command_keys, "SPUBLISH channel text"), "channel");
}

static void counted_keys_end_where_the_count_says(void)
{
    ASSERT_TEXT(keys_text(command_keys, "EVAL script 2 a b argument"), "a b");
    ASSERT_TEXT(keys_text(command_keys, "FCALL f 0 argument"), "");
    ASSERT_TEXT(keys_text(command_keys, "ZUNIONSTORE d 2 a b WEIGHTS 1 2"), "d a b");
    ASSERT_TEXT(keys_text(command_keys, "LMPOP 2 a b LEFT"), "a b");
}

static void a_count_that_is_wrong_gives_no_keys(void)
{
    ASSERT_TEXT(keys_text(command_keys, "EVAL script 3 a b"), "");
    ASSERT_TEXT(keys_text(command_keys, "EVAL script -1 a b"), "");
    ASSERT_TEXT(keys_text(command_keys, "EVAL script two a b"), "");
    ASSERT_TEXT(keys_text(command_keys, "EVAL script 9223372036854775807 a"), "");
    ASSERT_TEXT(keys_text(command_keys, "EVAL script"), "");
    ASSERT_TEXT(keys_text(command_keys, "ZUNIONSTORE d x a b"), "d");
}

static void store_names_one_more_key(void)
{
    ASSERT_TEXT(keys_text(command_keys, "SORT a BY w_* store d"), "a d");
    ASSERT_TEXT(keys_text(command_keys, "SORT STORE STORE d"), "STORE d");
    ASSERT_TEXT(keys_text(command_keys, "SORT a STORE"), "a");
    ASSERT_TEXT(keys_text(command_keys, "GEORADIUS a 1 2 3 km STOREDIST d"), "a d");
}

static void a_short_command_has_the_keys_that_are_there(void)
{
    ASSERT_TEXT(keys_text(command_keys, "SET"), "");
    ASSERT_TEXT(keys_text(command_keys, "RENAME a"), "a");
    ASSERT_TEXT(keys_text(command_keys, "UNLINK"), "");
    ASSERT_TEXT(keys_text(command_keys, "BITOP AND"), "");
    ASSERT_TEXT(keys_text(command_written_keys, "RENAME a"), "");
    ASSERT_TEXT(keys_text(command_written_keys, "BITOP AND"), "");
}

static void more_keys_than_room_are_counted_not_written(void)
{
    struct slice words[] = {SLICE("DEL"), SLICE("a"), SLICE("b"), SLICE("c")};
    size_t positions[] = {77, 77, 77};

    CU_ASSERT_EQUAL(command_keys(command_find(words[0]), words, 4, positions, 2), 3);
    CU_ASSERT_EQUAL(positions[1], 2);
    CU_ASSERT_EQUAL(positions[2], 77);
}

static void only_what_is_written_gets_a_ttl(void)
{
    ASSERT_TEXT(keys_text(command_written_keys, "MSET a 1 b 2"), "a b");
    ASSERT_TEXT(keys_text(command_written_keys, "ZUNIONSTORE d 2 a b"), "d");
    ASSERT_TEXT(keys_text(command_written_keys, "BITOP OR d a b"), "d");
    ASSERT_TEXT(keys_text(command_written_keys, "COPY a b REPLACE"), "b");
    ASSERT_TEXT(keys_text(command_written_keys, "SMOVE a b member"), "b");
    ASSERT_TEXT(keys_text(command_written_keys, "SORT a STORE d"), "d");
    ASSERT_TEXT(keys_text(command_written_keys, "SORT a"), "");
    ASSERT_TEXT(keys_text(command_written_keys, "EVAL script 2 a b c"), "a b");
    ASSERT_TEXT(keys_text(command_written_keys, "SPUBLISH channel text"), "");
}

static void removing_publishing_and_expiring_take_no_ttl(void)
{
    static const char *const without[] = {"DEL",     "UNLINK",  "HDEL",     "ZREM",
                                          "XTRIM",   "PUBLISH", "SPUBLISH", "EXPIRE",
                                          "PERSIST", "SETEX",   "GET"};
    static const char *const with[] = {"SET",  "HSET", "RPUSH", "SADD", "ZADD",     "GEOADD",
                                       "XADD", "INCR", "PFADD", "EVAL", "JSON.SET", "HEXPIRE"};

    for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
        CU_ASSERT_FALSE(command_takes_ttl(command_find(slice_of(without[i]))));
    for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++)
        CU_ASSERT_TRUE(command_takes_ttl(command_find(slice_of(with[i]))));
    CU_ASSERT_TRUE(flags_of("SET") & COMMAND_TTL_PX);
}

static void a_repeat_changes_what_counts_appends_or_reads_others(void)
{
    static const char *const once[] = {"INCR",        "APPEND",  "RPUSH", "XADD",
                                       "PUBLISH",     "ZINCRBY", "LPOP",  "COPY",
                                       "SUNIONSTORE", "EVAL",    "LTRIM"};
    static const char *const again[] = {"SET",  "SETEX", "HSET", "JSON.SET", "UNLINK",  "HDEL",
                                        "SADD", "SREM",  "ZADD", "GEOADD",   "EXPIREAT"};

    for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++)
        CU_ASSERT_FALSE(flags_of(once[i]) & COMMAND_IDEMPOTENT);
    for (size_t i = 0; i < sizeof(again) / sizeof(again[0]); i++)
        CU_ASSERT_TRUE(flags_of(again[i]) & COMMAND_IDEMPOTENT);
}

static void a_refused_command_says_why(void)
{
    ASSERT_TEXT(command_find(SLICE("GET"))->refused, "only reads");
    CU_ASSERT_PTR_NOT_NULL(command_find(SLICE("BLPOP"))->refused);
    CU_ASSERT_PTR_NOT_NULL(command_find(SLICE("SELECT"))->refused);
    CU_ASSERT_PTR_NOT_NULL(command_find(SLICE("FLUSHALL"))->refused);
    CU_ASSERT_PTR_NULL(command_find(SLICE("PUBLISH"))->refused);
}

static void the_reference_page_is_fresh(void)
{
    ASSERT_PAGE(command_write_reference, SOURCE_DIR "/docs/reference/commands.md");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_command_is_found_in_any_letter_case),
        TEST(every_row_is_whole_and_stands_once),
        TEST(keys_stand_where_the_command_has_them),
        TEST(counted_keys_end_where_the_count_says),
        TEST(a_count_that_is_wrong_gives_no_keys),
        TEST(store_names_one_more_key),
        TEST(a_short_command_has_the_keys_that_are_there),
        TEST(more_keys_than_room_are_counted_not_written),
        TEST(only_what_is_written_gets_a_ttl),
        TEST(removing_publishing_and_expiring_take_no_ttl),
        TEST(a_repeat_changes_what_counts_appends_or_reads_others),
        TEST(a_refused_command_says_why),
        TEST(the_reference_page_is_fresh),
    };

    return SUITE("commands", tests);
}
