/* test_pattern.c: regular expressions: what they match, and what that may cost. */
#include "suite.h"

#include "expr/pattern.h"

#include <regex.h>
#include <stdlib.h>
#include <time.h>

enum { TEXT_BYTES = 24, MARKS = 16384, LARGE = 8 * 1024 * 1024 };

static bool matches(const char *pattern, enum pattern_unit unit, struct slice text)
{
    struct err err = {ERR_NONE, ""};
    struct pattern *made = pattern_new(slice_of(pattern), unit, PATTERN_MATCHES, &err);
    bool answer;

    if (!made) {
        fprintf(stderr, "\n%s: %s\n", pattern, err.text);
        CU_FAIL("the pattern does not compile");
        return false;
    }
    answer = pattern_matches(made, text);
    pattern_free(made);
    return answer;
}

#define FINDS(pattern, text)     CU_ASSERT_TRUE(matches(pattern, PATTERN_TEXT, SLICE(text)))
#define PASSES(pattern, text)    CU_ASSERT_FALSE(matches(pattern, PATTERN_TEXT, SLICE(text)))
#define RAW_FINDS(pattern, text) CU_ASSERT_TRUE(matches(pattern, PATTERN_RAW, SLICE(text)))

static const char *refusal(const char *pattern, enum pattern_unit unit, enum pattern_use use)
{
    static struct err err;
    struct pattern *made = pattern_new(slice_of(pattern), unit, use, &err);

    CU_ASSERT_PTR_NULL(made);
    pattern_free(made);
    return err.text;
}

#define REFUSED(pattern, text) ASSERT_TEXT(refusal(pattern, PATTERN_TEXT, PATTERN_MATCHES), text)

/* --- the language ----------------------------------------------------------------------------- */

static void a_pattern_is_searched_anywhere(void)
{
    FINDS("b", "abc");
    FINDS("", "");
    FINDS("", "abc");
    PASSES("abcd", "abc");
    FINDS("a|x|c", "xyz");
    FINDS("ab|", "");
    FINDS("a(b|c)d", "xacd");
    FINDS("a(?:b|c)d", "xacd");
    PASSES("a(b|c)d", "ad");
    FINDS("}]", "{}]");
}

static void anchors_bind_to_the_ends(void)
{
    FINDS("^off(line|day)$", "offline");
    PASSES("^line", "offline");
    PASSES("off$", "offline");
    FINDS("^$", "");
    PASSES("^$", "a");
    PASSES("^a", "\na");
    FINDS("(^|,)b(,|$)", "b");
    FINDS("(^|,)b(,|$)", "a,b,c");
    PASSES("(^|,)b(,|$)", "ab,c");
    PASSES("a^b|a$b", "ab");
    FINDS("x*$", "abc");
}

static void repeats_are_counted(void)
{
    FINDS("^a*$", "");
    PASSES("^a+$", "");
    FINDS("^a?b$", "b");
    FINDS("^a{3}$", "aaa");
    PASSES("^a{3}$", "aaaa");
    FINDS("^a{2,}$", "aaaa");
    PASSES("^a{2,3}$", "aaaa");
    FINDS("^(ab){0,2}$", "abab");
    FINDS("^a{0}b$", "b");
    FINDS("^(a*)*$", "aaa");
    FINDS("^((a*)*){40}$", "aaa");
    FINDS("^(a|b*)+?c$", "abbc");
}

static void sets_have_names(void)
{
    FINDS("^\\d+$", "0123456789");
    PASSES("\\d", "abc");
    FINDS("^\\w+$", "aZ_9");
    PASSES("\\w", "-. ");
    FINDS("^\\s+$", " \t\n\r\f\v");
    FINDS("^\\D\\W\\S$", "a-b");
    PASSES("\\D|\\W\\W|\\S\\S\\S", "12");
    FINDS("^[\\d-]+$", "12-3");
    FINDS("^[[:alpha:]_][[:alnum:]_]*$", "a1");
    FINDS("^[^\\s,]+$", "ab");
    PASSES("^[^\\s,]+$", "a b");
    FINDS("^[]a]+$", "a]");
    FINDS("^[^]a]$", "b");
    FINDS("^[a\\]\\-z]+$", "]-az");
    PASSES("[a\\-z]", "b");
    FINDS("^[a-c-]+$", "ab-c");
    FINDS("^[.*+?{[(|^$]+$", ".*+?{[(|^$");
}

