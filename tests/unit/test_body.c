/* test_body.c: the body of an HTTP request, out of its pieces. */
#include "suite.h"

#include "app/body.h"
#include "base/mem.h"

#include <stdlib.h>

static struct body body;
static size_t used;

static int begin(int64_t length)
{
    struct request request = {
        .method = METHOD_POST, .has_body = true, .chunked = length < 0, .length = length};

    body_clear(&body);
    return body_begin(&body, &request);
}

static int take(const char *text)
{
    return body_take(&body, slice_of(text), &used);
}

static void a_body_of_known_length_ends_there(void)
{
    CU_ASSERT_EQUAL(begin(5), 200);
    CU_ASSERT_EQUAL(take("ab"), 100);
    CU_ASSERT_EQUAL(used, 2);
    CU_ASSERT_EQUAL(take(""), 100);
    CU_ASSERT_EQUAL(take("cdeGET / HTTP/1.1"), 200);
    CU_ASSERT_EQUAL(used, 3);
    ASSERT_TEXT(body.bytes, "abcde");
    CU_ASSERT_EQUAL(begin(BODY_BYTES), 200);
    CU_ASSERT_EQUAL(begin(BODY_BYTES + 1), 413);
    CU_ASSERT_EQUAL(begin(INT64_MAX), 413);
}

static void chunks_become_one_body(void)
{
    CU_ASSERT_EQUAL(begin(-1), 200);
    CU_ASSERT_EQUAL(take("3;name=value\r\nabc\r\n00A\r\n0123456789\r\n0\r\nX: y\r\n\r\nGET"), 200);
    CU_ASSERT_EQUAL(used, 47);
    ASSERT_TEXT(body.bytes, "abc0123456789");
    CU_ASSERT_EQUAL(body.length, 13);
    CU_ASSERT_EQUAL(begin(-1), 200);
    CU_ASSERT_EQUAL(take("0\r\n\r\n"), 200);
    CU_ASSERT_EQUAL(body.length, 0);
}

/* A line that is cut stays with the caller. */
static void it_makes_no_difference_where_the_bytes_are_cut(void)
{
    static const char whole[] = "3\r\nabc\r\nd\r\n0123456789xyz\r\n0\r\nTrailer: 1\r\n\r\n";

    for (size_t cut = 0; cut < sizeof(whole); cut++) {
        size_t at = 0;
        int status = begin(-1) == 200 ? 100 : 0;
        for (size_t end = cut; status == 100 && end < sizeof(whole); end++) {
            status = body_take(&body, (struct slice){whole + at, end - at}, &used);
            at += used;
        }
        CU_ASSERT_EQUAL(status, 200);
        CU_ASSERT_EQUAL(at, sizeof(whole) - 1);
        ASSERT_TEXT(body.bytes, "abc0123456789xyz");
    }
}

static void nonsense_is_refused(void)
{
    static const struct {
        const char *text;
        int status;
    } rows[] = {
        {"\r\n", 400},
        {"zz\r\n", 400},
        {"-1\r\n", 400},
        {"+1\r\n", 400},
        {"0x1\r\n", 400},
        {" 1\r\n", 400},
        {"1 \r\n", 400},
        {"3\nabc\n0\n\n\r\n", 400},
        {"3\r\nabcd\r\n", 400},
        {"3\r\nabc0\r\n\r\n", 400},
        {"1;a\rb\r\n", 400},
        {"4001\r\n", 413},
        {"ffffffffffffffffffffffff\r\n", 413},
        {"2000\r\n", 100},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin(-1);
        int status = take(rows[i].text);
        if (status != rows[i].status)
            fprintf(stderr, "\nrow %zu: %d\n", i, status);
        CU_ASSERT_EQUAL(status, rows[i].status);
    }
}

/* Each piece is handed over as often as it takes until all of it is used. */
static int take_often(const char *text, unsigned times)
{
    int status = 100;

    while (status == 100 && times--)
        status = take(text);
    return status;
}

static void what_chunks_add_is_limited_too(void)
{
    char line[300];

    begin(-1);
    CU_ASSERT_EQUAL(take_often("1\r\na\r\n", 1000), 100);
    CU_ASSERT_EQUAL(take_often("1\r\na\r\n", 1000), 413);
    begin(-1);
    CU_ASSERT_EQUAL(take("0\r\n"), 100);
    CU_ASSERT_EQUAL(take_often("Trailer: 0123456789\r\n", 1000), 413);
    memset(line, 'a', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    line[1] = ';';
    begin(-1);
    CU_ASSERT_EQUAL(take(line), 400);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_body_of_known_length_ends_there),
        TEST(chunks_become_one_body),
        TEST(it_makes_no_difference_where_the_bytes_are_cut),
        TEST(nonsense_is_refused),
        TEST(what_chunks_add_is_limited_too),
    };
    int status = SUITE("body", tests);

    body_clear(&body);
    return status;
}
