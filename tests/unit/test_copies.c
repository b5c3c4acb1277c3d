/* test_copies.c: records kept until their answers are in. */
#include "suite.h"

#include "flow/copies.h"

#include <stdlib.h>

enum { MANY = 5000 };

static struct copies copies;

static void open_copies(void)
{
    copies = (struct copies){.limit_bytes = 256 << 10, .limit_value = 100000};
}

static struct record record_of(struct slice key, struct slice value, const struct headers *headers)
{
    return (struct record){.key = key,
                           .value = value,
                           .topic = "rides",
                           .partition = 3,
                           .offset = 42,
                           .timestamp_ms = 7,
                           .headers = headers_of(headers)};
}

static void a_copy_is_the_record_when_that_is_gone(void)
{
    char bytes[] = "key value name1 name2 content";
    struct header items[] = {{{bytes + 10, 5}, {bytes + 22, 7}}, {{bytes + 16, 5}, {0}}};
    struct headers headers = {items, 2};
    struct record record =
        record_of((struct slice){bytes, 3}, (struct slice){bytes + 4, 5}, &headers);
    struct slice name, value;

    open_copies();
    struct copy *copy = copy_new(&copies, &record);
    memset(bytes, 'x', sizeof(bytes) - 1);
    record = copy_record(copy);
    CU_ASSERT_TRUE(slice_is(record.key, "key"));
    CU_ASSERT_TRUE(slice_is(record.value, "value"));
    CU_ASSERT_EQUAL(record.partition, 3);
    CU_ASSERT_EQUAL(record.offset, 42);
    CU_ASSERT_EQUAL(record.timestamp_ms, 7);
    CU_ASSERT_EQUAL(headers_count(&record), 2);
    CU_ASSERT_TRUE(record.headers.at(&record, 0, &name, &value));
    CU_ASSERT_TRUE(slice_is(name, "name1"));
    CU_ASSERT_TRUE(slice_is(value, "content"));
    CU_ASSERT_TRUE(record.headers.find(&record, SLICE("name2"), &value));
    CU_ASSERT_PTR_NULL(value.data);
    copy_release(copy);
    copies_free(&copies);
}

static void null_and_empty_are_not_the_same(void)
{
    const struct headers none = {0};
    struct record record = record_of((struct slice){0}, SLICE(""), &none);

    open_copies();
    struct copy *copy = copy_new(&copies, &record);
    CU_ASSERT_PTR_NULL(copy_record(copy).key.data);
    CU_ASSERT_PTR_NOT_NULL(copy_record(copy).value.data);
    CU_ASSERT_FALSE(copy_is_cut(copy));
    copy_release(copy);
    copies_free(&copies);
}

static void a_value_above_the_limit_is_only_counted(void)
{
    const struct headers none = {0};
    char *large = calloc(1, 100001);
    struct record record = record_of(SLICE("k"), (struct slice){large, 100001}, &none);

    open_copies();
    struct copy *cut = copy_new(&copies, &record);
    CU_ASSERT_TRUE(copy_is_cut(cut));
    CU_ASSERT_TRUE(copies.bytes < 100000);
    record.value.length--;
    struct copy *whole = copy_new(&copies, &record);
    CU_ASSERT_FALSE(copy_is_cut(whole));
    CU_ASSERT_TRUE(copies.bytes > 100000);
    copy_release(whole);
    copy_release(cut);
    copies_free(&copies);
    free(large);
}

static void memory_is_used_again_and_none_is_left(void)
{
    const struct headers none = {0};
    char value[300] = "";
    struct copy *flying[50] = {NULL};
    size_t most = 0;

    open_copies();
    for (size_t i = 0; i < MANY; i++) {
        struct record record = record_of(SLICE("k"), (struct slice){value, i % 300}, &none);
        copy_release(flying[i % 50]);
        flying[i % 50] = copy_new(&copies, &record);
        most = copies.bytes > most ? copies.bytes : most;
    }
    CU_ASSERT_TRUE(most <= 128 << 10);
    CU_ASSERT_TRUE(copies_have_room(&copies));
    for (size_t i = 0; i < 50; i++)
        copy_release(flying[i]);
    CU_ASSERT_TRUE(copies.bytes <= 64 << 10);
    copies_free(&copies);
}

static void who_stays_long_keeps_only_himself(void)
{
    const struct headers none = {0};
    struct record record = record_of(SLICE("k"), SLICE("v"), &none);
    struct copy *alone[20];

    open_copies();
    for (size_t i = 0; i < 20; i++)
        alone[i] = copy_alone(&copies, &record);
    CU_ASSERT_TRUE(copies.bytes < 20 * 400);
    copy_retain(alone[0]);
    for (size_t i = 0; i < 20; i++)
        copy_release(alone[i]);
    CU_ASSERT_TRUE(slice_is(copy_record(alone[0]).value, "v"));
    copy_release(alone[0]);
    CU_ASSERT_EQUAL(copies.bytes, 0);
    copies_free(&copies);
}

static void beyond_the_limit_there_is_no_room(void)
{
    const struct headers none = {0};
    char value[1000] = "";
    struct record record = record_of(SLICE("k"), (struct slice){value, sizeof(value)}, &none);
    struct copy *flying[1000];
    size_t count = 0;

    open_copies();
    while (copies_have_room(&copies) && count < 1000)
        flying[count++] = copy_new(&copies, &record);
    CU_ASSERT_TRUE(count > 150 && count < 300);
    while (count)
        copy_release(flying[--count]);
    CU_ASSERT_TRUE(copies_have_room(&copies));
    copies_free(&copies);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_copy_is_the_record_when_that_is_gone),  TEST(null_and_empty_are_not_the_same),
        TEST(a_value_above_the_limit_is_only_counted), TEST(memory_is_used_again_and_none_is_left),
        TEST(who_stays_long_keeps_only_himself),       TEST(beyond_the_limit_there_is_no_room),
    };

    return SUITE("copies", tests);
}
