/* test_inquiry.c: conversations with an inquiry: what it asks, what it hears, and what it tells. */
#include "suite.h"

#include "redis/inquiry.h"

#include <stdio.h>
#include <string.h>

#define PING "*1\r\n$4\r\nPING\r\n"

static struct inquiry inquiry;
static struct session *session = &inquiry.session;
static char heard[200]; /* of the answer that is coming */
static char told[400];

static bool on_hear(void *context, size_t from, struct slice part, struct err *err)
{
    (void)context;
    CU_ASSERT_TRUE_FATAL(from + part.length < sizeof(heard));
    memcpy(heard + from, part.data, part.length);
    heard[from + part.length] = '\0';
    return !strstr(heard, "wrong") || err_set(err, ERR_RETRY, "that cannot be");
}

static void tell(const char *what, uint32_t ticket)
{
    size_t length = strlen(told);

    snprintf(told + length, sizeof(told) - length, "%s%.20s%u", length ? " " : "", what, ticket);
}

static bool on_answered(void *context, uint32_t ticket, const struct resp_scanner *answer,
                        struct err *err)
{
    (void)context;
    if (answer->failed)
        return err_set(err, ERR_RETRY, "%s", answer->text);
    heard[strcspn(heard, "\r")] = '\0';
    tell(heard, ticket);
    inquiry_recover(&inquiry);
    return true;
}

static void on_lost(void *context)
{
    (void)context;
    tell("lost", (uint32_t)inquiry_count(&inquiry));
}

static void open_inquiry(void (*lost)(void *context))
{
    struct inquiry_events events = {.hear = on_hear, .answered = on_answered, .lost = lost};

    told[0] = '\0';
    inquiry_init(&inquiry, &events, 10, 1000);
    session_begin(session);
}

static void ask(uint32_t ticket)
{
    inquiry_ask(&inquiry, (struct slice[]){SLICE("PING")}, 1, ticket);
}

/* Sends all that there is; it is so many questions. */
static void expect_sent(size_t questions)
{
    struct slice output = session->ops->output(session);

    CU_ASSERT_EQUAL(output.length, questions * strlen(PING));
    session->ops->sent(session, output.length);
}

static bool hear(const char *text)
{
    struct slice input = slice_of(text);
    bool good = session->ops->receive(session, &input);

    CU_ASSERT_TRUE(!good || !input.length);
    return good;
}

static void answers_are_told_in_order_with_all_their_pieces(void)
{
    open_inquiry(NULL);
    CU_ASSERT_FALSE(session->ops->waits(session));
    ask(1);
    ask(2);
    ask(3);
    expect_sent(3);
    CU_ASSERT_TRUE(hear("+one\r\n$6\r\ntw"));
    ASSERT_TEXT(told, "+one1");
    CU_ASSERT_TRUE(hear("o..."));
    ASSERT_TEXT(heard, "$6\r\ntwo...");
    CU_ASSERT_TRUE(hear("\r\n:3\r\n"));
    ASSERT_TEXT(told, "+one1 $62 :33");
    CU_ASSERT_FALSE(session->ops->waits(session));
    inquiry_free(&inquiry);
}

static void what_a_lost_connection_leaves_is_asked_again(void)
{
    open_inquiry(NULL);
    ask(1);
    ask(2);
    expect_sent(2);
    CU_ASSERT_TRUE(hear("+a\r\n*2\r\n:1\r\n"));
    CU_ASSERT_FALSE(session_lost(session, true, 0));
    session_begin(session);
    CU_ASSERT_FALSE(session->ops->is_well(session)); /* until it is answered */
    expect_sent(1);
    CU_ASSERT_TRUE(hear("+b\r\n"));
    CU_ASSERT_TRUE(session->ops->is_well(session));
    ASSERT_TEXT(told, "+a1 +b2");
    inquiry_free(&inquiry);
}

static void or_is_forgotten_where_its_loss_is_heard(void)
{
    open_inquiry(on_lost);
    ask(1);
    ask(2);
    expect_sent(2);
    CU_ASSERT_FALSE(session_lost(session, false, 0));
    session_begin(session);
    expect_sent(0);
    CU_ASSERT_TRUE(session->ops->is_well(session));
    ask(3);
    expect_sent(1);
    CU_ASSERT_TRUE(hear("+c\r\n"));
    ASSERT_TEXT(told, "lost0 +c3");
    inquiry_free(&inquiry);
}

static void a_server_that_refuses_is_left_and_is_trouble_until_one_answers(void)
{
    open_inquiry(on_lost);
    ask(1);
    expect_sent(1);
    CU_ASSERT_FALSE(hear("-READONLY no\r\n"));
    ASSERT_TEXT(session->trouble, "READONLY no");
    session_lost(session, false, 0);
    session_begin(session);
    CU_ASSERT_FALSE(session->ops->is_well(session));
    ask(2);
    expect_sent(1);
    CU_ASSERT_TRUE(hear("+b\r\n"));
    CU_ASSERT_TRUE(session->ops->is_well(session));
    inquiry_free(&inquiry);
}

static void expect_broken(const char *answer, const char *trouble)
{
    open_inquiry(NULL);
    ask(1);
    expect_sent(1);
    CU_ASSERT_FALSE(hear(answer));
    ASSERT_TEXT(session->trouble, trouble);
    inquiry_free(&inquiry);
}

static void answers_that_cannot_be_right_break_it(void)
{
    expect_broken("not Redis\r\n", "the answer is not Redis' protocol");
    expect_broken("+a\r\n+b\r\n", "an answer without a question");
    expect_broken("$100\r\nwrong", "that cannot be");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(answers_are_told_in_order_with_all_their_pieces),
        TEST(what_a_lost_connection_leaves_is_asked_again),
        TEST(or_is_forgotten_where_its_loss_is_heard),
        TEST(a_server_that_refuses_is_left_and_is_trouble_until_one_answers),
        TEST(answers_that_cannot_be_right_break_it),
    };

    return SUITE("inquiry", tests);
}
