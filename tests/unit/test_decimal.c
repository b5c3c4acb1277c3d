/* test_decimal.c: numbers compared and rounded by their text. */
#include "suite.h"

#include "expr/decimal.h"

#include <inttypes.h>
#include <stdlib.h>

static struct slice text_of(const char *text)
{
    return slice_of(text);
}

static int compare(const char *a, const char *b)
{
    int order = decimal_compare(text_of(a), text_of(b));

    CU_ASSERT_EQUAL(order, -decimal_compare(text_of(b), text_of(a)));
    return order;
}

static void numbers_in_rising_order_compare_so(void)
{
    static const char *const rising[] = {
        "-1e99999999999999999",
        "-1e401",
        "-1e400",
        "-9007199254740993",
        "-9007199254740992",
        "-12.5",
        "-12.49",
        "-1",
        "-0.1",
        "-1e-400",
        "0",
        "1e-999999999",
        "1e-400",
        "0.0999",
        "0.1",
        "0.10000000000000000000000001",
        "0.9",
        "1",
        "1.0000000000000000000001",
        "9.99",
        "10",
        "12.5",
        "99",
        "100",
        "9007199254740992",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "1e20",
        "1e400",
        "1e401",
        "9.9e401",
        "1e402",
        "1e999999999",
        "1e99999999999999999",
    };
    size_t count = sizeof(rising) / sizeof(rising[0]);

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++)
            CU_ASSERT_EQUAL(compare(rising[i], rising[j]), (i > j) - (i < j));
}

static void one_number_has_many_texts(void)
{
    static const char *const equal[][2] = {
        {"0.1", "0.10"},
        {"0", "-0"},
        {"0", "0.000"},
        {"0e5", "-0.0e-7"},
        {"1e2", "100"},
        {"1E+2", "100.0"},
        {"1e-2", "0.01"},
        {"12.5", "125e-1"},
        {"-3", "-3.0"},
        {"0.001e3", "1"},
        {"1000e-3", "1"},
        {"10", "1e1"},
        {"0.0120", "12e-3"},
        {"1e00", "1"},
        {"1e0000000000000000000000001", "10"},
        {"1e9999999999999999999", "1e1000000000000000000"},
    };

    for (size_t i = 0; i < sizeof(equal) / sizeof(equal[0]); i++)
        CU_ASSERT_EQUAL(compare(equal[i][0], equal[i][1]), 0);
}

static uint64_t random_state = 88172645463325252u;

static uint64_t random_number(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* The number units / 10^places as one of its many texts. */
static void write_randomly(int64_t units, int places, char *out, size_t room)
{
    int shift = (int)(random_number() % 7) - 3, zeros = (int)(random_number() % 3);
    char digits[64];
    bool negative = units < 0;

    /* digits "units" padded on the left, the point put "places + shift" from the right, e"shift" */
    int point = places + shift;
    int length;
    if (point < 0) {
        length = snprintf(digits, sizeof(digits), "%" PRId64, negative ? -units : units);
        for (int i = point; i < 0; i++)
            digits[length++] = '0';
        digits[length] = '\0';
        if (units == 0)
            strcpy(digits, "0");
        snprintf(out, room, "%s%se%d", negative ? "-" : "", digits, shift);
        return;
    }
    length = snprintf(digits, sizeof(digits), "%0*" PRId64, point + 1, negative ? -units : units);
    if (point)
        snprintf(out, room, "%s%.*s.%s%.*se%d", negative ? "-" : "", length - point, digits,
                 digits + length - point, zeros, "000", shift);
    else
        snprintf(out, room, "%s%se%d", negative ? "-" : "", digits, shift);
}

static void random_numbers_compare_as_scaled_integers_do(void)
{
    for (int i = 0; i < 20000; i++) {
        int64_t range = random_number() % 2 ? 100 : 1000000000;
        int64_t x = (int64_t)(random_number() % (uint64_t)(2 * range)) - range;
        int64_t y =
            random_number() % 4 ? (int64_t)(random_number() % (uint64_t)(2 * range)) - range : x;
        int places = (int)(random_number() % 9);
        char a[128], b[128];

        write_randomly(x, places, a, sizeof(a));
        write_randomly(y, places, b, sizeof(b));
        if (compare(a, b) != (x > y) - (x < y)) {
            fprintf(stderr, "\n%s against %s\n", a, b);
            CU_FAIL("wrong order");
        }
    }
}

/* The scaled integer rounded to @p wanted places, as text. */
static void round_reference(int64_t units, int places, int wanted, char *out, size_t room)
{
    int64_t cut = 1, magnitude = units < 0 ? -units : units;
    char digits[64];
    int length;

    for (int i = wanted; i < places; i++)
        cut *= 10;
    magnitude = (magnitude + cut / 2) / cut;
    for (int i = places; i < wanted; i++)
        magnitude *= 10;
    length = snprintf(digits, sizeof(digits), "%0*" PRId64, wanted + 1, magnitude);
    snprintf(out, room, "%s%.*s%s%s", units < 0 && magnitude ? "-" : "", length - wanted, digits,
             wanted ? "." : "", digits + length - wanted);
}

static void random_numbers_round_as_scaled_integers_do(void)
{
    struct arena arena = {0};

    for (int i = 0; i < 20000; i++) {
        int64_t units = (int64_t)(random_number() % 2000000001) - 1000000000;
        int places = (int)(random_number() % 8), wanted = (int)(random_number() % 6);
        char text[128], expected[128], got[128];
        struct slice out = {0};

        write_randomly(units, places, text, sizeof(text));
        round_reference(units, places, wanted, expected, sizeof(expected));
        CU_ASSERT_TRUE(
            decimal_round(text_of(text), (size_t)wanted, DECIMAL_HALF_UP, &arena, &out, NULL));
        snprintf(got, sizeof(got), "%.*s", SLICE_ARGS(out));
        if (strcmp(got, expected) != 0) {
            fprintf(stderr, "\nround(%s, %d)\n", text, wanted);
            ASSERT_TEXT(got, expected);
        }
        arena_reset(&arena);
    }
    arena_free(&arena);
}

static void a_number_that_json_refuses_is_not_a_decimal(void)
{
    static const char *const texts[] = {"",     "-",   "+1",  "01", "1.",   ".5",  "1e",
                                        "1e+",  "0x1", "1 ",  " 1", "1.e1", "NaN", "Infinity",
                                        "1e1.", "--1", "1,5", "00", "-01",  "1e-"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        CU_ASSERT_FALSE(decimal_is(text_of(texts[i])));
    CU_ASSERT_TRUE(decimal_is(text_of("-0.0E+00")));
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(numbers_in_rising_order_compare_so),
        TEST(one_number_has_many_texts),
        TEST(random_numbers_compare_as_scaled_integers_do),
        TEST(random_numbers_round_as_scaled_integers_do),
        TEST(a_number_that_json_refuses_is_not_a_decimal),
    };

    return SUITE("decimal", tests);
}
