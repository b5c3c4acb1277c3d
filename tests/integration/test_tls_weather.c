/*
 * test_tls_weather.c: TLS over a network that slices, cuts, stalls and stays silent; short
 * handshakes; the dialogue.
 */
#include "suite.h"

#include "certificates.h"
#include "fake_redis_server.h"
#include "owner_fixture.h"
#include "real_redis_server.h"
#include "sink_fixture.h"

#include "base/clock.h"
#include "base/mem.h"
#include "redis/dialogue.h"
#include "redis/endpoint.h"
#include "redis/handshake.h"
#include "redis/probe.h"
#include "redis/socket.h"
#include "redis/stream.h"
#include "redis/tls.h"

#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>

enum { A_DAY_S = 24 * 3600, LARGE_BYTES = 3 << 20, FAST = 1 << 30 };

static struct certificates *made;
static struct redis_server *server;
static struct sink_fixture *fixture;
static struct fake_server *fake;
static char ca[400];

static void start_server(void)
{
    made = certificates_new();
    certificates_issue(made, "good", "DNS:localhost,IP:127.0.0.1", -60, A_DAY_S);
    snprintf(ca, sizeof(ca), "%s", certificates_path(made, "ca.pem"));
    server = redis_server_start_tls("--tls-cert-file", certificates_path(made, "good.pem"),
                                    "--tls-key-file", certificates_path(made, "good.key"),
                                    "--tls-ca-cert-file", ca, "--tls-auth-clients", "no", NULL);
}

/* A fixture whose way to the server leads through a proxy. */
static void prepare(size_t bytes_a_second)
{
    ASSERT_TEXT(redis_ask(server, "FLUSHALL"), "OK");
    fixture = sink_fixture_new(0);
    fixture->options.tls.on = true;
    fixture->options.tls.ca.text = ca;
    fake = fake_server_proxy(fixture->loop.base, redis_server_tls_port(server), bytes_a_second);
    fixture->options.port = fake_server_port(fake);
}

static void close_all(void)
{
    sink_fixture_stop(fixture);
    fake_server_close(fake);
    sink_fixture_close(fixture);
    fake = NULL;
    fixture = NULL;
}

static void expect_sequence(int count)
{
    char expected[16];

    CU_ASSERT_TRUE(sink_fixture_succeeds(fixture));
    CU_ASSERT_FALSE(fixture->unordered);
    snprintf(expected, sizeof(expected), "%d", count);
    ASSERT_TEXT(redis_ask(server, "LLEN seq"), expected);
    for (int i = 0; i < count; i++) {
        snprintf(expected, sizeof(expected), "%d", i);
        ASSERT_TEXT(redis_ask(server, "LINDEX seq %d", i), expected);
    }
}

/* --- weather ---------------------------------------------------------------------------------- */

static void answers_may_come_byte_by_byte(void)
{
    prepare(FAST);
    fake_server_slice(fake, 1);
    sink_fixture_start(fixture);
    sink_fixture_push_sequence(fixture, 0, 100);
    expect_sequence(100);
    CU_ASSERT_EQUAL(fixture->counters->reconnects, 0);
    close_all();
}

/* Short answers: what is left of a transaction's, once a wake-up found only half a record of TLS,
 * is less than what the wake-up was for. */
static bool render_bit(struct owner_partition *partition, int64_t offset, unsigned place)
{
    char key[32], bit[32];

    snprintf(key, sizeof(key), "bits:%d", partition->number);
    snprintf(bit, sizeof(bit), "%lld", (long long)offset);
    if (place == 0)
        owner_put(partition, "SETBIT", key, bit, "1", NULL);
    return place == 0;
}

static void a_transactions_answers_may_come_piece_by_piece(void)
{
    ASSERT_TEXT(redis_ask(server, "FLUSHALL"), "OK");
    struct owner *owner = owner_new(0, 2);
    owner->options.tls.on = true;
    owner->options.tls.ca.text = ca;
    owner->options.response_timeout = 20000;
    owner->render = render_bit;
    fake = fake_server_proxy(owner->loop.base, redis_server_tls_port(server), FAST);
    fake_server_slice(fake, 50);
    owner->options.port = fake_server_port(fake);
    owner_start(owner);
    owner_claim_all(owner);
    CU_ASSERT_TRUE(owner_wait_claimed(owner));
    int64_t from_ms = clock_ms();
    owner_feed(owner, 3000);
    CU_ASSERT_TRUE(owner_finish(owner));
    CU_ASSERT_TRUE(clock_ms() - from_ms < 6000); /* a wait for each half record adds up to more */
    CU_ASSERT_EQUAL(owner->counters->reconnects, 0);
    ASSERT_TEXT(redis_ask(server, "BITCOUNT bits:0"), "3000");
    ASSERT_TEXT(redis_ask(server, "BITCOUNT bits:1"), "3000");
    sink_free(owner->sink);
    owner->sink = NULL;
    fake_server_close(fake);
    owner_close(owner);
    fake = NULL;
}

