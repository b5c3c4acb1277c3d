/* test_checkpoint.c: what Redis keeps of a partition beside its data. */
#include "suite.h"

#include "base/mem.h"
#include "redis/checkpoint.h"
#include "redis/gaps.h"

#include <stdlib.h>

static struct checkpoint checkpoint;

/* --- keys ------------------------------------------------------------------------------------- */

static void expect_key(const char *prefix, const char *group, const char *topic, const char *key)
{
    char *made = checkpoint_key(prefix, group, topic, 7);

    ASSERT_TEXT(made, key);
    free(made);
}

static void keys_say_whose_they_are(void)
{
    char *epoch = checkpoint_epoch_key("penstock", "g", "t", 12);

    expect_key("penstock", "rides.live", "driver_location-1",
               "penstock:{rides.live}:driver_location-1:7");
    ASSERT_TEXT(epoch, "penstock:{g}:t:12:epoch");
    free(epoch);
}

static void what_would_break_a_key_is_escaped(void)
{
    expect_key("a}:{b", "c}:d{", "t:1", "a%7D:%7Bb:{c%7D:d%7B}:t%3A1:7");
    expect_key("p", "100%", "t", "p:{100%25}:t:7");
    expect_key("p", "a b\n\x7f\xc3\xa9", "t", "p:{a%20b%0A%7F%C3%A9}:t:7");
}

static void names_that_differ_never_share_a_key(void)
{
    static const char *const names[][3] = {
        {"p", "g", "t"},     {"p", "g:t", "t"},    {"p:{g}", "g", "t"}, {"p", "g}:{g", "t"},
        {"p", "g", "g}:t"},  {"p", "%67", "t"},    {"p", "g", "%74"},   {"p", "g%7D", "t"},
        {"p", "g", "t:7"},   {"p", "g}", "t"},     {"p:", "g", "t"},    {"", "g", "t"},
        {"p", "g", "t:7:7"}, {"p", "g", ":epoch"},
    };
    enum { COUNT = sizeof(names) / sizeof(names[0]) };
    char *keys[2 * COUNT];

    for (size_t i = 0; i < COUNT; i++) {
        keys[2 * i] = checkpoint_key(names[i][0], names[i][1], names[i][2], 7);
        keys[2 * i + 1] = checkpoint_epoch_key(names[i][0], names[i][1], names[i][2], 7);
    }
    for (size_t i = 0; i < 2 * COUNT; i++)
        for (size_t j = 0; j < i; j++)
            CU_ASSERT(strcmp(keys[i], keys[j]) != 0);
    for (size_t i = 0; i < 2 * COUNT; i++)
        free(keys[i]);
}

/* --- tokens ----------------------------------------------------------------------------------- */

static void a_token_is_read_as_it_was_written(void)
{
    struct checkpoint_token token = {0}, last = {INT64_MAX, UINT64_MAX};
    char text[CHECKPOINT_TOKEN_BYTES];

    CU_ASSERT_EQUAL(checkpoint_write_token((struct checkpoint_token){3, 0xabc}, text), 18);
    ASSERT_TEXT(text, "3:0000000000000abc");
    CU_ASSERT_TRUE(checkpoint_read_token(slice_of(text), &token));
    CU_ASSERT_EQUAL(token.number, 3);
    CU_ASSERT_EQUAL(token.random, 0xabc);
    checkpoint_write_token(last, text);
    CU_ASSERT_TRUE(checkpoint_read_token(slice_of(text), &token));
    CU_ASSERT_EQUAL(token.number, INT64_MAX);
    CU_ASSERT_EQUAL(token.random, UINT64_MAX);
}

static void a_text_that_is_not_a_token_is_not_read(void)
{
    static const char *const bad[] = {"",
                                      "3",
                                      ":",
                                      "3:",
                                      "x:0000000000000abc",
                                      "3:abc",
                                      "3:0000000000000abG",
                                      "3:0000000000000ABC",
                                      "3:0000000000000abc0",
                                      "0:0000000000000abc",
                                      "-1:0000000000000abc",
                                      "3:0000000000000abc:",
                                      "9223372036854775808:0000000000000abc"};
    struct checkpoint_token token = {5, 6};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT_FALSE(checkpoint_read_token(slice_of(bad[i]), &token));
    CU_ASSERT_FALSE(checkpoint_read_token((struct slice){NULL, 0}, &token));
    CU_ASSERT_EQUAL(token.number, 5);
}

/* --- fields ----------------------------------------------------------------------------------- */

/* The fields of a good one; a test changes some. */
static const char *fields[][2] = {
    {"v", "1"},
    {"next", "100"},
    {"settled", "90"},
    {"epoch", "3"},
    {"unit", "8"},
    {"leader", "2"},
    {"routes", "00000000000000ff"},
    {"witness", "1700000000000:3:-1"},
    {"holes", ""},
    {"owner", "later"},
};
enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

