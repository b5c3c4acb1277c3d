/* test_handshake.c: what a connection says and hears before its first command. */
#include "suite.h"

#include "redis/handshake.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

#define HELLO  "*4\r\n$6\r\nserver\r\n$5\r\nredis\r\n$2\r\nid\r\n:17\r\n"
#define CLIENT "$25\r\nid=17 addr=10.0.0.1:5 x=1\r\n"
#define SERVER "$29\r\nredis_version:7\r\nrun_id:abc\r\n\r\n"
#define MASTER "$13\r\nrole:master\r\n\r\n"
#define NOBODY ((struct handshake_peer){0})

static struct handshake handshake;
static struct handshake_peer former;
static struct handshake_options options;
static struct handshake_memory memory;

static void begin(const char *username, const char *password, int database)
{
    options = (struct handshake_options){username, password, false, "penstock a\n", database};
    handshake_begin(&handshake, &options, &former, &memory);
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

static void a_handshake_says_who_it_is_in_one_round(void)
{
    begin(NULL, NULL, 0);
    ASSERT_TEXT(said(), "HELLO 2 SETNAME penstock-a-;CLIENT INFO;INFO server;INFO replication;");
    handshake_end(&handshake);
    begin(NULL, "secret", 0);
    ASSERT_TEXT(said(), "HELLO 2 AUTH default secret SETNAME penstock-a-;CLIENT INFO;INFO "
                        "server;INFO replication;");
    handshake_end(&handshake);
    begin("bridge", "secret", 3);
    ASSERT_TEXT(
        said(),
        "HELLO 2 AUTH bridge secret SETNAME penstock-a-;CLIENT INFO;INFO server;INFO replication;"
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
    static const char replies[] = HELLO CLIENT SERVER MASTER "+OK\r\n";
    struct err err;

    for (size_t cut = 0; cut < sizeof(replies) - 1; cut++) {
        begin(NULL, NULL, 3);
        CU_ASSERT_EQUAL(handshake_feed(&handshake, (struct slice){replies, cut}, &err),
                        HANDSHAKE_MORE);
        CU_ASSERT_EQUAL(feed(replies + cut, &err), HANDSHAKE_DONE);
        CU_ASSERT_EQUAL(handshake.self.id, 17);
        ASSERT_TEXT(handshake.self.address, "10.0.0.1:5");
        ASSERT_TEXT(handshake.run_id, "abc");
        CU_ASSERT_FALSE(handshake.former_may_live);
        handshake_end(&handshake);
    }
}

static void a_user_who_may_not_ask_still_connects(void)
{
    struct err err;

    former = (struct handshake_peer){.id = 16};
    begin(NULL, NULL, 0);
    CU_ASSERT_EQUAL(feed(HELLO "-NOPERM a\r\n-NOPERM b\r\n-NOPERM c\r\n-NOPERM d\r\n", &err),
                    HANDSHAKE_DONE);
    CU_ASSERT_EQUAL(handshake.self.id, 17);
    ASSERT_TEXT(handshake.self.address, "");
    ASSERT_TEXT(handshake.run_id, "");
    CU_ASSERT_TRUE(handshake.former_may_live);
    handshake_end(&handshake);
    former = NOBODY;
}

/* The address of a unix socket is its path, the same for every client. */
static void a_unix_socket_is_no_address(void)
{
    struct err err;

    begin(NULL, NULL, 0);
    CU_ASSERT_EQUAL(feed(HELLO "$24\r\nid=17 addr=/run/r.sock:0\r\n" SERVER MASTER, &err),
                    HANDSHAKE_DONE);
    ASSERT_TEXT(handshake.self.address, "");
    handshake_end(&handshake);
}

static void without_hello_there_is_a_second_round(void)
{
    struct err err;

    begin("bridge", "secret", 3);
    CU_ASSERT_EQUAL(
        feed("-ERR unknown command 'HELLO'\r\n-NOAUTH a\r\n-NOAUTH b\r\n-NOAUTH c\r\n", &err),
        HANDSHAKE_MORE);
    CU_ASSERT_EQUAL(feed("-NOAUTH d\r\n", &err), HANDSHAKE_SEND);
    ASSERT_TEXT(
        said(),
        "AUTH bridge secret;CLIENT SETNAME penstock-a-;CLIENT INFO;INFO server;INFO replication;"
        "SELECT 3;");
    CU_ASSERT_EQUAL(feed("+OK\r\n+OK\r\n" CLIENT SERVER MASTER "+OK\r\n", &err), HANDSHAKE_DONE);
    CU_ASSERT_EQUAL(handshake.self.id, 17);
    handshake_end(&handshake);
    begin(NULL, "secret", 0);
    CU_ASSERT_EQUAL(
        feed("-ERR unknown command `HELLO`\r\n-NOAUTH a\r\n-NOAUTH b\r\n-NOAUTH c\r\n", &err),
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
    begin(NULL, NULL, 0);
    struct err err = {0};
    CU_ASSERT_EQUAL(feed("-NOAUTH HELLO must\r\n", &err), HANDSHAKE_REFUSED);
    ASSERT_TEXT(err.text,
                "NOAUTH: the server wants a password and the sink has none: set 'password'");
    handshake_end(&handshake);
    expect(HELLO CLIENT SERVER MASTER "-ERR DB index is out of range\r\n", HANDSHAKE_REFUSED,
           "ERR DB index is out of range");
    expect(HELLO CLIENT SERVER MASTER "-NOPERM select\r\n", HANDSHAKE_REFUSED, "NOPERM select");
}

static void a_server_that_is_not_ready_yet_is_tried_again(void)
{
    expect("-ERR max number of clients reached\r\n", HANDSHAKE_FAILED,
           "ERR max number of clients reached");
    expect("-DENIED Redis is running in protected mode\r\n", HANDSHAKE_FAILED,
           "DENIED Redis is running in protected mode");
    expect(HELLO CLIENT SERVER MASTER "-BUSY script\r\n", HANDSHAKE_FAILED, "BUSY script");
    /* Not killed now: without that nothing may be sent again. */
    expect(HELLO CLIENT SERVER MASTER "+OK\r\n-BUSY script\r\n", HANDSHAKE_FAILED, "BUSY script");
}

static void another_protocol_is_told(void)
{
    expect("HTTP/1.1 400 Bad Request\r\n", HANDSHAKE_FAILED,
           "the other side does not speak Redis' protocol: Protocol error, got \"H\" as reply type "
           "byte");
}

/* --- proxies ---------------------------------------------------------------------------------- */

static const char *unknown(void)
{
    static char words[HANDSHAKE_WORDS_BYTES];

    return handshake_unknown(&handshake, words) ? words : "";
}

static void expect_end(enum handshake_result result, const char *replies, const char *words)
{
    struct err err = {0};

    CU_ASSERT_EQUAL(feed(replies, &err), result);
    ASSERT_TEXT(unknown(), words);
    handshake_end(&handshake);
}

/* The texts of Envoy, redis-cluster-proxy, Teleport; Envoy wants AUTH before it says more. */
static void any_refusal_of_hello_is_answered_by_a_round_without_it(void)
{
    static const char *const refusals[] = {
        "-ERR unknown command 'HELLO', with args beginning with: '2' 'SETNAME' \r\n",
        "-unsupported command 'HELLO'\r\n",
        "-ERR unsupported command `HELLO`\r\n",
        "-ERR Teleport: not supported by Teleport\r\n",
        "-NOPERM this user has no permissions\r\n",
        "-NOAUTH Authentication required.\r\n"};
    struct err err;

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        begin(NULL, "secret", 0);
        feed(refusals[i], &err);
        CU_ASSERT_EQUAL(feed("-NOAUTH a\r\n-NOAUTH b\r\n-NOAUTH c\r\n", &err), HANDSHAKE_SEND);
        CU_ASSERT_PTR_NOT_NULL(strstr(said(), "AUTH secret;CLIENT SETNAME"));
        expect_end(HANDSHAKE_DONE,
                   "+OK\r\n-ERR unknown command\r\n-ERR unknown command\r\n"
                   "-ERR unknown command\r\n-ERR unknown command\r\n",
                   "HELLO, CLIENT, INFO");
    }
}

static void a_refusal_is_told_though_nothing_can_be_read_of_it(void)
{
    static const char refusals[] = HELLO CLIENT SERVER MASTER "-\0 no\r\n";
    struct err err = {ERR_NONE, ""};

    begin(NULL, NULL, 3);
    CU_ASSERT_EQUAL(
        handshake_feed(&handshake, (struct slice){refusals, sizeof(refusals) - 1}, &err),
        HANDSHAKE_REFUSED);
    ASSERT_TEXT(err.text, "an error without a word");
    handshake_end(&handshake);
}

/* As twemproxy does at HELLO, CLIENT and INFO, without a word. */
static void a_hang_up_leaves_out_a_word_a_time(void)
{
    static const char *const rounds[] = {("AUTH secret;CLIENT SETNAME penstock-a-;CLIENT INFO;"
                                          "INFO server;INFO replication;"),
                                         "AUTH secret;INFO server;INFO replication;",
                                         "AUTH secret;"};
    struct err err;

    memory = (struct handshake_memory){0};
    for (size_t i = 0; i < 3; i++) {
        begin(NULL, "secret", 0);
        CU_ASSERT_TRUE(handshake_hung_up(&handshake, &err));
        handshake_end(&handshake);
        begin(NULL, "secret", 0);
        ASSERT_TEXT(said(), rounds[i]);
        if (i < 2)
            handshake_end(&handshake);
    }
    expect_end(HANDSHAKE_DONE, "+OK\r\n", "HELLO, CLIENT, INFO");
    memory = (struct handshake_memory){0};
}

static void where_nothing_else_may_be_asked_there_is_a_ping(void)
{
    struct err err;

    memory.left_out = WORD_HELLO | WORD_CLIENT | WORD_INFO;
    begin(NULL, NULL, 0);
    ASSERT_TEXT(said(), "PING;");
    CU_ASSERT_FALSE(handshake_hung_up(&handshake, &err));
    ASSERT_TEXT(err.text,
                "the server closed the connection at PING, as before at HELLO, CLIENT, INFO");
    expect_end(HANDSHAKE_DONE, "+PONG\r\n", "HELLO, CLIENT, INFO");
    memory = (struct handshake_memory){0};
}

static void a_hang_up_behind_a_refused_word_leaves_that_word_out(void)
{
    struct err err;

    memory = (struct handshake_memory){0};
    begin(NULL, NULL, 0);
    CU_ASSERT_EQUAL(feed("-ERR unknown command 'HELLO'\r\n", &err), HANDSHAKE_MORE);
    CU_ASSERT_TRUE(handshake_hung_up(&handshake, &err));
    CU_ASSERT_EQUAL(memory.left_out, WORD_HELLO);
    handshake_end(&handshake);
    memory = (struct handshake_memory){0};
}

/* Its server dies, or somebody kills its clients: what it knew it knows. */
static void a_word_that_was_answered_once_is_not_blamed_for_a_hang_up(void)
{
    struct err err;

    begin(NULL, NULL, 0);
    expect_end(HANDSHAKE_DONE, HELLO CLIENT SERVER MASTER, "");
    for (int i = 0; i < 5; i++) {
        begin(NULL, NULL, 0);
        CU_ASSERT_FALSE(handshake_hung_up(&handshake, &err));
        ASSERT_TEXT(err.text, "the server closed the connection at HELLO");
        handshake_end(&handshake);
    }
    begin(NULL, NULL, 0); /* but for how long? another one may be there by now */
    CU_ASSERT_TRUE(handshake_hung_up(&handshake, &err));
    handshake_end(&handshake);
    memory = (struct handshake_memory){0};
}

static void without_client_the_former_connection_may_live(void)
{
    former = (struct handshake_peer){.id = 16};
    memory.left_out = WORD_CLIENT;
    begin(NULL, NULL, 0);
    CU_ASSERT_PTR_NULL(strstr(said(), "KILL"));
    CU_ASSERT_TRUE(handshake.former_may_live);
    handshake_end(&handshake);
    former = NOBODY;
    memory = (struct handshake_memory){0};
}

static void a_password_that_the_other_side_repeats_is_not_told(void)
{
    struct err err;

    memory.left_out = WORD_HELLO;
    begin("bridge", "hunter22", 0);
    CU_ASSERT_EQUAL(feed("-ERR access of bridge by hunter22 is denied\r\n", &err),
                    HANDSHAKE_REFUSED);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "by *** is denied"));
    CU_ASSERT_PTR_NULL(strstr(err.text, "hunter22"));
    handshake_end(&handshake);
    memory = (struct handshake_memory){0};
}

