/* test_lexer.c: the tokens of a libconfig file. */
#include "suite.h"

#include "conf/lexer.h"

/* One letter for each token of @p text, in order. */
static const char *kinds(const char *text)
{
    static const char letters[] = {
        [TOKEN_NAME] = 'n',    [TOKEN_FLAG] = 'f',        [TOKEN_INTEGER] = 'i',
        [TOKEN_REAL] = 'r',    [TOKEN_STRING] = 's',      [TOKEN_MARK] = 'm',
        [TOKEN_INCLUDE] = '@', [TOKEN_OPEN_STRING] = 'S', [TOKEN_OPEN_COMMENT] = 'C',
        [TOKEN_GARBAGE] = '?',
    };
    static char found[64];
    struct lexer lexer = lexer_new(slice_of(text));
    struct token token;
    size_t count = 0;

    while ((token = lexer_next(&lexer)).kind != TOKEN_END && count < sizeof(found) - 1)
        found[count++] = letters[token.kind];
    found[count] = '\0';
    return found;
}

static void numbers_are_told_from_names(void)
{
    ASSERT_TEXT(kinds("1 -1 +1 10L 10LL 0x1F 0XffLL"), "iiiiiii");
    ASSERT_TEXT(kinds("1.5 .5 1. -1e10 1E+3 1.5e-3"), "rrrrrr");
    ASSERT_TEXT(kinds("a1 a-1 a_10000000000 *x e10"), "nnnnn");
    ASSERT_TEXT(kinds("1a"), "in");
    ASSERT_TEXT(kinds("1e"), "in");
    ASSERT_TEXT(kinds("0x"), "in");
    ASSERT_TEXT(kinds("true False TRUE truely"), "fffn");
}

static void comments_are_no_tokens(void)
{
    ASSERT_TEXT(kinds("# a\n// b = \"\n/* c\n\"d */ e"), "n");
    ASSERT_TEXT(kinds("a # 10000000000"), "n");
    ASSERT_TEXT(kinds("/"), "?");
    ASSERT_TEXT(kinds("/**/a/*/ b */"), "n");
}

static void comment_signs_in_a_string_are_text(void)
{
    ASSERT_TEXT(kinds("\"redis://h # /* x\" a"), "sn");
    ASSERT_TEXT(kinds("\"a \\\" b\" \"\\\\\" c"), "ssn");
    ASSERT_TEXT(kinds("\"two\nlines\""), "s");
}

static void what_is_never_closed_goes_to_the_end(void)
{
    ASSERT_TEXT(kinds("a \"b\n c"), "nS");
    ASSERT_TEXT(kinds("a \"b\\\""), "nS");
    ASSERT_TEXT(kinds("a \"b\\"), "nS");
    ASSERT_TEXT(kinds("a /* b"), "nC");
    ASSERT_TEXT(kinds("\""), "S");
}

static void an_include_stands_at_the_start_of_its_line(void)
{
    ASSERT_TEXT(kinds("@include \"a\"\n \t@include\t\"b\" # c"), "@@");
    ASSERT_TEXT(kinds("a @include \"a\""), "n?ns");
    ASSERT_TEXT(kinds("@include\"a\""), "?ns");
    ASSERT_TEXT(kinds("# @include \"a\""), "");
}

static void a_token_knows_its_line(void)
{
    struct lexer lexer = lexer_new(SLICE("a\n\"b\nc\" d\n/* \n */ e\n"));

    CU_ASSERT_EQUAL(lexer_next(&lexer).line, 1);
    CU_ASSERT_EQUAL(lexer_next(&lexer).line, 2);
    CU_ASSERT_EQUAL(lexer_next(&lexer).line, 3);
    CU_ASSERT_EQUAL(lexer_next(&lexer).line, 5);
    CU_ASSERT_EQUAL(lexer_next(&lexer).kind, TOKEN_END);
    CU_ASSERT_EQUAL(lexer_next(&lexer).kind, TOKEN_END);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(numbers_are_told_from_names),
        TEST(comments_are_no_tokens),
        TEST(comment_signs_in_a_string_are_text),
        TEST(what_is_never_closed_goes_to_the_end),
        TEST(an_include_stands_at_the_start_of_its_line),
        TEST(a_token_knows_its_line),
    };

    return SUITE("lexer", tests);
}