static void a_slow_network_gets_a_large_value_in_the_end(void)
{
    char *value = mem_alloc(LARGE_BYTES + 1);
    struct slice set[] = {SLICE("SET"), SLICE("key"), {value, LARGE_BYTES}};

    for (size_t i = 0; i < LARGE_BYTES; i++)
        value[i] = (char)('a' + i * 31 % 26);
    prepare(8 << 20);
    fixture->options.window_bytes = 16 << 20;
    sink_fixture_start(fixture);
    sink_fixture_stage(fixture, set[1], set, 3);
    sink_commit(fixture->sink);
    sink_fixture_put(fixture, "RPUSH", "seq", "0", NULL); /* waits behind the value */
    expect_sequence(1);
    ASSERT_TEXT(redis_ask(server, "GET key"), value);
    CU_ASSERT_EQUAL(fixture->counters->reconnects, 0);
    close_all();
    free(value);
}

enum { STUFFING_BYTES = 16 << 20 };

/* Puts one value of @p bytes to a server that does not read; how much of it was sent. */
static uint64_t stuff(const char *value, size_t bytes)
{
    struct slice set[] = {SLICE("SET"), SLICE("key"), {value, bytes}};
    uint64_t before = fixture->counters->sent_bytes;

    sink_fixture_stage(fixture, set[1], set, 3);
    sink_commit(fixture->sink);
    sink_fixture_run(fixture, 50);
    return fixture->counters->sent_bytes - before;
}

static void open_to_one_that_sleeps(void)
{
    fixture = sink_fixture_new(redis_server_tls_port(server));
    fixture->options.tls.on = true;
    fixture->options.tls.ca.text = ca;
    fixture->options.window_bytes = 64 << 20;
    fixture->options.response_timeout = 60000;
    sink_fixture_start(fixture);
    sink_fixture_put(fixture, "SET", "key", "value", NULL);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    redis_server_pause(server);
}

/* The last bytes of a value are encrypted, and the socket was full just then; no answer comes that
 * could wake anybody. */
static void what_tls_holds_back_leaves_by_itself(void)
{
    char *value = mem_alloc(STUFFING_BYTES);

    memset(value, 'x', STUFFING_BYTES);
    open_to_one_that_sleeps();
    size_t full = (size_t)stuff(value, STUFFING_BYTES);
    CU_ASSERT(full < STUFFING_BYTES);
    bool leaves = true;
    for (size_t less = 0; leaves && less < 96 << 10; less += 8 << 10) {
        redis_server_resume(server);
        sink_fixture_close(fixture);
        open_to_one_that_sleeps();
        stuff(value, full - less);
        redis_server_resume(server);
        int64_t start_ms = clock_ms();
        leaves = sink_fixture_finish(fixture) && clock_ms() - start_ms < AT_ONCE_MS;
        CU_ASSERT_TRUE(leaves);
        CU_ASSERT_EQUAL(fixture->counters->reconnects, 0);
    }
    sink_fixture_close(fixture);
    fixture = NULL;
    free(value);
}

/* The handshake of TLS 1.3 has about 900 bytes of the server, then its tickets and answers. */
static void a_cut_at_any_byte_loses_nothing(void)
{
    for (size_t cut = 1; cut < 2600; cut += 37) {
        prepare(FAST);
        fake_server_cut(fake, cut);
        sink_fixture_start(fixture);
        for (int i = 0; i < 20; i++)
            sink_fixture_put(fixture, "SET", "key", "value", NULL);
        CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, cut < 900 ? "TLS: " : ""));
        fake_server_cut(fake, 0);
        CU_ASSERT_TRUE(sink_fixture_succeeds(fixture));
        close_all();
    }
}

