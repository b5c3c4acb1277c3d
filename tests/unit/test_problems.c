/* test_problems.c: every mistake of a configuration, gathered and shown at once. */
#include "suite.h"

#include "conf/problems.h"

#include <stdlib.h>

static const char file[] = "rides.conf";
static struct conf_problems *problems;
static char *written;

static struct conf_origin at(unsigned line)
{
    return (struct conf_origin){file, line};
}

/* What conf_problems_write() writes. */
static const char *shown(void)
{
    size_t length;
    FILE *out;

    free(written);
    out = open_memstream(&written, &length);
    conf_problems_write(problems, CONF_NOTE, out);
    fclose(out);
    return written;
}

static void begin(const char *source)
{
    problems = conf_problems_new();
    if (source)
        conf_problems_source(problems, file, source);
}

static void end(void)
{
    conf_problems_free(problems);
    free(written);
    written = NULL;
}

static void a_problem_has_its_line_and_its_hint(void)
{
    begin("a = 1;\nb = 2; \nc = 3;\n");
    conf_problem(problems, at(2), "did you mean 'x'?", "unknown setting '%s'", "b");
    ASSERT_TEXT(shown(), "rides.conf:2: error: unknown setting 'b'\n    2 | b = 2; \n"
                         "      = did you mean 'x'?\n");
    end();
}

/* Where the caret stands under a source of one line; "" if there is none. */
static const char *pointed(const char *source, const char *within, size_t column)
{
    char *caret;

    begin(source);
    conf_problem_within(problems, at(1), within, column, NULL, "wrong");
    caret = strstr(shown(), "      |");
    written = caret ? memmove(written, caret, strlen(caret) + 1) : written;
    if (!caret)
        *written = '\0';
    conf_problems_free(problems);
    return written;
}

static void a_caret_points_into_the_string(void)
{
    ASSERT_TEXT(pointed("do = \"SET k %{a}\";\n", "SET k %{a}", 7), "      |             ^\n");
    ASSERT_TEXT(pointed("a = \"x\"; b = \"x|y\";\n", "x|y", 3), "      |                 ^\n");
    ASSERT_TEXT(pointed("a =\t\"x\";\n", "x", 1), "      |    \t ^\n");
    ASSERT_TEXT(pointed("a = \"\xC3\xA9|y\";\n", "\xC3\xA9|y", 4), "      |        ^\n");
    ASSERT_TEXT(pointed("a = \"x\";\n", "x", 2), "      |       ^\n");
}

static void escapes_count_as_they_are_spelled(void)
{
    ASSERT_TEXT(pointed("a = \"\\\"q\\\" \\x41\\\\ z\";\n", "\"q\" A\\ z", 8),
                "      |                   ^\n");
}

static void what_is_not_in_the_line_has_its_column_in_words(void)
{
    ASSERT_TEXT(pointed("a = \"x${Y}\";\n", "xy", 2), "");
    ASSERT_TEXT(pointed("a = \"x\"\n", "y", 1), "");
    ASSERT_TEXT(pointed("a = \"x", "x", 1), "");
    begin("a = \"x${Y}\";\n");
    conf_problem_within(problems, at(1), "xy", 2, NULL, "wrong");
    ASSERT_TEXT(shown(), "rides.conf:1: error: wrong, at column 2 of the text\n"
                         "    1 | a = \"x${Y}\";\n");
    end();
}

static void a_long_line_is_cut_so_that_the_place_shows(void)
{
    char source[400], within[300];
    const char *text;

    memset(within, 'y', sizeof(within) - 1);
    within[sizeof(within) - 1] = '\0';
    snprintf(source, sizeof(source), "a = \"%s\";\n", within);
    begin(source);
    conf_problem_within(problems, at(1), within, 290, NULL, "wrong");
    text = shown();
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "    1 | ...yyyy"));
    const char *caret = strchr(text, '^'), *line = strstr(text, "      | ");
    CU_ASSERT_PTR_NOT_NULL_FATAL(caret);
    CU_ASSERT_EQUAL(caret - line, 8 + 3 + 80);
    end();
}

static void notes_are_for_who_checks(void)
{
    begin("a\nb\n");
    conf_note(problems, at(2), "%{$key} is the key", "a field called key");
    conf_warning(problems, at(1), NULL, "careful");
    CU_ASSERT_EQUAL(conf_problems_count(problems), 0);
    CU_ASSERT_EQUAL(conf_warnings_count(problems), 1);
    ASSERT_TEXT(shown(), "rides.conf:1: warning: careful\n    1 | a\n"
                         "rides.conf:2: note: a field called key\n    2 | b\n"
                         "      = %{$key} is the key\n");
    end();
}