static void a_refused_password_is_named_behind_a_proxy(void)
{
    struct err err;

    memory.left_out = WORD_HELLO;
    begin(NULL, "secret", 0);
    CU_ASSERT_EQUAL(feed("-ERR Client sent AUTH, but no password is set\r\n", &err),
                    HANDSHAKE_REFUSED);
    ASSERT_TEXT(err.text, "AUTH: ERR Client sent AUTH, but no password is set");
    handshake_end(&handshake);
    memory = (struct handshake_memory){0};
}

/* --- roles ------------------------------------------------------------------------------------ */

static bool is_replica(const char *replication)
{
    char answer[256];
    struct err err;

    snprintf(answer, sizeof(answer), "$%zu\r\n%s\r\n", strlen(replication), replication);
    begin(NULL, NULL, 0);
    feed(HELLO CLIENT SERVER, &err);
    CU_ASSERT_EQUAL(feed(answer, &err), HANDSHAKE_DONE);
    handshake_end(&handshake);
    return handshake.is_replica;
}

static void a_replica_is_told_from_a_primary(void)
{
    CU_ASSERT_FALSE(is_replica("# Replication\r\nrole:master\r\nconnected_slaves:0\r\n"));
    CU_ASSERT_TRUE(is_replica("# Replication\r\nrole:slave\r\nslave_read_only:1\r\n"));
    CU_ASSERT_FALSE(is_replica("# Replication\r\nrole:slave\r\nslave_read_only:0\r\n"));
    CU_ASSERT_FALSE(is_replica("what is this"));
}