static void cuts_in_a_stream_of_commands_keep_the_order(void)
{
    char number[16];

    prepare(FAST);
    fake_server_cut(fake, 5000);
    fixture->options.window_commands = 100;
    sink_fixture_start(fixture);
    for (int i = 0; i < 3000; i++) {
        snprintf(number, sizeof(number), "%d", i);
        while (!sink_has_room(fixture->sink))
            sink_fixture_turn(fixture);
        sink_fixture_put(fixture, "SET", "last", number, NULL);
        if (i == 2000)
            fake_server_cut(fake, 0);
    }
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    CU_ASSERT_FALSE(fixture->unordered);
    CU_ASSERT(fixture->counters->reconnects > 0);
    ASSERT_TEXT(redis_ask(server, "GET last"), "2999");
    close_all();
}

/* --- silence ---------------------------------------------------------------------------------- */

static const char *say_nothing(void *context, unsigned connection, unsigned number,
                               const char *name)
{
    (void)context, (void)connection, (void)number, (void)name;
    return NULL;
}

/* A server that accepts and says nothing. */
static void expect_silence_found(bool tls, const char *text)
{
    fixture = sink_fixture_new(0);
    fixture->options.tls.on = tls;
    fixture->options.tls.ca.text = ca;
    fake = fake_server_open(fixture->loop.base, say_nothing, NULL);
    fake_server_freeze(fake);
    fixture->options.port = fake_server_port(fake);
    fixture->options.connect_timeout = 60000;
    fixture->options.response_timeout = 200;
    int64_t start_ms = clock_ms();
    sink_fixture_start(fixture);
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, text));
    CU_ASSERT(clock_ms() - start_ms < AT_ONCE_MS);
    close_all();
}

static void silence_in_the_handshakes_is_found_by_the_response_timeout(void)
{
    expect_silence_found(true, "TLS: no handshake within 200 ms");
    expect_silence_found(false, "handshake: timed out at HELLO after 200 ms");
}

static void silence_behind_commands_is_found_by_the_response_timeout(void)
{
    prepare(FAST);
    fixture->options.response_timeout = 300;
    sink_fixture_start(fixture);
    sink_fixture_put(fixture, "SET", "key", "1", NULL);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    fake_server_freeze(fake);
    sink_fixture_put(fixture, "SET", "key", "2", NULL);
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "no answer for"));
    close_all();
}

/* --- short handshakes ------------------------------------------------------------------------- */

static int connect_to_server(void)
{
    struct addresses addresses = {.count = 1};
    struct sockaddr_in *address = (struct sockaddr_in *)&addresses.items[0];
    struct err err;

    address->sin_family = AF_INET;
    address->sin_port = htons((uint16_t)redis_server_tls_port(server));
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    addresses.lengths[0] = sizeof(*address);
    int fd = socket_connect(&addresses, 0, &err);
    poll(&(struct pollfd){fd, POLLOUT, 0}, 1, 60000);
    return fd;
}

/* Connects, asks for a PING, and tells whether the handshake was a short one. */
static bool is_short(struct tls_context *context)
{
    struct stream stream;
    struct err err = {0};
    char answer[64];
    ssize_t got = -1;

    stream_open(&stream, connect_to_server(), context, "localhost");
    for (int i = 0; i < 600 && stream_shake(&stream, &err) == STREAM_WAITS; i++)
        poll(&(struct pollfd){stream.fd, POLLIN, 0}, 1, 100);
    CU_ASSERT_EQUAL(stream_send(&stream, SLICE("PING\r\n")), 6);
    for (int i = 0; i < 600 && got < 0; i++) {
        poll(&(struct pollfd){stream.fd, POLLIN, 0}, 1, 100);
        got = stream_receive(&stream, answer, sizeof(answer));
    }
    CU_ASSERT_EQUAL(got, 7);
    CU_ASSERT_EQUAL(memcmp(answer, "+PONG\r\n", 7), 0);
    bool resumed = tls_resumed(stream.tls);
    stream_close(&stream);
    return resumed;
}

static void the_second_handshake_is_short_and_that_after_a_reload_is_not(void)
{
    static const char *const versions[] = {"TLSv1.2", "TLSv1.3"};
    struct conf_sink sink = {.host = (char[]){"localhost"}, .tls = {.on = true, .ca.text = ca}};
    struct err err;

    for (size_t i = 0; i < 2; i++) {
        redis_ask(server, "CONFIG SET tls-protocols %s", versions[i]);
        struct tls_context *context = tls_context_new(&sink, &err);
        CU_ASSERT_FALSE(is_short(context));
        CU_ASSERT_TRUE(is_short(context));
        CU_ASSERT_TRUE(is_short(context));
        CU_ASSERT_TRUE(tls_context_reload(context, &err));
        CU_ASSERT_FALSE(is_short(context));
        CU_ASSERT_TRUE(is_short(context));
        tls_context_free(context);
    }
    redis_ask(server, "CONFIG SET tls-protocols %s", "TLSv1.2 TLSv1.3");
}