static void escapes_are_characters(void)
{
    FINDS("\\.\\*\\+\\?\\{\\}\\(\\)\\[\\]\\|\\^\\$\\\\\\/\\-\\\"", ".*+?{}()[]|^$\\/-\"");
    PASSES("\\.", "a");
    FINDS("^\\n\\r\\t\\f\\v\\x41$", "\n\r\t\f\vA");
    FINDS("^\\xe9$", "\xC3\xA9");
    RAW_FINDS("^\\xe9$", "\xE9");
    FINDS("^\\x00$", "\0");
}

static void a_text_consists_of_characters(void)
{
    FINDS("^S.o P.ulo$", "S\xC3\xA3o Paulo");
    FINDS("^...$", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
    PASSES("^....$", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
    FINDS("^\xC3\xA9+$", "\xC3\xA9\xC3\xA9");
    FINDS("^[a\xC3\xA9\xE2\x82\xAC]+$", "\xC3\xA9"
                                        "a\xE2\x82\xAC");
    PASSES("[\xC3\xA9]", "\xC3\xA8");
    FINDS("^[^a]$", "\xC3\xA9");
    FINDS("^\\W\\S\\D$", "\xC3\xA9\xC3\xA9\xC3\xA9");
    PASSES("[\\w]", "\xC3\xA9");
    FINDS("^[^\\W]$", "a");
    PASSES("^[^\\W]$", "\xC3\xA9");
    FINDS("^.$", "\n");
}

static void bytes_are_no_characters(void)
{
    RAW_FINDS("^..$", "\xC3\xA9");
    RAW_FINDS("^[^a]\\W$", "\xC3\xA9");
    RAW_FINDS("^\\xC3[\\x80-\\xBF]$", "\xC3\xA9");
    RAW_FINDS("^\xC3\xA9+$", "\xC3\xA9\xC3\xA9");
    RAW_FINDS("^.{5}\\{", "\0\0\0\xC3\xA9{");
}

static void what_is_not_understood_is_refused_with_its_place(void)
{
    REFUSED("a(b", "bad pattern at '(b': '(' is never closed");
    REFUSED("ab)", "bad pattern at ')': ')' closes nothing; the character is written '\\)'");
    REFUSED("a[b", "bad pattern at '[b': '[' is never closed");
    REFUSED("*a", "bad pattern at '*a': there is nothing to repeat before it");
    REFUSED("^*", "bad pattern at '*': there is nothing to repeat before it");
    REFUSED("a|+", "bad pattern at '+': there is nothing to repeat before it");
    REFUSED("a**", "bad pattern at '*': a repeat of a repeat; the first one goes in (?:...)");
    REFUSED("{\"type\"", "bad pattern at '{\"type\"': there is nothing to repeat before it");
    REFUSED("a{,3}", "bad pattern at '{,3}': expected {n}, {n,} or {n,m}; the character is written "
                     "'\\{'");
    REFUSED("a{3,2}",
            "bad pattern at '{3,2}': the first number must not be larger than the second");
    REFUSED("a{2000}", "bad pattern at '{2000}': no more than 1000 repeats");
    REFUSED("\\bword", "bad pattern at '\\bword': patterns do not know '\\b'");
    REFUSED("(a)\\1", "bad pattern at '\\1': a pattern may not refer back to its own groups");
    REFUSED("a\\", "bad pattern at '\\': a backslash with nothing behind it");
    REFUSED("\\xg0", "bad pattern at '\\xg0': expected two hexadecimal digits");
    REFUSED("(?i)a", "bad pattern at '(?i)a': patterns do not know '(?' but '(?:'");
    REFUSED("[[:letter:]]",
            "bad pattern at '[:letter:]]': there is no such class; [:alpha:] is one");
    REFUSED("[[.a.]]", "bad pattern at '[.a.]]': patterns do not know '[.'");
    REFUSED("[z-a]",
            "bad pattern at 'z-a]': a range goes from one character of ASCII up to another");
    REFUSED("[a-\\d]", "bad pattern at 'a-\\d]': a range goes from one character of ASCII up to "
                       "another");
    REFUSED("[^\xC3\xA9]", "bad pattern at '[^\xC3\xA9]': '[^' takes characters of ASCII only");
    ASSERT_TEXT(
        refusal("[\xC3\xA9]", PATTERN_RAW, PATTERN_MATCHES),
        "bad pattern at '\xC3\xA9]': $key, $value and headers are bytes, and this character "
        "is several; write (x|y) instead of [xy]");
}

static void what_would_cost_too_much_is_refused(void)
{
    static const char large[] = "the repeats of this pattern make it too large: written out it may "
                                "have 1000 characters";
    char *choices = malloc(1000);
    size_t length = 0;

    REFUSED("(a{200}){200}", large);
    REFUSED("x(a*b){501}", large);
    REFUSED("((((a{1,200}){1,200}){1,20}))", large);
    REFUSED("(.{300}x|y){2}", large);
    REFUSED("a.{40}b", "this pattern is too costly: it has more than 63 characters, repeats "
                       "written out, and what it has to remember of a text can take more than "
                       "2000 forms");
    REFUSED("^([a-z]?[b-z]?[c-z]?[d-z]?){200}$",
            "this pattern is too costly: too many of its characters may stand behind each other");
    for (int i = 0; i < 70; i++)
        length +=
            (size_t)snprintf(choices + length, 1000 - length, "%sx%c", i ? "|" : "(a|", '0' + i);
    snprintf(choices + length, 1000 - length, ")+");
    ASSERT_TEXT(refusal("(0|1|2|3|4|5|6|7|8|9|a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p|q|r|s|t|u|v|w|x|y|z|"
                        "A|B|C|D|E|F|G|H|I|J|K|L|M|N|O|P|Q|R|S|T|U|V|W|X|Y|Z|_|-|~|=)+",
                        PATTERN_TEXT, PATTERN_REPLACES),
                "this pattern is too costly: more than 64 of its characters may stand behind one "
                "of them");
    free(choices);
}

/* --- against two others ----------------------------------------------------------------------- */

/* A matcher that tries everything, and remembers what it tried: the meaning of a program. */
struct oracle {
    const struct program *program;
    struct slice text;
    bool *tried; /* [step][place] */
    struct pattern_group groups[PATTERN_GROUPS];
};

static bool try_from(struct oracle *oracle, size_t at, size_t place)
{
    const struct step *step = &oracle->program->steps[at];
    bool *tried = &oracle->tried[at * (TEXT_BYTES + 1) + place];
    struct pattern_group old;

    if (*tried)
        return false;
    *tried = true;
    switch (step->kind) {
    case STEP_SET:
        return place < oracle->text.length &&
               byte_set_has(&oracle->program->sets[step->first],
                            (unsigned char)oracle->text.data[place]) &&
               try_from(oracle, at + 1, place + 1);
    case STEP_JUMP:
        return try_from(oracle, at + (size_t)step->first, place);
    case STEP_SPLIT:
        return try_from(oracle, at + (size_t)step->first, place) ||
               try_from(oracle, at + (size_t)step->second, place);
    case STEP_SAVE:
        old = oracle->groups[step->first / 2];
        *(step->first % 2 ? &oracle->groups[step->first / 2].end
                          : &oracle->groups[step->first / 2].first) = (int64_t)place;
        if (try_from(oracle, at + 1, place))
            return true;
        oracle->groups[step->first / 2] = old;
        return false;
    case STEP_BEGIN:
        return place == 0 && try_from(oracle, at + 1, place);
    case STEP_END:
        return place == oracle->text.length && try_from(oracle, at + 1, place);
    case STEP_MATCH:
        oracle->groups[0].end = (int64_t)place;
        return true;
    }
    return false;
}

static bool oracle_next(struct oracle *oracle, size_t from)
{
    size_t cells = oracle->program->count * (TEXT_BYTES + 1);

    oracle->tried = malloc(cells);
    for (size_t place = from; place <= oracle->text.length; place++) {
        memset(oracle->tried, 0, cells);
        for (int i = 0; i < PATTERN_GROUPS; i++)
            oracle->groups[i] = (struct pattern_group){-1, -1};
        oracle->groups[0].first = (int64_t)place;
        if (try_from(oracle, 0, place)) {
            free(oracle->tried);
            return true;
        }
    }
    free(oracle->tried);
    return false;
}

static unsigned seed = 1;

static unsigned below(unsigned limit)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % limit;
}

/* A pattern of what POSIX and we write alike; the end of it. */
static char *random_pattern(char *at, int depth, bool anchors)
{
    static const char *const atoms[] = {"a", "b", "c", ".", "[ab]", "[^a]", "^", "$"};
    static const char *const repeats[] = {"", "", "", "*", "+", "?", "{2}", "{1,3}", "{2,}"};

    for (unsigned items = below(4) + 1; items; items--) {
        unsigned kind = below(depth ? 12 : 8);
        if (!anchors && (kind == 6 || kind == 7))
            kind = 0;
        if (kind < 8) {
            at = stpcpy(at, atoms[kind]);
        } else {
            *at++ = '(';
            at = random_pattern(at, depth - 1, anchors);
            if (below(2)) {
                *at++ = '|';
                at = random_pattern(at, depth - 1, anchors);
            }
            *at++ = ')';
        }
        if (kind < 6 || kind > 7)
            at = stpcpy(at, repeats[below(sizeof(repeats) / sizeof(repeats[0]))]);
    }
    *at = '\0';
    return at;
}

static size_t random_text(char *text)
{
    size_t length = below(TEXT_BYTES);

    for (size_t i = 0; i < length; i++)
        text[i] = (char)('a' + (int)below(3));
    text[length] = '\0';
    return length;
}

/* Anchors at both ends only: within a group that is repeated regexec() does not mind them, as in
 * "(^a){2}" on "aa". */
static void random_posix_pattern(char *at)
{
    if (below(4) == 0)
        *at++ = '^';
    at = random_pattern(at, 2, false);
    if (below(4) == 0)
        strcpy(at, "$");
}

static void random_patterns_match_where_posix_finds_a_match(void)
{
    char text[TEXT_BYTES + 1], pattern[4096];
    int compared = 0;

    for (int i = 0; i < 1500; i++) {
        regex_t posix;
        random_posix_pattern(pattern);
        struct pattern *ours = pattern_new(slice_of(pattern), PATTERN_RAW, PATTERN_MATCHES, NULL);
        if (!ours)
            continue;
        CU_ASSERT_EQUAL_FATAL(regcomp(&posix, pattern, REG_EXTENDED | REG_NOSUB), 0);
        for (int j = 0; j < 10; j++, compared++) {
            struct slice whole = {text, random_text(text)};
            bool expected = regexec(&posix, text, 0, NULL, 0) == 0;
            if (pattern_matches(ours, whole) != expected) {
                fprintf(stderr, "\n%s on '%s': %d expected\n", pattern, text, expected);
                CU_FAIL("another answer than regexec()'s");
            }
        }
        regfree(&posix);
        pattern_free(ours);
    }
    CU_ASSERT_TRUE(compared > 5000);
}

static bool same_groups(const struct pattern_group *a, const struct pattern_group *b, size_t count)
{
    for (size_t i = 0; i <= count && i < PATTERN_GROUPS; i++)
        if (a[i].end != b[i].end || (a[i].end >= 0 && a[i].first != b[i].first))
            return false;
    return true;
}

/* Compares all matches of one text with those that the oracle finds. */
static bool agrees(const char *pattern, const struct pattern *ours, const struct program *program,
                   struct slice text)
{
    struct oracle oracle = {.program = program, .text = text};
    static struct pattern_search search;
    uint64_t marks[2];
    size_t at = 0;
    bool expected, found = pattern_search(&search, ours, text, marks);

    do {
        expected = oracle_next(&oracle, at);
        found = found && pattern_next(&search, at);
        if (found != expected ||
            (found && !same_groups(search.groups, oracle.groups, program->groups))) {
            fprintf(stderr,
                    "\n%s on '%.*s' from %zu: %d expected, %lld to %lld, not %lld to %lld\n",
                    pattern, SLICE_ARGS(text), at, expected, (long long)oracle.groups[0].first,
                    (long long)oracle.groups[0].end, (long long)search.groups[0].first,
                    (long long)search.groups[0].end);
            return false;
        }
        if (found)
            at = (size_t)search.groups[0].end + (search.groups[0].end == search.groups[0].first);
    } while (found && at <= text.length);
    return true;
}

static void compare_all_matches(const char *pattern, int texts)
{
    struct pattern *ours = pattern_new(slice_of(pattern), PATTERN_RAW, PATTERN_REPLACES, NULL);
    char text[TEXT_BYTES + 1];
    struct program program;

    if (!ours)
        return;
    program_parse(&program, slice_of(pattern), PATTERN_RAW, NULL);
    for (int i = 0; i < texts; i++) {
        struct slice whole = {text, random_text(text)};
        CU_ASSERT_TRUE(agrees(pattern, ours, &program, whole));
    }
    program_clear(&program);
    pattern_free(ours);
}

static void all_matches_and_their_groups_are_those_of_trying_everything(void)
{
    char pattern[4096];

    for (int i = 0; i < 1000; i++) {
        random_pattern(pattern, 2, true);
        compare_all_matches(pattern, 10);
    }
    compare_all_matches("a.*b|a", 100);
    compare_all_matches("(a|ab)(c|bcd)*?(a*)", 100);
    compare_all_matches("a{2,5}?b*?", 100);
    compare_all_matches("$a^", 10);
    compare_all_matches("(a?){9}a{9}", 100);
}

/* 2^14 sets: as bits, not as a table. */
static void a_pattern_of_many_states_means_the_same(void)
{
    static const char many[] = "(a|b)*a(a|b|c){14}";
    struct program program;
    struct pattern *ours = pattern_new(slice_of(many), PATTERN_RAW, PATTERN_MATCHES, NULL);
    char text[TEXT_BYTES + 1];

    compare_all_matches(many, 500);
    compare_all_matches("a(.{13})c|c{3}$", 500);
    CU_ASSERT_TRUE_FATAL(ours && program_parse(&program, slice_of(many), PATTERN_RAW, NULL));
    for (int i = 0; i < 500; i++) {
        struct slice whole = {text, random_text(text)};
        struct oracle oracle = {.program = &program, .text = whole};
        CU_ASSERT_EQUAL(pattern_matches(ours, whole), oracle_next(&oracle, 0));
    }
    program_clear(&program);
    pattern_free(ours);
}

static void a_match_may_be_longer_than_a_block(void)
{
    static struct pattern_search search;
    static uint64_t marks[MARKS];
    struct pattern *pattern = pattern_new(SLICE("<([^>]*)>"), PATTERN_TEXT, PATTERN_REPLACES, NULL);
    size_t length = 3 * PATTERN_BLOCK + 7;
    char *text = malloc(length);

    memset(text, 'a', length);
    text[PATTERN_BLOCK - 1] = '<';
    text[length - 2] = '>';
    CU_ASSERT_TRUE_FATAL(pattern_search(&search, pattern, (struct slice){text, length}, marks) &&
                         pattern_next(&search, 0));
    CU_ASSERT_EQUAL(search.groups[0].first, PATTERN_BLOCK - 1);
    CU_ASSERT_EQUAL(search.groups[1].first, PATTERN_BLOCK);
    CU_ASSERT_EQUAL(search.groups[1].end, (int64_t)length - 2);
    CU_ASSERT_FALSE(pattern_next(&search, length - 1));
    free(text);
    pattern_free(pattern);
}

/* --- cost ------------------------------------------------------------------------------------- */

static double milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* What regexec() took 14 s for, and RE2 7: of 100 000 bytes. */
static void a_search_takes_time_that_grows_with_the_text_alone(void)
{
    static const char *const patterns[] = {"a.*b",     "[a-z]+@",     "a.*b|a",
                                           "(x+x+)+y", "^.*a.{20}y$", "(a?){31}a{31}b"};
    static struct pattern_search search;
    static uint64_t marks[MARKS];
    char *text = malloc(100000);
    double start = milliseconds();

    memset(text, 'a', 100000);
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        struct slice whole = {text, 100000};
        struct pattern *all =
            pattern_new(slice_of(patterns[i]), PATTERN_TEXT, PATTERN_REPLACES, NULL);
        size_t at = 0, found = 0;

        matches(patterns[i], PATTERN_TEXT, whole);
        for (bool more = pattern_search(&search, all, whole, marks);
             more && at <= whole.length && pattern_next(&search, at);
             at = (size_t)search.groups[0].end + !search.groups[0].end)
            found++;
        CU_ASSERT_TRUE(found <= whole.length + 1);
        pattern_free(all);
    }
    CU_ASSERT_TRUE(milliseconds() - start < 1000);
    free(text);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_pattern_is_searched_anywhere),
        TEST(anchors_bind_to_the_ends),
        TEST(repeats_are_counted),
        TEST(sets_have_names),
        TEST(escapes_are_characters),
        TEST(a_text_consists_of_characters),
        TEST(bytes_are_no_characters),
        TEST(what_is_not_understood_is_refused_with_its_place),
        TEST(what_would_cost_too_much_is_refused),
        TEST(random_patterns_match_where_posix_finds_a_match),
        TEST(all_matches_and_their_groups_are_those_of_trying_everything),
        TEST(a_pattern_of_many_states_means_the_same),
        TEST(a_match_may_be_longer_than_a_block),
        TEST(a_search_takes_time_that_grows_with_the_text_alone),
    };

    return SUITE("pattern", tests);
}