static void problems_come_in_the_order_of_the_file(void)
{
    begin("1\n2\n3\n");
    conf_problem(problems, at(3), NULL, "c");
    conf_problem(problems, at(1), NULL, "a1");
    conf_warning(problems, at(0), NULL, "whole");
    conf_problem(problems, at(1), NULL, "a2");
    ASSERT_TEXT(shown(), "rides.conf: warning: whole\nrides.conf:1: error: a1\n    1 | 1\n"
                         "rides.conf:1: error: a2\n    1 | 1\nrides.conf:3: error: c\n    3 | 3\n");
    CU_ASSERT_EQUAL(conf_problems_count(problems), 3);
    CU_ASSERT_EQUAL(conf_warnings_count(problems), 1);
    end();
}

static void the_main_file_comes_before_what_it_includes(void)
{
    begin("1\n");
    conf_problems_source(problems, "a.inc", "2\n");
    conf_problem(problems, (struct conf_origin){"a.inc", 1}, NULL, "included");
    conf_problem(problems, at(1), NULL, "main");
    ASSERT_TEXT(shown(), "rides.conf:1: error: main\n    1 | 1\na.inc:1: error: included\n"
                         "    1 | 2\n");
    end();
}

static void the_same_problem_is_told_once(void)
{
    begin("1\n");
    conf_problem(problems, at(1), NULL, "x");
    conf_problem(problems, at(1), NULL, "x");
    conf_warning(problems, at(1), NULL, "x");
    CU_ASSERT_EQUAL(conf_problems_count(problems), 1);
    CU_ASSERT_EQUAL(conf_warnings_count(problems), 1);
    end();
}

static void beyond_twenty_they_are_counted(void)
{
    begin(NULL);
    for (unsigned i = 1; i <= PROBLEMS_SHOWN + 1; i++)
        conf_problem(problems, at(i), NULL, "e%u", i);
    conf_warning(problems, at(100), NULL, "w");
    CU_ASSERT_PTR_NOT_NULL(strstr(shown(), "rides.conf:20: error: e20\n"));
    CU_ASSERT_PTR_NULL(strstr(written, "e21"));
    CU_ASSERT_PTR_NOT_NULL(strstr(written, "rides.conf:100: warning: w\nand 1 more error\n"));
    CU_ASSERT_EQUAL(conf_problems_count(problems), PROBLEMS_SHOWN + 1);
    end();
}

static void any_number_of_them_is_counted(void)
{
    begin(NULL);
    for (unsigned i = 1; i <= 5000; i++)
        conf_problem(problems, at(i), NULL, "e%u", i);
    CU_ASSERT_EQUAL(conf_problems_count(problems), 5000);
    CU_ASSERT_PTR_NOT_NULL(strstr(shown(), "\nand 4980 more errors\n"));
    end();
}

static void a_line_that_is_not_there_is_not_shown(void)
{
    begin("1\n2");
    conf_problem(problems, at(2), NULL, "last");
    conf_problem(problems, at(3), NULL, "behind");
    ASSERT_TEXT(shown(), "rides.conf:2: error: last\n    2 | 2\nrides.conf:3: error: behind\n");
    end();
}

static void a_long_line_is_cut_and_control_characters_are_not_written(void)
{
    char line[300];

    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    line[0] = '\033';
    begin(line);
    conf_problem(problems, at(1), NULL, "long");
    CU_ASSERT_PTR_NOT_NULL(strstr(shown(), "    1 | ?xxx"));
    CU_ASSERT_PTR_NOT_NULL(strstr(written, "xxx...\n"));
    CU_ASSERT(strlen(written) < 220);
    end();
}

static void secrets_of_the_source_are_masked(void)
{
    begin("password = \"hunter2\"; user = \"x\";\n");
    conf_problem(problems, at(1), NULL, "x");
    ASSERT_TEXT(shown(), "rides.conf:1: error: x\n    1 | password = ***; user = \"x\";\n");
    end();
}

static void every_severity_has_a_name(void)
{
    for (int i = 0; i < CONF_SEVERITIES; i++)
        CU_ASSERT_PTR_NOT_NULL(conf_severity_name((enum conf_severity)i));
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_problem_has_its_line_and_its_hint),
        TEST(a_caret_points_into_the_string),
        TEST(escapes_count_as_they_are_spelled),
        TEST(what_is_not_in_the_line_has_its_column_in_words),
        TEST(a_long_line_is_cut_so_that_the_place_shows),
        TEST(notes_are_for_who_checks),
        TEST(problems_come_in_the_order_of_the_file),
        TEST(the_main_file_comes_before_what_it_includes),
        TEST(the_same_problem_is_told_once),
        TEST(beyond_twenty_they_are_counted),
        TEST(any_number_of_them_is_counted),
        TEST(a_line_that_is_not_there_is_not_shown),
        TEST(a_long_line_is_cut_and_control_characters_are_not_written),
        TEST(secrets_of_the_source_are_masked),
        TEST(every_severity_has_a_name),
    };

    return SUITE("problems", tests);
}
