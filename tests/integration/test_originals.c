/* test_originals.c: records that are kept beyond their batch, from librdkafka's mock cluster. */
#include "suite.h"

#include "base/clock.h"
#include "flow/originals.h"
#include "member_fixture.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>

enum { RECORDS = 200, PATIENCE_MS = 60000 };

static struct originals originals;
static struct original *kept[RECORDS];
static struct source_partition *owners[RECORDS];

/* A batch with at least one record. */
static void poll_batch(struct member *member)
{
    const int64_t from_ms = clock_ms();
    struct err err;

    do {
        source_turn(member->source, &err);
        event_base_loop(member->base, EVLOOP_NONBLOCK);
        source_poll(member->source, &member->batch, BATCH_RECORDS);
    } while (!member->batch.count && clock_ms() - from_ms < PATIENCE_MS);
}

static void keep_all(struct member *member)
{
    struct batch *batch = &member->batch;
    size_t count = 0;

    while (count < RECORDS) {
        poll_batch(member);
        CU_ASSERT_FATAL(batch->count > 0 && count + batch->count <= RECORDS);
        for (size_t i = 0; i < batch->count; i++) {
            owners[count] = batch->records[i].owner;
            kept[count++] = original_new(&originals, batch, i);
            source_return(batch, i);
        }
    }
}

static void is_what_was_written(const struct record *record)
{
    char number[32];
    struct slice header;

    snprintf(number, sizeof(number), "%" PRId64, record->offset);
    CU_ASSERT_TRUE(slice_is(record->key, number));
    CU_ASSERT_TRUE(slice_is(record->value, number));
    CU_ASSERT_STRING_EQUAL(record->topic, "kept");
    CU_ASSERT_TRUE(record->timestamp_ms > 1600000000000);
    CU_ASSERT_PTR_NULL(record->owner);
    CU_ASSERT_TRUE(record->headers.find(record, SLICE("number"), &header));
    CU_ASSERT_TRUE(slice_is(header, number));
}

static void a_record_is_whole_after_its_batch_was_returned(void)
{
    struct member *member = member_new("kept");

    originals = (struct originals){.limit_bytes = 1 << 20};
    cluster_topic("kept");
    cluster_produce("kept", 0, 0, RECORDS / 2);
    cluster_produce("kept", 1, 0, RECORDS / 2);
    member_join(member, "kept");
    keep_all(member);
    for (size_t i = 0; i < RECORDS; i++) {
        const struct record record = original_record(kept[i], owners[i]);
        is_what_was_written(&record);
        CU_ASSERT_EQUAL(record.partition, source_partition_number(owners[i]));
        original_release(kept[i]);
    }
    CU_ASSERT_EQUAL(originals.bytes, 0);
    CU_ASSERT_TRUE(member_stop(member) < AT_ONCE_MS); /* librdkafka misses none of them */
    originals_free(&originals);
    member_free(member);
}

static void an_original_stays_until_its_last_use_ends(void)
{
    struct member *member = member_new("uses");

    originals = (struct originals){.limit_bytes = 10};
    member_join(member, "kept");
    CU_ASSERT_TRUE(originals_have_room(&originals));
    keep_all(member);
    CU_ASSERT_FALSE(originals_have_room(&originals));
    for (size_t i = 0; i < RECORDS; i++) {
        original_retain(kept[i]);
        original_release(kept[i]);
    }
    CU_ASSERT_TRUE(originals.bytes > RECORDS * 100);
    const struct record record = original_record(kept[7], owners[7]);
    is_what_was_written(&record);
    for (size_t i = 0; i < RECORDS; i++)
        original_release(kept[i]);
    CU_ASSERT_TRUE(originals_have_room(&originals));
    CU_ASSERT_EQUAL(originals.bytes, 0);
    member_stop(member);
    originals_free(&originals);
    member_free(member);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_record_is_whole_after_its_batch_was_returned),
        TEST(an_original_stays_until_its_last_use_ends),
    };

    cluster_start();
    int result = SUITE("originals", tests);
    cluster_end();
    return result;
}
