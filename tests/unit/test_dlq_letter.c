/* test_dlq_letter.c: a dead letter as a record's headers, and as the fields of a stream. */
#include "suite.h"

#include "base/arena.h"
#include "codec/dlq_fields.h"
#include "record/dlq_letter.h"
#include "record/headers.h"

#include <stdlib.h>

static struct dlq_letter letter;
static struct headers list;
static struct header items[64];
static char *text;
static struct arena arena;

/* A letter for a record with @p count of the headers in items. */
static void write_letter(size_t count, const char *error)
{
    list = (struct headers){items, count};
    letter = (struct dlq_letter){.record = {.key = SLICE("k\0\xff"),
                                            .value = SLICE("v"),
                                            .topic = "rides",
                                            .partition = 3,
                                            .offset = 42,
                                            .timestamp_ms = 1700000000123,
                                            .headers = headers_of(&list)},
                                 .header_count = count};
    text = dlq_letter_explain(&letter, &(struct dlq_cause){.route = "geo",
                                                           .worker = 2,
                                                           .stage = STAGE_REDIS,
                                                           .command = SLICE("SADD a %{b}"),
                                                           .error = error,
                                                           .attempts = 7});
}

static void close_letter(void)
{
    free(text);
    arena_free(&arena);
}

static void expect_fact(enum dlq_fact fact, const char *expected)
{
    char actual[200];

    snprintf(actual, sizeof(actual), "%.*s", SLICE_ARGS(letter.facts[fact]));
    ASSERT_TEXT(actual, expected);
}

static void a_letter_says_whence_the_record_came_and_why(void)
{
    static const char *const expected[DLQ_FACTS] = {
        [DLQ_FACT_TOPIC] = "rides",
        [DLQ_FACT_PARTITION] = "3",
        [DLQ_FACT_OFFSET] = "42",
        [DLQ_FACT_CONNECTOR] = "geo",
        [DLQ_FACT_TASK] = "2",
        [DLQ_FACT_STAGE] = "TASK_PUT",
        [DLQ_FACT_STATION] = "penstock.redis",
        [DLQ_FACT_EXCEPTION] = "redis.WRONGTYPE",
        [DLQ_FACT_MESSAGE] = "WRONGTYPE of key",
        [DLQ_FACT_ROUTE] = "geo",
        [DLQ_FACT_COMMAND] = "SADD a %{b}",
        [DLQ_FACT_CLASS] = "reject",
        [DLQ_FACT_ERROR] = "WRONGTYPE of key",
        [DLQ_FACT_ATTEMPTS] = "7",
        [DLQ_FACT_VERSION] = PENSTOCK_VERSION,
        [DLQ_FACT_REFERENCE] = "rides[3]@42",
    };

    write_letter(0, "WRONGTYPE of key");
    for (int fact = 0; fact < DLQ_FACTS; fact++)
        expect_fact((enum dlq_fact)fact, expected[fact]);
    close_letter();
}

static void a_shortened_letter_names_what_it_lacks(void)
{
    items[0] = (struct header){SLICE("a"), SLICE("1")};
    write_letter(1, "x");
    struct slice reference = letter.facts[DLQ_FACT_REFERENCE];
    dlq_letter_shorten(&letter, DLQ_WHOLE);
    CU_ASSERT_PTR_NULL(letter.facts[DLQ_FACT_REFERENCE].data);
    letter.facts[DLQ_FACT_REFERENCE] = reference;
    dlq_letter_shorten(&letter, DLQ_WITHOUT_VALUE);
    CU_ASSERT_PTR_NULL(letter.record.value.data);
    CU_ASSERT_EQUAL(letter.record.key.length, 3);
    CU_ASSERT_EQUAL(letter.header_count, 1);
    expect_fact(DLQ_FACT_REFERENCE, "rides[3]@42");
    dlq_letter_shorten(&letter, DLQ_FACTS_ALONE);
    CU_ASSERT_PTR_NULL(letter.record.key.data);
    CU_ASSERT_EQUAL(letter.header_count, 0);
    close_letter();
}

