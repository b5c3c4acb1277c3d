/* test_tracker.c: how far one partition may be committed. */
#include "suite.h"

#include "kafka/tracker.h"

#include <stdint.h>
#include <stdlib.h>

static struct tracker *tracker;

static uint32_t begin(int64_t offset)
{
    uint32_t slot;

    tracker_begin(tracker, offset, offset * 10, &slot);
    return slot;
}

static void with(int64_t next_offset)
{
    tracker_free(tracker);
    tracker = tracker_new(next_offset);
}

static void a_fresh_tracker_commits_where_it_starts(void)
{
    with(17);
    CU_ASSERT_EQUAL(tracker_commit_offset(tracker), 17);
    CU_ASSERT_EQUAL(tracker_inflight(tracker), 0);
    CU_ASSERT_EQUAL(tracker_oldest_ms(tracker), -1);
}

static void an_unfinished_record_holds_back_the_commit(void)
{
    with(41);
    uint32_t first = begin(41), second = begin(42);

    tracker_finish(tracker, second);
    CU_ASSERT_EQUAL(tracker_commit_offset(tracker), 41);
    CU_ASSERT_EQUAL(tracker_inflight(tracker), 1);
    CU_ASSERT_EQUAL(tracker_uncommitted(tracker), 2);
    CU_ASSERT_EQUAL(tracker_oldest_ms(tracker), 410);
    tracker_finish(tracker, first);
    CU_ASSERT_EQUAL(tracker_commit_offset(tracker), 43);
    CU_ASSERT_EQUAL(tracker_uncommitted(tracker), 0);
    CU_ASSERT_EQUAL(tracker_oldest_ms(tracker), -1);
}

static void a_gap_is_committed_with_the_record_below_it(void)
{
    with(0);
    uint32_t first = begin(3), second = begin(900);

    CU_ASSERT_EQUAL(tracker_commit_offset(tracker), 3);
    tracker_finish(tracker, first);
    CU_ASSERT_EQUAL(tracker_commit_offset(tracker), 900);
    tracker_finish(tracker, second);
    CU_ASSERT_EQUAL(tracker_commit_offset(tracker), 901);
}

static void what_is_skipped_is_committed_with_the_last_record(void)
{
    with(0);
    uint32_t slot = begin(3);

    tracker_skip(tracker, 6);
    CU_ASSERT_EQUAL(tracker_commit_offset(tracker), 3);
    tracker_finish(tracker, slot);
    CU_ASSERT_EQUAL(tracker_commit_offset(tracker), 6);
}

static void a_retained_record_waits_for_every_answer(void)
{
    with(0);
    uint32_t slot = begin(0);

    tracker_retain(tracker, slot);
    tracker_retain(tracker, slot);
    tracker_finish(tracker, slot);
    tracker_finish(tracker, slot);
    CU_ASSERT_EQUAL(tracker_commit_offset(tracker), 0);
    tracker_finish(tracker, slot);
    CU_ASSERT_EQUAL(tracker_commit_offset(tracker), 1);
}

static void a_record_given_up_is_not_waited_for(void)
{
    with(0);
    uint32_t first = begin(0), second = begin(1);

    tracker_retain(tracker, first);
    tracker_give_up(tracker, first);
    tracker_give_up(tracker, first);
    CU_ASSERT_EQUAL(tracker_waiting(tracker), 1);
    tracker_finish(tracker, second);
    CU_ASSERT_EQUAL(tracker_waiting(tracker), 0);
    CU_ASSERT_EQUAL(tracker_inflight(tracker), 1);
    CU_ASSERT_EQUAL(tracker_commit_offset(tracker), 0);
    tracker_finish(tracker, first);
    tracker_finish(tracker, first);
    CU_ASSERT_EQUAL(tracker_waiting(tracker), 0);
    CU_ASSERT_EQUAL(tracker_commit_offset(tracker), 2);
}

static void a_slot_stays_good_while_the_ring_grows(void)
{
    uint32_t slots[1000];

    with(0);
    for (int i = 0; i < 37; i++) /* so that the ring has turned before it grows */
        tracker_finish(tracker, begin(i));
    for (int i = 0; i < 1000; i++)
        slots[i] = begin(100 + i);
    for (int i = 999; i > 0; i--)
        tracker_finish(tracker, slots[i]);
    CU_ASSERT_EQUAL(tracker_commit_offset(tracker), 100);
    tracker_finish(tracker, slots[0]);
    CU_ASSERT_EQUAL(tracker_commit_offset(tracker), 1100);
}

/* --- against a model that is too simple to be wrong --------------------------------------------
 */

enum { STEPS = 200000, MOST = 5000 };

struct model_record {
    int64_t offset;
    uint32_t slot;
    unsigned pending;
};

static struct model_record model[STEPS];
static size_t model_oldest, model_count;

static int64_t model_commit(int64_t next_offset)
{
    while (model_oldest < model_count && !model[model_oldest].pending)
        model_oldest++;
    return model_oldest < model_count ? model[model_oldest].offset : next_offset;
}

/* The seed makes a run repeatable; the answers come mostly in order, as Redis gives them. */
static size_t model_pick(void)
{
    size_t room = model_count - model_oldest;
    size_t near = room < 16 ? room : 16;

    return model_oldest + (size_t)rand() % (rand() % 8 ? near : room);
}

static void random_answers_give_what_a_simple_model_gives(void)
{
    int64_t next_offset = 5, committed = 0;
    size_t inflight = 0;
    bool same = true;

    srand(20260131);
    with(next_offset);
    for (int i = 0; i < STEPS && same; i++) {
        bool begins =
            inflight < MOST && (inflight == 0 || rand() % 100 < (i / 20000 % 2 ? 40 : 60));
        if (begins) {
            struct model_record *record = &model[model_count++];
            *record = (struct model_record){next_offset + rand() % 3, 0, 1};
            record->slot = begin(record->offset);
            next_offset = record->offset + 1;
            inflight++;
        } else {
            struct model_record *record = &model[model_pick()];
            if (record->pending && rand() % 10 == 0) {
                record->pending++;
                tracker_retain(tracker, record->slot);
            } else if (record->pending) {
                inflight -= --record->pending == 0;
                tracker_finish(tracker, record->slot);
            }
        }
        same = tracker_commit_offset(tracker) == model_commit(next_offset) &&
               tracker_inflight(tracker) == inflight && tracker_commit_offset(tracker) >= committed;
        committed = tracker_commit_offset(tracker);
    }
    CU_ASSERT_TRUE(same);
    CU_ASSERT(model_count > 10000);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_fresh_tracker_commits_where_it_starts),
        TEST(an_unfinished_record_holds_back_the_commit),
        TEST(a_gap_is_committed_with_the_record_below_it),
        TEST(what_is_skipped_is_committed_with_the_last_record),
        TEST(a_retained_record_waits_for_every_answer),
        TEST(a_record_given_up_is_not_waited_for),
        TEST(a_slot_stays_good_while_the_ring_grows),
        TEST(random_answers_give_what_a_simple_model_gives),
    };
    int status = SUITE("tracker", tests);

    tracker_free(tracker);
    return status;
}
