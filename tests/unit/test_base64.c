/* test_base64.c: bytes as text, by RFC 4648 section 4. */
#include "suite.h"

#include "base/base64.h"

#include <stdlib.h>

static char text[64];

static const char *written(struct slice bytes)
{
    FILE *out = fmemopen(text, sizeof(text), "w");

    base64_write(out, bytes);
    fputc('\0', out);
    fclose(out);
    return text;
}

static void the_examples_of_the_rfc_go_there_and_back(void)
{
    static const char *const pairs[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        char back[8] = "";
        size_t length = 99;
        ASSERT_TEXT(written(slice_of(pairs[i][0])), pairs[i][1]);
        CU_ASSERT_TRUE(base64_read(slice_of(pairs[i][1]), back, &length));
        CU_ASSERT_EQUAL(length, strlen(pairs[i][0]));
        ASSERT_TEXT(back, pairs[i][0]);
    }
}

static void every_byte_comes_back(void)
{
    char bytes[33], back[36];

    for (int round = 0; round < 256; round++) {
        size_t length = 0, count = (size_t)round % sizeof(bytes);
        for (size_t i = 0; i < count; i++)
            bytes[i] = (char)(round * 7 + (int)i * 31);
        CU_ASSERT_TRUE(base64_read(slice_of(written((struct slice){bytes, count})), back, &length));
        CU_ASSERT_TRUE(slice_equal((struct slice){bytes, count}, (struct slice){back, length}));
    }
}

static void a_text_that_is_not_base64_is_refused(void)
{
    static const char *const bad[] = {
        "Z",    "Zg",   "Zg=",   "=",      "====", "Zg==Zg==", "Z===",
        "Zh==", "Zm9=", "Zm 9v", "Zm9v\n", "Zm-_", "Zg=v",     "\xff\xff\xff\xff"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char back[16];
        size_t length;
        CU_ASSERT_FALSE(base64_read(slice_of(bad[i]), back, &length));
    }
    CU_ASSERT_FALSE(base64_read((struct slice){"Zm\0v", 4}, text, &(size_t){0}));
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(the_examples_of_the_rfc_go_there_and_back),
        TEST(every_byte_comes_back),
        TEST(a_text_that_is_not_base64_is_refused),
    };

    return SUITE("base64", tests);
}
