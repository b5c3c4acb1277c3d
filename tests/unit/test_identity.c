/* test_identity.c: what tells a log from another one, and its text. */
#include "kafka/identity.h"

#include "suite.h"

static enum identity_relation compared(const char *left, const char *right)
{
    struct identity one = identity_read(slice_of(left)), other = identity_read(slice_of(right));
    enum identity_relation relation = identity_compare(&one, &other);

    CU_ASSERT_EQUAL(identity_compare(&other, &one), relation);
    return relation;
}

static const char *read_and_written(const char *from)
{
    static char text[IDENTITY_BYTES];
    struct identity identity = identity_read(slice_of(from));

    identity_write(&identity, text);
    return text;
}

static void the_id_of_the_topic_decides(void)
{
    CU_ASSERT_EQUAL(compared("c/t", "c/t"), IDENTITY_SAME);
    CU_ASSERT_EQUAL(compared("c/t", "c/u"), IDENTITY_ANOTHER);
    CU_ASSERT_EQUAL(compared("c/t", "d/t"), IDENTITY_SAME); /* a cluster may change its own */
    CU_ASSERT_EQUAL(compared("/t", "/u"), IDENTITY_ANOTHER);
}

static void without_a_topic_id_another_cluster_is_another_log(void)
{
    CU_ASSERT_EQUAL(compared("c/", "d/"), IDENTITY_ANOTHER);
    CU_ASSERT_EQUAL(compared("c/t", "d/"), IDENTITY_ANOTHER);
    CU_ASSERT_EQUAL(compared("c/", "c/"), IDENTITY_UNKNOWN);
    CU_ASSERT_EQUAL(compared("c/t", "c/"), IDENTITY_UNKNOWN);
}

static void an_unknown_identity_refutes_nothing(void)
{
    CU_ASSERT_EQUAL(compared("", "c/t"), IDENTITY_UNKNOWN);
    CU_ASSERT_EQUAL(compared("", ""), IDENTITY_UNKNOWN);
    CU_ASSERT_EQUAL(compared("/t", "c/"), IDENTITY_UNKNOWN);
}

static void a_text_is_read_as_it_was_written(void)
{
    ASSERT_TEXT(read_and_written("c/t"), "c/t");
    ASSERT_TEXT(read_and_written("c/"), "c/");
    ASSERT_TEXT(read_and_written("/t"), "/t");
    ASSERT_TEXT(read_and_written("/"), "");
}

static void what_would_break_a_text_is_not_known(void)
{
    ASSERT_TEXT(read_and_written(""), "");
    ASSERT_TEXT(read_and_written("no slash"), "");
    ASSERT_TEXT(read_and_written("a b/t"), "/t");
    ASSERT_TEXT(read_and_written("c/t/u"), "c/");
    ASSERT_TEXT(read_and_written("c/0123456789abcdef0123456789"), "c/");
    ASSERT_TEXT(read_and_written("c/\x01"), "c/");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(the_id_of_the_topic_decides),
        TEST(without_a_topic_id_another_cluster_is_another_log),
        TEST(an_unknown_identity_refutes_nothing),
        TEST(a_text_is_read_as_it_was_written),
        TEST(what_would_break_a_text_is_not_known),
    };

    return SUITE("identity", tests);
}