/* The headers that the letter has in a topic, behind those in items. */
static size_t add_facts(size_t count)
{
    for (int fact = 0; fact < DLQ_FACTS; fact++)
        if (letter.facts[fact].data)
            items[count++] =
                (struct header){slice_of(dlq_fact_name((enum dlq_fact)fact)), letter.facts[fact]};
    return count;
}

static void what_was_written_is_read_again(void)
{
    char topic[250];

    for (int shortened = 0; shortened < 2; shortened++) {
        items[0] = (struct header){SLICE("a"), SLICE("1")};
        items[1] = (struct header){SLICE("a"), {0}};
        write_letter(2, "ERR x");
        dlq_letter_shorten(&letter, shortened ? DLQ_WITHOUT_VALUE : DLQ_WHOLE);
        struct headers all = {items, add_facts(2)};
        struct record record = {.topic = "dead", .offset = 9, .headers = headers_of(&all)};
        CU_ASSERT_TRUE(dlq_letter_read(&record, &letter));
        CU_ASSERT_EQUAL(letter.header_count, 2);
        expect_fact(DLQ_FACT_CLASS, "reject");
        expect_fact(DLQ_FACT_REFERENCE, shortened ? "rides[3]@42" : "");
        CU_ASSERT_TRUE(dlq_letter_take_place(&letter, topic, sizeof(topic)));
        ASSERT_TEXT(letter.record.topic, "rides");
        CU_ASSERT_EQUAL(letter.record.partition, 3);
        CU_ASSERT_EQUAL(letter.record.offset, 42);
        close_letter();
    }
}

/* Its record was a letter of another queue before. */
static void a_letter_of_a_letter_keeps_the_first_ones_headers(void)
{
    write_letter(0, "ERR first");
    dlq_letter_shorten(&letter, DLQ_WHOLE);
    size_t first = add_facts(0);
    char *first_text = text;
    write_letter(first, "ERR second");
    dlq_letter_shorten(&letter, DLQ_WHOLE);
    struct headers all = {items, add_facts(first)};
    struct record record = {.headers = headers_of(&all)};
    CU_ASSERT_TRUE(dlq_letter_read(&record, &letter));
    CU_ASSERT_EQUAL(letter.header_count, first);
    expect_fact(DLQ_FACT_ERROR, "ERR second");
    free(first_text);
    close_letter();
}

static void a_record_that_is_not_a_dead_letter_is_told(void)
{
    char topic[250];
    struct headers none = {items, 0};
    struct record record = {.headers = headers_of(&none)};

    CU_ASSERT_FALSE(dlq_letter_read(&record, &letter));
    write_letter(0, "x");
    dlq_letter_shorten(&letter, DLQ_WHOLE);
    struct headers all = {items, add_facts(0)};
    record.headers = headers_of(&all);
    for (size_t i = 0; i < all.count; i++) {
        struct header kept = items[i];
        items[i].name = SLICE("other");
        CU_ASSERT_FALSE(dlq_letter_read(&record, &letter));
        items[i] = kept;
    }
    CU_ASSERT_TRUE(dlq_letter_read(&record, &letter));
    letter.facts[DLQ_FACT_OFFSET] = SLICE("-1");
    CU_ASSERT_FALSE(dlq_letter_take_place(&letter, topic, sizeof(topic)));
    letter.facts[DLQ_FACT_OFFSET] = SLICE("1x");
    CU_ASSERT_FALSE(dlq_letter_take_place(&letter, topic, sizeof(topic)));
    letter.facts[DLQ_FACT_OFFSET] = SLICE("1");
    letter.facts[DLQ_FACT_PARTITION] = SLICE("2147483648");
    CU_ASSERT_FALSE(dlq_letter_take_place(&letter, topic, sizeof(topic)));
    letter.facts[DLQ_FACT_PARTITION] = SLICE("1");
    CU_ASSERT_FALSE(dlq_letter_take_place(&letter, topic, 5)); /* "rides" and its NUL */
    letter.facts[DLQ_FACT_TOPIC] = (struct slice){0};
    CU_ASSERT_FALSE(dlq_letter_take_place(&letter, topic, sizeof(topic)));
    close_letter();
}

/* --- fields ----------------------------------------------------------------------------------- */

