/* test_commit_note.c: what a commit says beside its offset. */
#include "kafka/commit_note.h"

#include "suite.h"

static struct commit_note read(const char *text, int64_t offset)
{
    return commit_note_read(slice_of(text), offset);
}

static void a_note_is_read_as_it_was_written(void)
{
    struct commit_note note = {.offset = INT64_MAX,
                               .start = true,
                               .another = true,
                               .record = {INT64_MAX, -1, SIZE_MAX, 0},
                               .began_ms = INT64_MAX,
                               .partitions = INT32_MAX};
    char text[COMMIT_NOTE_BYTES];

    memset(note.log.cluster, 'c', sizeof(note.log.cluster) - 1);
    memset(note.log.topic, 't', sizeof(note.log.topic) - 1);
    size_t length = commit_note_write(&note, text);
    CU_ASSERT_EQUAL(length, strlen(text)); /* the longest one has room */
    struct commit_note again = read(text, INT64_MAX);
    CU_ASSERT_EQUAL(memcmp(&again, &note, sizeof(note)), 0);
}

static void a_note_is_a_line_that_can_be_read(void)
{
    struct commit_note note = {
        .offset = 50, .log = {"c", "t"}, .record = {49, 7, 1, 2}, .began_ms = -1};
    char text[COMMIT_NOTE_BYTES];

    commit_note_write(&note, text);
    ASSERT_TEXT(text, "at=50 log=c/t record=49:7:1:2");
    note = (struct commit_note){.offset = 0, .start = true, .record = WITNESS_NONE, .began_ms = 5};
    commit_note_write(&note, text);
    ASSERT_TEXT(text, "start at=0 began=5:0");
}

static void what_older_versions_said_is_read(void)
{
    CU_ASSERT_TRUE(read("start", 5).start);
    CU_ASSERT_EQUAL(read("start", 5).offset, -1);
    CU_ASSERT_FALSE(read("", 5).start);
}

static void an_offset_that_somebody_has_set_stands_for_itself(void)
{
    struct commit_note note = read("start at=50 another log=c/t record=49:7:1:2 began=9:4", 51);

    CU_ASSERT_EQUAL(note.offset, -1);
    CU_ASSERT_FALSE(note.start);
    CU_ASSERT_FALSE(note.another);
    ASSERT_TEXT(note.log.topic, "");
    CU_ASSERT_EQUAL(note.record.offset, -1);
    CU_ASSERT_EQUAL(note.began_ms, 9); /* that of the group stands */
    CU_ASSERT_EQUAL(note.partitions, 4);
}

static void any_text_is_good(void)
{
    static const char *const texts[] = {
        "at=",
        "at=x log=c/t",
        "at=5 record=1:2:3",
        "at=5 record=1:2:3:4:5",
        "at=5 log=",
        "  at=5  ",
        "at=5 record=-1:2:3:4",
        "at=5 began=1",
        "at=5 began=:",
        "at=5 began=1:-4",
        "12-15,20",
        "at=5 later=1",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct commit_note note = read(texts[i], 5);
        CU_ASSERT_EQUAL(note.record.offset, -1);
        CU_ASSERT_EQUAL(note.began_ms, -1);
        ASSERT_TEXT(note.log.topic, "");
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_note_is_read_as_it_was_written),
        TEST(a_note_is_a_line_that_can_be_read),
        TEST(what_older_versions_said_is_read),
        TEST(an_offset_that_somebody_has_set_stands_for_itself),
        TEST(any_text_is_good),
    };

    return SUITE("commit_note", tests);
}
