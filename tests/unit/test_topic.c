/* test_topic.c: what Kafka takes as a topic's name, and patterns of such names. */
#include "suite.h"

#include "conf/topic.h"

static void a_name_has_kafkas_letters_and_at_most_249_of_them(void)
{
    char name[TOPIC_LENGTH_MAX + 2];

    memset(name, 'a', sizeof(name));
    name[TOPIC_LENGTH_MAX + 1] = '\0';
    CU_ASSERT_FALSE(topic_check_name(name, NULL));
    name[TOPIC_LENGTH_MAX] = '\0';
    CU_ASSERT_TRUE(topic_check_name(name, NULL));
    CU_ASSERT_TRUE(topic_check_name("pg.public.Rides_2-x", NULL));
    CU_ASSERT_TRUE(topic_check_name("...", NULL));
}

static void other_names_are_refused(void)
{
    static const char *const names[] = {"", ".", "..", "a b", "a/b", "a:b", "\xc3\xa9", "a*"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        CU_ASSERT_FALSE(topic_check_name(names[i], NULL));
}

static void a_pattern_must_compile(void)
{
    CU_ASSERT_FALSE(topic_check_pattern("^(a", NULL));
    CU_ASSERT_FALSE(topic_check_pattern("^a[", NULL));
    CU_ASSERT_FALSE(topic_check_pattern("^a{2,1}", NULL));
}

static void a_pattern_with_a_letter_of_no_name_matches_nothing(void)
{
    static const char *const patterns[] = {"^a b", "^rides/", "^a:?b/+", "^$", "^\\/", "^a{2}@"};
    struct err err = {0};

    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        CU_ASSERT_FALSE(topic_check_pattern(patterns[i], &err));
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "can match no topic"));
    }
}

static void a_pattern_that_may_match_is_taken(void)
{
    static const char *const patterns[] = {
        "^",         "^.*",     "^ride\\.events\\.", "^a:?b",  "^a/*b",    "^a[ /]*b",  "^a b|c",
        "^(a b|c)$", "^[^ ]+$", "^a{1,3}$",          "^\\w+$", "^a[]/]*$", "^x/{0,1}y", "^a\\$?",
    };

    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
        CU_ASSERT_TRUE(topic_check_pattern(patterns[i], NULL));
}

static void a_pattern_that_would_keep_librdkafka_busy_is_refused(void)
{
    static const char *const patterns[] = {"^((a*)*){28}", "^((((a{1,200}){1,200}){1,20}))",
                                           "^(.?){900}", "^(a+){600}"};
    struct err err = {0};

    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        CU_ASSERT_FALSE(topic_check_pattern(patterns[i], &err));
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "the repeats of this pattern make it too large"));
        CU_ASSERT_PTR_NULL(topic_matcher_new(patterns[i], NULL));
    }
    CU_ASSERT_FALSE(topic_check_pattern("^(a)\\1", &err));
    ASSERT_TEXT(err.text, "the pattern '^(a)\\1': a pattern may not refer back to its own groups");
}

static void a_matcher_takes_its_name_or_what_its_pattern_matches(void)
{
    struct topic_matcher *name = topic_matcher_new("rides.v1", NULL);
    struct topic_matcher *pattern = topic_matcher_new("^rides\\.", NULL);

    CU_ASSERT_TRUE(topic_matcher_takes(name, "rides.v1"));
    CU_ASSERT_FALSE(topic_matcher_takes(name, "rides_v1"));
    CU_ASSERT_TRUE(topic_matcher_takes(pattern, "rides.v1"));
    CU_ASSERT_FALSE(topic_matcher_takes(pattern, "my.rides.v1"));
    topic_matcher_free(name);
    topic_matcher_free(pattern);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_name_has_kafkas_letters_and_at_most_249_of_them),
        TEST(other_names_are_refused),
        TEST(a_pattern_must_compile),
        TEST(a_pattern_with_a_letter_of_no_name_matches_nothing),
        TEST(a_pattern_that_may_match_is_taken),
        TEST(a_pattern_that_would_keep_librdkafka_busy_is_refused),
        TEST(a_matcher_takes_its_name_or_what_its_pattern_matches),
    };

    return SUITE("topic", tests);
}