/* --- the dialogue ----------------------------------------------------------------------------- */

static struct conf_sink sink_of(void)
{
    return (struct conf_sink){.host = (char *)(size_t) "localhost",
                              .port = redis_server_tls_port(server),
                              .connections = 1,
                              .connect_timeout = 60000,
                              .response_timeout = 60000,
                              .tls = {.on = true, .ca.text = ca}};
}

static char found[2048];

static void note(void *context, enum probe_verdict verdict, const char *text)
{
    size_t used = strlen(found);

    (void)context;
    snprintf(found + used, sizeof(found) - used, "%d: %s\n", (int)verdict, text);
}

static bool probe(const struct conf_sink *sink)
{
    found[0] = '\0';
    return redis_probe(sink, NULL, 0, false, &(struct probe_listener){NULL, note});
}

static void check_online_speaks_tls(void)
{
    struct conf_sink sink = sink_of();

    CU_ASSERT_TRUE(probe(&sink));
    CU_ASSERT_PTR_NOT_NULL(strstr(found, "answers PING"));
    sink.tls.ca.text = certificates_path(made, "stranger.pem");
    CU_ASSERT_FALSE(probe(&sink));
    CU_ASSERT_PTR_NOT_NULL(strstr(found, "TLS: the server's certificate is signed by an authority "
                                         "that 'tls.ca' does not hold"));
    sink = sink_of();
    sink.tls.server_name.text = "redis.example";
    CU_ASSERT_FALSE(probe(&sink));
    CU_ASSERT_PTR_NOT_NULL(strstr(found, "is not for 'redis.example'; it is for localhost"));
    sink = sink_of();
    sink.port = redis_server_port(server);
    sink.connect_timeout = 300;
    CU_ASSERT_FALSE(probe(&sink));
    CU_ASSERT_PTR_NOT_NULL(strstr(found, "TLS: the server does not ")); /* speak TLS, finish */
    redis_ask(server, "CONFIG SET tls-auth-clients yes");
    sink = sink_of();
    CU_ASSERT_FALSE(probe(&sink));
    CU_ASSERT_PTR_NOT_NULL(strstr(found, "TLS: the server wants a certificate of us"));
    redis_ask(server, "CONFIG SET tls-auth-clients no");
}

static void a_dialogue_takes_large_values(void)
{
    char *value = mem_alloc(LARGE_BYTES);
    struct slice set[] = {SLICE("SET"), SLICE("key"), {value, LARGE_BYTES}};
    struct slice get[] = {SLICE("GET"), SLICE("key")};
    struct conf_sink sink = sink_of();
    struct handshake_options identity = {.client_name = "a test"};
    struct endpoint endpoint = endpoint_of(&sink, 0);
    struct err err = {0};

    memset(value, 'x', LARGE_BYTES);
    struct dialogue *dialogue =
        dialogue_open(&endpoint, &identity, (struct dialogue_timeouts){2000, 5000}, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(dialogue);
    redisReply *reply = dialogue_ask(dialogue, set, 3, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(reply);
    ASSERT_TEXT(reply->str, "OK");
    freeReplyObject(reply);
    reply = dialogue_ask(dialogue, get, 2, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(reply);
    CU_ASSERT_EQUAL((long)reply->len, LARGE_BYTES);
    CU_ASSERT_EQUAL(memcmp(reply->str, value, LARGE_BYTES), 0);
    freeReplyObject(reply);
    dialogue_close(dialogue);
    free(value);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(answers_may_come_byte_by_byte),
        TEST(a_transactions_answers_may_come_piece_by_piece),
        TEST(a_slow_network_gets_a_large_value_in_the_end),
        TEST(what_tls_holds_back_leaves_by_itself),
        TEST(a_cut_at_any_byte_loses_nothing),
        TEST(cuts_in_a_stream_of_commands_keep_the_order),
        TEST(silence_in_the_handshakes_is_found_by_the_response_timeout),
        TEST(silence_behind_commands_is_found_by_the_response_timeout),
        TEST(the_second_handshake_is_short_and_that_after_a_reload_is_not),
        TEST(check_online_speaks_tls),
        TEST(a_dialogue_takes_large_values),
    };

    start_server();
    int status = SUITE("tls_weather", tests);
    redis_server_free(server);
    certificates_free(made);
    return status;
}
