/* test_json_suite.c: every text of JSONTestSuite, and the choice for each that may go either way.
 */
#include "suite.h"

#include "codec/json.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>

#define FOLDER TESTS_DIR "/data/jsontestsuite/test_parsing"

/* The i_ texts that are in; docs/reference/json.md says why. All the others are out. */
static const char *const accepted[] = {
    /* numbers keep their text, so none is too big */
    "i_number_double_huge_neg_exp.json",
    "i_number_huge_exp.json",
    "i_number_neg_int_huge_exp.json",
    "i_number_pos_double_huge_exp.json",
    "i_number_real_neg_overflow.json",
    "i_number_real_pos_overflow.json",
    "i_number_real_underflow.json",
    "i_number_too_big_neg_int.json",
    "i_number_too_big_pos_int.json",
    "i_number_very_big_negative_int.json",
    /* half a surrogate pair, escaped: reads as U+FFFD */
    "i_object_key_lone_2nd_surrogate.json",
    "i_string_1st_surrogate_but_2nd_missing.json",
    "i_string_1st_valid_surrogate_2nd_invalid.json",
    "i_string_incomplete_surrogate_and_escape_valid.json",
    "i_string_incomplete_surrogate_pair.json",
    "i_string_incomplete_surrogates_escape_valid.json",
    "i_string_invalid_lonely_surrogate.json",
    "i_string_invalid_surrogate.json",
    "i_string_inverted_surrogates_U+1D11E.json",
    "i_string_lone_second_surrogate.json",
};

static const char *const refused[] = {
    /* not UTF-8 */
    "i_string_UTF-16LE_with_BOM.json",
    "i_string_UTF-8_invalid_sequence.json",
    "i_string_UTF8_surrogate_U+D800.json",
    "i_string_invalid_utf-8.json",
    "i_string_iso_latin_1.json",
    "i_string_lone_utf8_continuation_byte.json",
    "i_string_not_in_unicode_range.json",
    "i_string_overlong_sequence_2_bytes.json",
    "i_string_overlong_sequence_6_bytes.json",
    "i_string_overlong_sequence_6_bytes_null.json",
    "i_string_truncated-utf-8.json",
    "i_string_utf16BE_no_BOM.json",
    "i_string_utf16LE_no_BOM.json",
    /* deeper than 128 */
    "i_structure_500_nested_arrays.json",
    /* a byte order mark */
    "i_structure_UTF-8_BOM_empty_object.json",
};

#define LISTED(list, name) listed(list, sizeof(list) / sizeof((list)[0]), name)

static bool listed(const char *const *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

static bool decodes(const char *name)
{
    char path[PATH_MAX];
    struct arena arena = {0};
    struct err err = {0};
    FILE *file;
    char *bytes;
    long length;

    snprintf(path, sizeof(path), "%s/%s", FOLDER, name);
    file = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fseek(file, 0, SEEK_END);
    length = ftell(file);
    rewind(file);
    bytes = malloc((size_t)length); /* of exactly this size: a read behind it shows under ASan */
    CU_ASSERT_EQUAL(fread(bytes, 1, (size_t)length, file), (size_t)length);
    fclose(file);
    bool good = json_decode((struct slice){bytes, (size_t)length}, &arena, &err) != NULL;
    CU_ASSERT_EQUAL(good, err.kind == ERR_NONE);
    free(bytes);
    arena_free(&arena);
    return good;
}

/* Visits the texts whose names begin with @p letter; how many there are. */
static int each(char letter, bool (*wanted)(const char *name))
{
    DIR *folder = opendir(FOLDER);
    int count = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] != letter)
            continue;
        count++;
        if (decodes(entry->d_name) != wanted(entry->d_name)) {
            fprintf(stderr, "\n%s: wanted %s\n", entry->d_name,
                    wanted(entry->d_name) ? "in" : "out");
            CU_FAIL("a text of the suite went the wrong way");
        }
    }
    closedir(folder);
    return count;
}

static bool always(const char *name)
{
    (void)name;
    return true;
}

static bool never(const char *name)
{
    (void)name;
    return false;
}

static bool chosen(const char *name)
{
    bool in = LISTED(accepted, name);

    CU_ASSERT_NOT_EQUAL(in, LISTED(refused, name)); /* each one is listed, and once */
    return in;
}

static void json_accepts_every_y_file(void)
{
    CU_ASSERT_EQUAL(each('y', always), 95);
}

static void json_refuses_every_n_file(void)
{
    CU_ASSERT_EQUAL(each('n', never), 188);
}

static void json_treats_every_i_file_as_documented(void)
{
    CU_ASSERT_EQUAL(each('i', chosen), 35);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(json_accepts_every_y_file),
        TEST(json_refuses_every_n_file),
        TEST(json_treats_every_i_file_as_documented),
    };

    return SUITE("json suite", tests);
}