/* Reads them with @p name set to @p value; NULL: without it. */
static void read_with(const char *name, const char *value)
{
    struct slice items[2 * FIELDS];
    size_t count = 0;

    for (size_t i = 0; i < FIELDS; i++) {
        bool changed = name && strcmp(fields[i][0], name) == 0;
        if (changed && !value)
            continue;
        items[count++] = slice_of(fields[i][0]);
        items[count++] = slice_of(changed ? value : fields[i][1]);
    }
    checkpoint_free(&checkpoint);
    checkpoint_read(&checkpoint, items, count);
}

static void expect_unreadable(const char *name, const char *value, const char *error)
{
    read_with(name, value);
    CU_ASSERT_TRUE(checkpoint.found);
    CU_ASSERT_FALSE(checkpoint.readable);
    ASSERT_TEXT(checkpoint.error, error);
    checkpoint_free(&checkpoint);
}

static void what_is_written_is_read_again(void)
{
    struct checkpoint_gap gaps[] = {{4, 1}, {9, CHECKPOINT_WHOLE}, {12, 1 << 2 | 1 << 5}};
    struct checkpoint written = {.next = INT64_MAX,
                                 .settled = 0,
                                 .epoch = 1,
                                 .unit = INT64_MAX,
                                 .leader = -1,
                                 .routes = UINT64_MAX,
                                 .log = "cluster/topic",
                                 .witness = {true, -1, SIZE_MAX, 0}};
    char *text = checkpoint_write_gaps(gaps, 3);
    struct checkpoint_fields out;

    ASSERT_TEXT(text, "4:0;9:*;12:2,5");
    checkpoint_write(&written, slice_of(text), &out);
    CU_ASSERT_EQUAL(out.count, 2 * CHECKPOINT_FIELDS);
    checkpoint_read(&checkpoint, out.items, out.count);
    CU_ASSERT_TRUE(checkpoint.readable);
    CU_ASSERT_EQUAL(checkpoint.next, INT64_MAX);
    CU_ASSERT_EQUAL(checkpoint.unit, INT64_MAX);
    CU_ASSERT_EQUAL(checkpoint.leader, -1);
    CU_ASSERT_EQUAL(checkpoint.routes, UINT64_MAX);
    ASSERT_TEXT(checkpoint.log, "cluster/topic");
    CU_ASSERT_TRUE(checkpoint.witness.known);
    CU_ASSERT_EQUAL(checkpoint.witness.timestamp_ms, -1);
    CU_ASSERT_EQUAL(checkpoint.witness.key_length, SIZE_MAX);
    CU_ASSERT_EQUAL(checkpoint.witness.value_length, 0);
    CU_ASSERT_EQUAL(checkpoint.gap_count, 3);
    CU_ASSERT_EQUAL(memcmp(checkpoint.gaps, gaps, sizeof(gaps)), 0);
    checkpoint_free(&checkpoint);
    free(text);
}

static void the_log_may_be_missing(void)
{
    char large[CHECKPOINT_LOG_BYTES + 1];
    struct checkpoint written = {.next = 1, .epoch = 1, .unit = 1, .leader = -1};
    struct checkpoint_fields out;

    checkpoint_write(&written, SLICE(""), &out); /* what an older version has written stays */
    CU_ASSERT_EQUAL(out.count, 2 * (CHECKPOINT_FIELDS - 1));
    checkpoint_read(&checkpoint, out.items, out.count);
    CU_ASSERT_TRUE(checkpoint.readable);
    ASSERT_TEXT(checkpoint.log, "");
    checkpoint_free(&checkpoint);
    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    out.items[out.count++] = SLICE("log");
    out.items[out.count++] = slice_of(large);
    checkpoint_read(&checkpoint, out.items, out.count);
    CU_ASSERT_TRUE(checkpoint.readable);
    ASSERT_TEXT(checkpoint.log, "");
    checkpoint_free(&checkpoint);
}

static void all_places_of_a_gap_come_back(void)
{
    for (unsigned place = 0; place < 70; place++) {
        struct checkpoint_gap gap = {1, checkpoint_bit(place) | 1};
        char *text = checkpoint_write_gaps(&gap, 1);
        read_with("holes", text);
        CU_ASSERT_EQUAL(checkpoint.gap_count, 1);
        CU_ASSERT_EQUAL(checkpoint.gaps[0].commands, gap.commands);
        free(text);
    }
    checkpoint_free(&checkpoint);
}

static void a_missing_key_is_no_checkpoint(void)
{
    checkpoint_read(&checkpoint, NULL, 0);
    CU_ASSERT_FALSE(checkpoint.found);
    CU_ASSERT_FALSE(checkpoint.readable);
}

static void fields_of_later_versions_are_passed_over(void)
{
    read_with(NULL, NULL);
    CU_ASSERT_TRUE(checkpoint.readable);
    CU_ASSERT_EQUAL(checkpoint.next, 100);
    CU_ASSERT_EQUAL(checkpoint.settled, 90);
    CU_ASSERT_EQUAL(checkpoint.witness.value_length, SIZE_MAX);
    read_with("holes", NULL);
    CU_ASSERT_TRUE(checkpoint.readable);
    read_with("witness", "");
    CU_ASSERT_TRUE(checkpoint.readable);
    CU_ASSERT_FALSE(checkpoint.witness.known);
    checkpoint_free(&checkpoint);
}

