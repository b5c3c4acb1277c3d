/* test_handshake.c: what a connection says and hears before its first command. */
#include "suite.h"

#include "redis/handshake.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

#define HELLO  "*4\r\n$6\r\nserver\r\n$5\r\nredis\r\n$2\r\nid\r\n:17\r\n"
#define CLIENT "$25\r\nid=17 addr=10.0.0.1:5 x=1\r\n"
#define SERVER "$29\r\nredis_version:7\r\nrun_id:abc\r\n\r\n"
#define NOBODY ((struct handshake_peer){0})

static struct handshake handshake;
static struct handshake_peer former;
static struct handshake_options options;

static void begin(const char *username, const char *password, int database)
{
    options = (struct handshake_options){username, password, "penstock a\n", database};
    handshake_begin(&handshake, &options, &former);
}

/* What it says, as words: commands ended by ";". */
static const char *said(void)
{
    static char words[1024];
    struct slice output = handshake_output(&handshake);
    redisReader *reader = redisReaderCreate();
    void *reply = NULL;

    words[0] = '\0';
    redisReaderFeed(reader, output.data, output.length);
    while (redisReaderGetReply(reader, &reply) == REDIS_OK && reply) {
        const redisReply *command = reply;
        for (size_t i = 0; i < command->elements; i++) {
            strcat(words, command->element[i]->str);
            strcat(words, i + 1 < command->elements ? " " : ";");
        }
        freeReplyObject(reply);
    }
    redisReaderFree(reader);
    return words;
}

static enum handshake_result feed(const char *text, struct err *err)
{
    return handshake_feed(&handshake, slice_of(text), err);
}

static void it_says_who_it_is_in_one_round(void)
{
    begin(NULL, NULL, 0);
    ASSERT_TEXT(said(), "HELLO 2 SETNAME penstock-a-;CLIENT INFO;INFO server;");
    handshake_end(&handshake);
    begin(NULL, "secret", 0);
    ASSERT_TEXT(said(), "HELLO 2 AUTH default secret SETNAME penstock-a-;CLIENT INFO;INFO server;");
    handshake_end(&handshake);
    begin("bridge", "secret", 3);
    ASSERT_TEXT(said(), "HELLO 2 AUTH bridge secret SETNAME penstock-a-;CLIENT INFO;INFO server;"
                        "SELECT 3;");
    handshake_end(&handshake);
}

static void the_former_connection_is_killed_by_all_that_is_known_of_it(void)
{
    former = (struct handshake_peer){.id = 16};
    begin(NULL, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(said(), ";CLIENT KILL ID 16;"));
    handshake_end(&handshake);
    strcpy(former.address, "10.0.0.1:4");
    begin(NULL, NULL, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(said(), ";CLIENT KILL ID 16 ADDR 10.0.0.1:4;"));
    handshake_end(&handshake);
    former = NOBODY;
}

static void replies_cut_at_any_byte_tell_the_same(void)
{
    static const char replies[] = HELLO CLIENT SERVER "+OK\r\n";
    struct err err;

    for (size_t cut = 0; cut < sizeof(replies) - 1; cut++) {
        begin(NULL, NULL, 3);
        CU_ASSERT_EQUAL(handshake_feed(&handshake, (struct slice){replies, cut}, &err),
                        HANDSHAKE_MORE);
        CU_ASSERT_EQUAL(feed(replies + cut, &err), HANDSHAKE_DONE);
        CU_ASSERT_EQUAL(handshake.self.id, 17);
        ASSERT_TEXT(handshake.self.address, "10.0.0.1:5");
        ASSERT_TEXT(handshake.run, "abc");
        CU_ASSERT_FALSE(handshake.former_may_live);
        handshake_end(&handshake);
    }
}

static void who_may_not_ask_still_gets_through(void)
{
    struct err err;

    former = (struct handshake_peer){.id = 16};
    begin(NULL, NULL, 0);
    CU_ASSERT_EQUAL(feed(HELLO "-NOPERM a\r\n-NOPERM b\r\n-NOPERM c\r\n", &err), HANDSHAKE_DONE);
    CU_ASSERT_EQUAL(handshake.self.id, 17);
    ASSERT_TEXT(handshake.self.address, "");
    ASSERT_TEXT(handshake.run, "");
    CU_ASSERT_TRUE(handshake.former_may_live);
    handshake_end(&handshake);
    former = NOBODY;
}