/* --- lies ------------------------------------------------------------------------------------- */

static void a_length_that_cannot_be_right_is_not_believed(void)
{
    expect("*2147483647\r\n", HANDSHAKE_FAILED,
           "an answer of 2147483647 elements: more than the 4096 that can be right here");
    expect(HELLO "$2147483647\r\n", HANDSHAKE_FAILED,
           "an answer of 2147483647 bytes: more than the 1048576 that can be right here");
}

static void a_password_that_a_url_decoded_is_told(void)
{
    struct err err = {0};

    begin(NULL, "sesame@", 0);
    options.decoded = true;
    CU_ASSERT_EQUAL(
        feed("-WRONGPASS invalid username-password pair or user is disabled.\r\n", &err),
        HANDSHAKE_REFUSED);
    ASSERT_TEXT(err.text,
                "WRONGPASS: the password in the url was decoded ('%40' is '@'): write %25 for each "
                "'%' of it, or use the setting 'password', which takes it as it is");
    handshake_end(&handshake);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_handshake_says_who_it_is_in_one_round),
        TEST(the_former_connection_is_killed_by_all_that_is_known_of_it),
        TEST(replies_cut_at_any_byte_tell_the_same),
        TEST(a_user_who_may_not_ask_still_connects),
        TEST(a_unix_socket_is_no_address),
        TEST(without_hello_there_is_a_second_round),
        TEST(what_the_operator_must_mend_is_refused),
        TEST(a_server_that_is_not_ready_yet_is_tried_again),
        TEST(another_protocol_is_told),
        TEST(any_refusal_of_hello_is_answered_by_a_round_without_it),
        TEST(a_hang_up_leaves_out_a_word_a_time),
        TEST(where_nothing_else_may_be_asked_there_is_a_ping),
        TEST(a_hang_up_behind_a_refused_word_leaves_that_word_out),
        TEST(a_word_that_was_answered_once_is_not_blamed_for_a_hang_up),
        TEST(without_client_the_former_connection_may_live),
        TEST(a_password_that_the_other_side_repeats_is_not_told),
        TEST(a_refused_password_is_named_behind_a_proxy),
        TEST(a_password_that_a_url_decoded_is_told),
        TEST(a_replica_is_told_from_a_primary),
        TEST(a_length_that_cannot_be_right_is_not_believed),
        TEST(a_refusal_is_told_though_nothing_can_be_read_of_it),
    };

    return SUITE("handshake", tests);
}
