/* test_copy.c: a record that outlives its source's bytes. */
#include "suite.h"

#include "record/copy.h"

#include <stdlib.h>
#include <string.h>

enum { LIMIT = 100000 };

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

    struct copy *copy = copy_new(&record, LIMIT);
    memset(bytes, 'x', sizeof(bytes) - 1);
    record = copy->record;
    CU_ASSERT_TRUE(slice_is(record.key, "key"));
    CU_ASSERT_TRUE(slice_is(record.value, "value"));
    CU_ASSERT_STRING_EQUAL(record.topic, "rides");
    CU_ASSERT_EQUAL(record.partition, 3);
    CU_ASSERT_EQUAL(record.offset, 42);
    CU_ASSERT_EQUAL(record.timestamp_ms, 7);
    CU_ASSERT_EQUAL(headers_count(&record), 2);
    CU_ASSERT_TRUE(record.headers.at(&record, 0, &name, &value));
    CU_ASSERT_TRUE(slice_is(name, "name1"));
    CU_ASSERT_TRUE(slice_is(value, "content"));
    CU_ASSERT_TRUE(record.headers.find(&record, SLICE("name2"), &value));
    CU_ASSERT_PTR_NULL(value.data);
    copy_free(copy);
}

static void null_and_empty_are_not_the_same(void)
{
    const struct headers none = {0};
    struct record record = record_of((struct slice){0}, SLICE(""), &none);

    struct copy *copy = copy_new(&record, LIMIT);
    CU_ASSERT_PTR_NULL(copy->record.key.data);
    CU_ASSERT_PTR_NOT_NULL(copy->record.value.data);
    CU_ASSERT_FALSE(copy_is_cut(copy));
    copy_free(copy);
}

static void a_value_above_the_limit_is_only_counted(void)
{
    const struct headers none = {0};
    char *large = calloc(1, LIMIT + 1);
    struct record record = record_of(SLICE("k"), (struct slice){large, LIMIT + 1}, &none);

    struct copy *cut = copy_new(&record, LIMIT);
    CU_ASSERT_TRUE(copy_is_cut(cut));
    CU_ASSERT_EQUAL(cut->value_length, LIMIT + 1);
    CU_ASSERT_TRUE(cut->bytes < 1000);
    record.value.length--;
    struct copy *whole = copy_new(&record, LIMIT);
    CU_ASSERT_FALSE(copy_is_cut(whole));
    CU_ASSERT_TRUE(whole->bytes > LIMIT);
    copy_free(whole);
    copy_free(cut);
    free(large);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_copy_is_the_record_when_that_is_gone),
        TEST(null_and_empty_are_not_the_same),
        TEST(a_value_above_the_limit_is_only_counted),
    };

    return SUITE("copy", tests);
}
