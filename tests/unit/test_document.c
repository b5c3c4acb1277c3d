/* test_document.c: a configuration file with its includes put in place. */
#include "suite.h"

#include "base/mem.h"
#include "conf/document.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/penstock-document-XXXXXX";
static struct conf_problems *problems;
static struct document document;

static char *path_of(const char *name)
{
    return mem_format("%s/%s", folder, name);
}

static void write_file(const char *name, const char *text)
{
    char *path = path_of(name);
    FILE *file = fopen(path, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
    free(path);
}

static bool read_document(const char *name)
{
    char *path = path_of(name);

    problems = conf_problems_new();
    bool good = document_read(&document, path, problems, NULL);
    free(path);
    return good;
}

static void end(void)
{
    document_free(&document);
    conf_problems_free(problems);
}

/* Asserts where line @p line of the whole text came from. */
static void came_from(unsigned line, const char *name, unsigned expected)
{
    struct conf_origin origin = document_origin(&document, line);
    char *path = path_of(name);

    ASSERT_TEXT(origin.file, path);
    CU_ASSERT_EQUAL(origin.line, expected);
    free(path);
}

static void an_include_is_put_in_place_and_lines_keep_their_origin(void)
{
    write_file("main.conf", "a = 1;\n@include \"more.inc\" # why\nb = 2;");
    write_file("more.inc", "c = 3;\nd = 4;");
    CU_ASSERT_TRUE(read_document("main.conf"));
    ASSERT_TEXT(document.text, "a = 1;\nc = 3;\nd = 4;\n # why\nb = 2;\n");
    came_from(1, "main.conf", 1);
    came_from(2, "more.inc", 1);
    came_from(3, "more.inc", 2);
    came_from(4, "main.conf", 2);
    came_from(5, "main.conf", 3);
    came_from(99, "main.conf", 3);
    end();
}

static void an_include_is_found_beside_the_file_that_names_it(void)
{
    char *inner = path_of("conf.d");

    mkdir(inner, 0700);
    free(inner);
    write_file("main.conf", "@include \"conf.d/a.inc\"\n");
    write_file("conf.d/a.inc", "@include \"b.inc\"\n@include \"../c.inc\"\n");
    write_file("conf.d/b.inc", "b = 1;\n");
    write_file("c.inc", "c = 1;\n");
    CU_ASSERT_TRUE(read_document("main.conf"));
    ASSERT_TEXT(document.text, "b = 1;\n\nc = 1;\n\n\n");
    came_from(1, "conf.d/b.inc", 1);
    end();
}

static void an_include_in_a_comment_or_string_is_none(void)
{
    write_file("main.conf", "/*\n@include \"none\"\n*/\na = \"\n@include \\\"none\\\"\n\";\n");
    CU_ASSERT_TRUE(read_document("main.conf"));
    CU_ASSERT_EQUAL(document.file_count, 1);
    end();
}

static void a_string_may_not_run_out_of_its_file(void)
{
    write_file("main.conf", "@include \"open.inc\"\nb = \"x\";\n");
    write_file("open.inc", "a = \"x;\n");
    CU_ASSERT_FALSE(read_document("main.conf"));
    CU_ASSERT_EQUAL(conf_problems_count(problems), 1);
    end();
}

static void a_byte_order_mark_is_left_out(void)
{
    write_file("main.conf", "\xEF\xBB\xBF"
                            "a = 1;\r\n");
    CU_ASSERT_TRUE(read_document("main.conf"));
    ASSERT_TEXT(document.text, "a = 1;\r\n");
    end();
}

static void all_files_together_have_a_limit(void)
{
    char *large = mem_alloc(DOCUMENT_BYTES_MAX / 2 + 2);

    memset(large, ' ', DOCUMENT_BYTES_MAX / 2 + 1);
    write_file("large.inc", large);
    write_file("main.conf", "@include \"large.inc\"\n@include \"large.inc\"\n");
    CU_ASSERT_FALSE(read_document("main.conf"));
    end();
    write_file("main.conf", "@include \"large.inc\"\n");
    CU_ASSERT_TRUE(read_document("main.conf"));
    end();
    free(large);
}

static void remove_folder(void)
{
    static const char *const names[] = {"main.conf", "more.inc", "conf.d/a.inc", "conf.d/b.inc",
                                        "c.inc",     "open.inc", "large.inc"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *path = path_of(names[i]);
        unlink(path);
        free(path);
    }
    char *inner = path_of("conf.d");
    rmdir(inner);
    free(inner);
    rmdir(folder);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(an_include_is_put_in_place_and_lines_keep_their_origin),
        TEST(an_include_is_found_beside_the_file_that_names_it),
        TEST(an_include_in_a_comment_or_string_is_none),
        TEST(a_string_may_not_run_out_of_its_file),
        TEST(a_byte_order_mark_is_left_out),
        TEST(all_files_together_have_a_limit),
    };

    if (!mkdtemp(folder))
        return 2;
    int status = SUITE("document", tests);
    remove_folder();
    return status;
}