static void a_stream_gives_back_every_byte(void)
{
    struct dlq_fields fields;
    struct dlq_letter back;
    struct headers headers;
    struct err err = {0};

    items[0] = (struct header){SLICE("a\"\\\n"), SLICE("\0\x01\xff")};
    items[1] = (struct header){SLICE("a\"\\\n"), {0}};
    items[2] = (struct header){SLICE("\xc3\x28"), SLICE("")};
    items[3] = (struct header){SLICE("z"), SLICE("gr\xc3\xbc\xc3\x9f")};
    write_letter(4, "WRONGTYPE x");
    dlq_letter_shorten(&letter, DLQ_WHOLE);
    dlq_fields_make(&fields, &letter);
    CU_ASSERT_TRUE(dlq_fields_read(fields.items, fields.count, &arena, &headers, &back, &err));
    CU_ASSERT_TRUE(slice_equal(back.record.key, letter.record.key));
    CU_ASSERT_TRUE(slice_equal(back.record.value, letter.record.value));
    CU_ASSERT_EQUAL(back.record.timestamp_ms, 1700000000123);
    CU_ASSERT_EQUAL_FATAL(back.header_count, 4);
    for (size_t i = 0; i < 4; i++) {
        CU_ASSERT_TRUE(slice_equal(headers.items[i].name, items[i].name));
        CU_ASSERT_TRUE(slice_equal(headers.items[i].value, items[i].value));
        CU_ASSERT_EQUAL(headers.items[i].value.data == NULL, items[i].value.data == NULL);
    }
    for (int fact = 0; fact < DLQ_FACTS; fact++)
        CU_ASSERT_TRUE(slice_equal(back.facts[fact], letter.facts[fact]));
    free(fields.headers);
    close_letter();
}

static void what_a_record_lacks_has_no_field(void)
{
    struct dlq_fields fields;
    struct dlq_letter back;
    struct headers headers;
    struct err err = {0};

    write_letter(0, "x");
    dlq_letter_shorten(&letter, DLQ_FACTS_ALONE);
    letter.record.timestamp_ms = -1;
    dlq_fields_make(&fields, &letter);
    CU_ASSERT_EQUAL(fields.count, 2 * (1 + DLQ_FACTS));
    CU_ASSERT_TRUE(dlq_fields_read(fields.items, fields.count, &arena, &headers, &back, &err));
    CU_ASSERT_PTR_NULL(back.record.key.data);
    CU_ASSERT_PTR_NULL(back.record.value.data);
    CU_ASSERT_EQUAL(back.record.timestamp_ms, -1);
    free(fields.headers);
    close_letter();
}

static void fields_that_nobody_wrote_are_told(void)
{
    static const char *const bad[] = {
        "",
        "{",
        "{}",
        "[1]",
        "[[]]",
        "[[\"a\"]]",
        "[[\"a\",1]]",
        "[[null,\"a\"]]",
        "[[\"a\",\"b\",\"c\"]]",
        "[[\"a\",{\"base64\":\"Z\"}]]",
        "[[\"a\",{\"base64\":1}]]",
        "[[\"a\",{}]]",
    };
    struct dlq_letter back;
    struct headers headers;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct slice fields[] = {SLICE("headers"), slice_of(bad[i])};
        struct err err = {0};
        CU_ASSERT_FALSE(dlq_fields_read(fields, 2, &arena, &headers, &back, &err));
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "headers: "));
    }
    struct slice fields[] = {SLICE("timestamp"), SLICE("soon")};
    struct err err = {0};
    CU_ASSERT_FALSE(dlq_fields_read(fields, 2, &arena, &headers, &back, &err));
    ASSERT_TEXT(err.text, "timestamp: not a number");
    arena_free(&arena);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_letter_says_whence_the_record_came_and_why),
        TEST(a_shortened_letter_names_what_it_lacks),
        TEST(what_was_written_is_read_again),
        TEST(a_letter_of_a_letter_keeps_the_first_ones_headers),
        TEST(a_record_that_is_not_a_dead_letter_is_told),
        TEST(a_stream_gives_back_every_byte),
        TEST(what_a_record_lacks_has_no_field),
        TEST(fields_that_nobody_wrote_are_told),
    };

    return SUITE("dlq_letter", tests);
}