/* The address of a unix socket is its path, the same for every client. */
static void a_unix_socket_is_no_address(void)
{
    struct err err;

    begin(NULL, NULL, 0);
    CU_ASSERT_EQUAL(feed(HELLO "$24\r\nid=17 addr=/run/r.sock:0\r\n" SERVER, &err), HANDSHAKE_DONE);
    ASSERT_TEXT(handshake.self.address, "");
    handshake_end(&handshake);
}

static void without_hello_there_is_a_second_round(void)
{
    struct err err;

    begin("bridge", "secret", 3);
    CU_ASSERT_EQUAL(feed("-ERR unknown command 'HELLO'\r\n-NOAUTH a\r\n-NOAUTH b\r\n", &err),
                    HANDSHAKE_MORE);
    CU_ASSERT_EQUAL(feed("-NOAUTH c\r\n", &err), HANDSHAKE_SEND);
    ASSERT_TEXT(said(), "AUTH bridge secret;CLIENT SETNAME penstock-a-;CLIENT INFO;INFO server;"
                        "SELECT 3;");
    CU_ASSERT_EQUAL(feed("+OK\r\n+OK\r\n" CLIENT SERVER "+OK\r\n", &err), HANDSHAKE_DONE);
    CU_ASSERT_EQUAL(handshake.self.id, 17);
    handshake_end(&handshake);
    begin(NULL, "secret", 0);
    CU_ASSERT_EQUAL(feed("-ERR unknown command `HELLO`\r\n-NOAUTH a\r\n-NOAUTH b\r\n", &err),
                    HANDSHAKE_SEND);
    CU_ASSERT_PTR_NOT_NULL(strstr(said(), "AUTH secret;")); /* as servers before 6.0 take it */
    handshake_end(&handshake);
}

static void expect(const char *replies, enum handshake_result result, const char *text)
{
    struct err err = {0};

    former = (struct handshake_peer){.id = 16};
    begin(NULL, "secret", 3);
    CU_ASSERT_EQUAL(feed(replies, &err), result);
    ASSERT_TEXT(err.text, text);
    handshake_end(&handshake);
    former = NOBODY;
}

static void what_the_operator_must_mend_is_refused(void)
{
    expect("-WRONGPASS invalid\r\n", HANDSHAKE_REFUSED, "WRONGPASS invalid");
    expect("-NOAUTH HELLO must\r\n", HANDSHAKE_REFUSED, "NOAUTH HELLO must");
    expect(HELLO CLIENT SERVER "-ERR DB index is out of range\r\n", HANDSHAKE_REFUSED,
           "ERR DB index is out of range");
    expect(HELLO CLIENT SERVER "-NOPERM select\r\n", HANDSHAKE_REFUSED, "NOPERM select");
}

static void what_passes_by_itself_is_tried_again(void)
{
    expect("-ERR max number of clients reached\r\n", HANDSHAKE_FAILED,
           "ERR max number of clients reached");
    expect("-DENIED Redis is running in protected mode\r\n", HANDSHAKE_FAILED,
           "DENIED Redis is running in protected mode");
    expect(HELLO CLIENT SERVER "-BUSY script\r\n", HANDSHAKE_FAILED, "BUSY script");
    /* Not killed now: without that nothing may be sent again. */
    expect(HELLO CLIENT SERVER "+OK\r\n-BUSY script\r\n", HANDSHAKE_FAILED, "BUSY script");
}

static void another_protocol_is_told(void)
{
    expect("HTTP/1.1 400 Bad Request\r\n", HANDSHAKE_FAILED,
           "the other side does not speak Redis' protocol: Protocol error, got \"H\" as reply type "
           "byte");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(it_says_who_it_is_in_one_round),
        TEST(the_former_connection_is_killed_by_all_that_is_known_of_it),
        TEST(replies_cut_at_any_byte_tell_the_same),
        TEST(who_may_not_ask_still_gets_through),
        TEST(a_unix_socket_is_no_address),
        TEST(without_hello_there_is_a_second_round),
        TEST(what_the_operator_must_mend_is_refused),
        TEST(what_passes_by_itself_is_tried_again),
        TEST(another_protocol_is_told),
    };

    return SUITE("handshake", tests);
}