static void another_version_is_not_read(void)
{
    expect_unreadable("v", "2", "its field \"v\" is \"2\" and this penstock knows version 1 alone");
    expect_unreadable("v", "", "its field \"v\" is \"\" and not such a number");
    expect_unreadable("v", NULL, "its field \"v\" is \"\" (it is missing)");
}

static void a_field_that_is_not_a_number_is_named(void)
{
    static const char *const numbers[] = {"next", "settled", "epoch", "unit", "leader"};
    static const char *const bad[] = {"x", "1.5", " 1", "1 ", "0x10", "9223372036854775808", "-2"};
    char error[256];

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        for (size_t j = 0; j < sizeof(bad) / sizeof(bad[0]); j++) {
            snprintf(error, sizeof(error), "its field \"%s\" is \"%s\" and not such a number",
                     numbers[i], bad[j]);
            expect_unreadable(numbers[i], bad[j], error);
        }
        snprintf(error, sizeof(error), "its field \"%s\" is \"\" (it is missing)", numbers[i]);
        expect_unreadable(numbers[i], NULL, error);
    }
    expect_unreadable("settled", "101", "its field \"settled\" is \"101\" and above next");
    expect_unreadable("routes", "ff",
                      "its field \"routes\" is \"ff\" and not 16 hexadecimal digits");
}

static void an_error_shows_no_control_characters_and_has_an_end(void)
{
    expect_unreadable("next", "1\n2\x1b[31m",
                      "its field \"next\" is \"1?2?[31m\" and not such a number");
    expect_unreadable("next", "0123456789012345678901234567890123456789",
                      "its field \"next\" is \"0123456789012345678901234567890\"... and not such a "
                      "number");
}

static void a_witness_of_another_form_is_not_believed(void)
{
    static const char *const bad[] = {"1",       "1:2",    "1:2:",   ":2:3",
                                      "1:2:3:4", "-2:1:1", "1:-2:1", "a:b:c"};
    char error[256];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(error, sizeof(error),
                 "its field \"witness\" is \"%s\" and not TIMESTAMP:KEY LENGTH:VALUE LENGTH",
                 bad[i]);
        expect_unreadable("witness", bad[i], error);
    }
}

static void gaps_of_another_form_are_not_believed(void)
{
    static const char *const bad[] = {"1",     "1:",        "1:x",  "1:64",  "1:-1",    "1:0;",
                                      ";",     "1:0,",      "x:0",  "-1:0",  "5:0;5:1", "5:0;4:0",
                                      "100:0", "1:0;101:*", "1:**", "1:*,0", "1:0;;2:0"};
    char error[256];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(error, sizeof(error),
                 "its field \"holes\" is \"%s\" and not OFFSET:PLACE,...;... with rising offsets "
                 "below next",
                 bad[i]);
        expect_unreadable("holes", bad[i], error);
    }
}

/* --- gaps ------------------------------------------------------------------------------------- */

static void gaps_are_kept_in_their_order(void)
{
    struct gaps gaps = {0};

    gaps_add(&gaps, 9, 1);
    gaps_add(&gaps, 3, 2);
    gaps_add(&gaps, 9, 4);
    gaps_add(&gaps, 5, 1);
    CU_ASSERT_EQUAL(gaps.count, 3);
    CU_ASSERT_EQUAL(gaps.items[0].offset, 3);
    CU_ASSERT_EQUAL(gaps.items[1].offset, 5);
    CU_ASSERT_EQUAL(gaps_find(&gaps, 9)->commands, 5);
    CU_ASSERT_TRUE(gaps_remove(&gaps, 3));
    CU_ASSERT_FALSE(gaps_remove(&gaps, 3));
    CU_ASSERT_FALSE(gaps_remove(&gaps, 10));
    CU_ASSERT_EQUAL(gaps.count, 2);
    CU_ASSERT_PTR_NULL(gaps_find(&gaps, 4));
    gaps_clear(&gaps);
    CU_ASSERT_PTR_NULL(gaps_find(&gaps, 9));
}

static const struct suite_test tests[] = {
    TEST(keys_say_whose_they_are),
    TEST(what_would_break_a_key_is_escaped),
    TEST(names_that_differ_never_share_a_key),
    TEST(a_token_is_read_as_it_was_written),
    TEST(a_text_that_is_not_a_token_is_not_read),
    TEST(what_is_written_is_read_again),
    TEST(the_log_may_be_missing),
    TEST(all_places_of_a_gap_come_back),
    TEST(a_missing_key_is_no_checkpoint),
    TEST(fields_of_later_versions_are_passed_over),
    TEST(another_version_is_not_read),
    TEST(a_field_that_is_not_a_number_is_named),
    TEST(an_error_shows_no_control_characters_and_has_an_end),
    TEST(a_witness_of_another_form_is_not_believed),
    TEST(gaps_of_another_form_are_not_believed),
    TEST(gaps_are_kept_in_their_order),
};

int main(void)
{
    return SUITE("checkpoint", tests);
}
