/* test_assignment.c: what a member of a group was given, as Kafka's clients write it. */
#include "suite.h"

#include "kafka/assignment.h"

#include <stdlib.h>

static char seen[256];

static void note(void *context, const char *topic)
{
    (void)context;
    strcat(strcat(seen, topic), " ");
}

/* The bytes are copied to a place of their own, so that reading beyond them is seen. */
static bool visit(const char *bytes, size_t size)
{
    char *copy = calloc(1, size ? size : 1);

    seen[0] = '\0';
    memcpy(copy, bytes, size);
    bool good = assignment_visit(copy, size, note, NULL);
    free(copy);
    return good;
}

#define BOTH                                                                                       \
    "\0\1\0\0\0\3"                                                                                 \
    "\0\5rides\0\0\0\2\0\0\0\0\0\0\0\1"                                                            \
    "\0\4none\0\0\0\0"                                                                             \
    "\0\5trips\0\0\0\1\0\0\0\7"                                                                    \
    "\377\377\377\377"

static void topics_with_a_partition_are_visited(void)
{
    CU_ASSERT(visit(BOTH, sizeof(BOTH) - 1));
    ASSERT_TEXT(seen, "rides trips ");
}

static void an_empty_text_is_no_assignment(void)
{
    CU_ASSERT_FALSE(visit("", 0));
    CU_ASSERT(visit("\0\1\0\0\0\0", 6));
    ASSERT_TEXT(seen, "");
}

static void bytes_that_end_early_are_not_read_beyond(void)
{
    for (size_t size = 0; size < sizeof(BOTH) - 1 - 4; size++)
        CU_ASSERT_FALSE(visit(BOTH, size));
}

static void lengths_that_lie_are_not_believed(void)
{
    CU_ASSERT_FALSE(visit("\0\1\177\377\377\377\0\5rides", 13));
    CU_ASSERT_FALSE(visit("\0\1\0\0\0\1\0\5rides\177\377\377\377", 17));
    CU_ASSERT_FALSE(visit("\0\1\0\0\0\1\377\377rides", 13));
    CU_ASSERT_FALSE(visit("\0\1\377\377\377\377", 6));
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(topics_with_a_partition_are_visited),
        TEST(an_empty_text_is_no_assignment),
        TEST(bytes_that_end_early_are_not_read_beyond),
        TEST(lengths_that_lie_are_not_believed),
    };

    return SUITE("assignment", tests);
}
