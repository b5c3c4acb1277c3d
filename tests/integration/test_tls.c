/*
 * test_tls.c: a sink over TLS to a real redis-server with real certificates.
 *
 * One server serves all tests; its certificate is changed by CONFIG SET on its plain port.
 */
#include "suite.h"

#include "certificates.h"
#include "real_redis_server.h"
#include "sink_fixture.h"

#include "base/mem.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <unistd.h>

enum { A_DAY_S = 24 * 3600, LARGE_BYTES = 5 << 20 };

static struct certificates *made;
static struct redis_server *server;
static struct sink_fixture *fixture;

/* --- the two sides ---------------------------------------------------------------------------- */

static void start_server(void)
{
    made = certificates_new();
    certificates_issue(made, "good", "DNS:localhost,DNS:redis.example,IP:127.0.0.1", -60, A_DAY_S);
    certificates_issue(made, "expired", "DNS:localhost", -2L * A_DAY_S, -A_DAY_S);
    certificates_issue(made, "early", "DNS:localhost", A_DAY_S, 2L * A_DAY_S);
    certificates_issue(made, "other", "DNS:other.example,DNS:*.others.example,IP:127.0.0.9", -60,
                       A_DAY_S);
    certificates_issue(made, "nameless", NULL, -60, A_DAY_S);
    certificates_issue(made, "localhost", NULL, -60, A_DAY_S);
    certificates_issue(made, "client", "DNS:bridge", -60, A_DAY_S);
    certificates_issue(made, "old_client", "DNS:bridge", -2L * A_DAY_S, -A_DAY_S);
    certificates_issue_strange(made, "strange", "DNS:localhost,IP:127.0.0.1");
    server = redis_server_start_tls("--tls-cert-file", certificates_path(made, "good.pem"),
                                    "--tls-key-file", certificates_path(made, "good.key"),
                                    "--tls-ca-cert-file", certificates_path(made, "ca.pem"),
                                    "--tls-auth-clients", "no", NULL);
}

static void serve(const char *name)
{
    char certificate[64], key[64];

    snprintf(certificate, sizeof(certificate), "%s.pem", name);
    snprintf(key, sizeof(key), "%s.key", name);
    ASSERT_TEXT(redis_ask(server, "CONFIG SET tls-cert-file %s tls-key-file %s",
                          certificates_path(made, certificate), certificates_path(made, key)),
                "OK");
}

static void serve_setting(const char *setting, const char *value)
{
    ASSERT_TEXT(redis_ask(server, "CONFIG SET %s %s", setting, value), "OK");
}

/* A path lives as long as the fixture. */
static struct conf_text text_of(const char *text)
{
    return (struct conf_text){.text = mem_text(text)};
}

/* A sink to "localhost" that believes our authority. */
static void prepare(void)
{
    fixture = sink_fixture_new(redis_server_tls_port(server));
    fixture->options.tls.on = true;
    fixture->options.tls.ca = text_of(certificates_path(made, "ca.pem"));
    free(fixture->options.host);
    fixture->options.host = mem_text("localhost");
    ASSERT_TEXT(redis_ask(server, "FLUSHALL"), "OK");
}

static void show_certificate(const char *name)
{
    char file[64];

    snprintf(file, sizeof(file), "%s.pem", name);
    fixture->options.tls.cert = text_of(certificates_path(made, file));
    snprintf(file, sizeof(file), "%s.key", name);
    fixture->options.tls.key = text_of(certificates_path(made, file));
}

static void finish(void)
{
    struct conf_tls tls = fixture->options.tls;

    sink_fixture_close(fixture);
    fixture = NULL;
    free((char *)(size_t)tls.ca.text);
    free((char *)(size_t)tls.cert.text);
    free((char *)(size_t)tls.key.text);
    free((char *)(size_t)tls.server_name.text);
}

static void expect_flow(void)
{
    sink_fixture_start(fixture);
    sink_fixture_put(fixture, "SET", "key", "value", NULL);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    CU_ASSERT_EQUAL(fixture->outcomes[0], TICKET_DONE);
    ASSERT_TEXT(redis_ask(server, "GET key"), "value");
    finish();
}

/* Nothing flows, and the sink tells why, with the address. */
static void expect_trouble(const char *text)
{
    char address[64];

    snprintf(address, sizeof(address), "localhost:%d: TLS: ", redis_server_tls_port(server));
    sink_fixture_start(fixture);
    sink_fixture_put(fixture, "SET", "key", "value", NULL);
    CU_ASSERT_TRUE_FATAL(sink_fixture_wait_trouble(fixture, text));
    CU_ASSERT_PTR_NOT_NULL(strstr(sink_trouble(fixture->sink), address));
    sink_fixture_run(fixture, 100);
    CU_ASSERT_EQUAL(fixture->outcomes[0], TICKET_OPEN);
    ASSERT_TEXT(redis_ask(server, "GET key"), "(nil)");
    finish();
}

/* --- what is good ----------------------------------------------------------------------------- */

static void commands_flow_over_both_versions(void)
{
    static const char *const versions[] = {"TLSv1.2", "TLSv1.3", "TLSv1.2 TLSv1.3"};

    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        serve_setting("tls-protocols", versions[i]);
        prepare();
        expect_flow();
    }
}

static void an_address_is_verified_as_an_address(void)
{
    prepare();
    free(fixture->options.host);
    fixture->options.host = mem_text("127.0.0.1");
    expect_flow();
    serve("other");
    prepare();
    free(fixture->options.host);
    fixture->options.host = mem_text("127.0.0.1");
    sink_fixture_start(fixture);
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "TLS: the server's certificate is not for "
                                                      "'127.0.0.1'; it is for other.example, "
                                                      "*.others.example, 127.0.0.9"));
    finish();
    serve("good");
}

static void another_name_may_be_expected_than_the_hosts(void)
{
    prepare();
    fixture->options.tls.server_name = text_of("redis.example");
    expect_flow();
    serve("other");
    prepare();
    fixture->options.tls.server_name = text_of("any.others.example");
    expect_flow();
    prepare();
    fixture->options.tls.server_name = text_of("127.0.0.9");
    expect_flow();
    serve("good");
}

static void large_values_go_both_ways(void)
{
    char *value = mem_alloc(LARGE_BYTES + 1);
    struct slice set[] = {SLICE("SET"), SLICE("key"), {value, LARGE_BYTES}};
    struct slice get[] = {SLICE("GET"), SLICE("key")};

    for (size_t i = 0; i < LARGE_BYTES; i++)
        value[i] = (char)('a' + i * 7919 % 26);
    prepare();
    fixture->options.window_bytes = 16 << 20;
    sink_fixture_start(fixture);
    for (int i = 0; i < 3; i++) {
        sink_fixture_stage(fixture, set[1], set, 3);
        sink_fixture_stage(fixture, get[1], get, 2);
        sink_fixture_stage(fixture, get[1], get, 2);
    }
    sink_commit(fixture->sink);
    CU_ASSERT_TRUE(sink_fixture_succeeds(fixture));
    CU_ASSERT(fixture->counters->received_bytes > 6ull * LARGE_BYTES);
    CU_ASSERT_EQUAL(fixture->counters->reconnects, 0);
    ASSERT_TEXT(redis_ask(server, "GET key"), value);
    finish();
    free(value);
}

static void many_commands_keep_their_order(void)
{
    char last[16];

    prepare();
    sink_fixture_start(fixture);
    sink_fixture_push_sequence(fixture, 0, 50000);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    CU_ASSERT_FALSE(fixture->unordered);
    ASSERT_TEXT(redis_ask(server, "LLEN seq"), "50000");
    snprintf(last, sizeof(last), "%s", redis_ask(server, "LINDEX seq -1"));
    ASSERT_TEXT(last, "49999");
    finish();
}

/* SSL_get_error(3): what others left in the thread's queue must not be taken for an error of TLS.
 */
static void errors_of_others_do_no_harm(void)
{
    prepare();
    sink_fixture_start(fixture);
    for (int i = 0; i < 50; i++) {
        char number[16];
        ERR_raise(ERR_LIB_SSL, SSL_R_TLSV1_ALERT_UNKNOWN_CA);
        snprintf(number, sizeof(number), "%d", i);
        sink_fixture_put(fixture, "RPUSH", "seq", number, NULL);
        sink_fixture_turn(fixture);
    }
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    CU_ASSERT_EQUAL(fixture->counters->reconnects, 0);
    ASSERT_TEXT(redis_ask(server, "LLEN seq"), "50");
    ERR_clear_error();
    finish();
}

/* --- what is not ------------------------------------------------------------------------------ */

static void an_expired_certificate_is_refused(void)
{
    serve("expired");
    prepare();
    expect_trouble("TLS: the server's certificate has expired on 20");
    serve("good");
}

static void a_certificate_of_tomorrow_is_refused(void)
{
    serve("early");
    prepare();
    expect_trouble("TLS: the server's certificate is not valid before 20");
    serve("good");
}

static void a_certificate_for_another_host_is_refused(void)
{
    serve("other");
    prepare();
    expect_trouble("TLS: the server's certificate is not for 'localhost'; it is for "
                   "other.example, *.others.example, 127.0.0.9");
    serve("nameless");
    prepare();
    expect_trouble("TLS: the server's certificate is not for 'localhost'; it holds no name "
                   "(a CN is none: subjectAltName)");
    serve("localhost"); /* that is its CN */
    prepare();
    expect_trouble("TLS: the server's certificate is not for 'localhost'; it holds no name");
    serve("good");
}

static void a_certificate_of_an_unknown_authority_is_refused(void)
{
    serve("strange");
    prepare();
    expect_trouble("TLS: the server's certificate is signed by an authority that 'tls.ca' does not "
                   "hold");
    serve("good");
    prepare(); /* the system's store does not hold ours either */
    free((char *)(size_t)fixture->options.tls.ca.text);
    fixture->options.tls.ca.text = NULL;
    expect_trouble("TLS: the server's certificate is signed by an authority that 'tls.ca' does not "
                   "hold");
}

static void a_server_may_want_a_certificate_of_us(void)
{
    static const char *const versions[] = {"TLSv1.2", "TLSv1.3"};
    static const char *const missing[] = {"TLS: the server refuses the handshake: it wants a "
                                          "certificate of us ('tls.cert')",
                                          "TLS: the server wants a certificate of us: set "
                                          "'tls.cert' and 'tls.key'"};

    serve_setting("tls-auth-clients", "yes");
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        serve_setting("tls-protocols", versions[i]);
        prepare();
        show_certificate("client");
        expect_flow();
        prepare();
        expect_trouble(missing[i]);
        prepare();
        show_certificate("strange");
        expect_trouble("TLS: the server does not know the authority that signed our certificate");
        prepare();
        show_certificate("old_client");
        expect_trouble("TLS: the server says that our certificate ('tls.cert') has expired");
    }
    serve_setting("tls-auth-clients", "no");
    serve_setting("tls-protocols", "TLSv1.2 TLSv1.3");
}

static void a_server_without_our_version_is_told_so(void)
{
    serve_setting("tls-protocols", "TLSv1.2");
    prepare();
    fixture->options.tls.min_version = TLS_VERSION_1_3;
    expect_trouble("TLS: the server and we have no version of TLS in common ('tls.min_version')");
    serve_setting("tls-protocols", "TLSv1.2 TLSv1.3");
}

static void a_server_without_tls_is_told_so(void)
{
    prepare();
    fixture->options.port = redis_server_port(server);
    fixture->options.connect_timeout = 300;
    sink_fixture_start(fixture);
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "speak TLS on this port"));
    finish();
}

static void a_server_that_wants_tls_is_told_so(void)
{
    prepare();
    fixture->options.tls.on = false;
    sink_fixture_start(fixture);
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "does it want TLS (rediss://)?"));
    finish();
}

/* --- files ------------------------------------------------------------------------------------ */

/* What a sink that cannot even begin says. */
static void expect_no_sink(const char *text)
{
    struct sink_events events = {0};
    struct err err = {0};

    CU_ASSERT_PTR_NULL(sink_new(&(struct sink_options){.conf = &fixture->options,
                                                       .client_name = "a test",
                                                       .base = fixture->loop.base,
                                                       .events = &events},
                                &err));
    CU_ASSERT_EQUAL(err.kind, ERR_CONFIG);
    if (!strstr(err.text, text))
        fprintf(stderr, "\ngot: %s\nnot: %s\n", err.text, text);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, text));
    CU_ASSERT_EQUAL(ERR_peek_error(), 0);
    finish();
}

static void bad_files_are_told_by_their_setting(void)
{
    prepare();
    free((char *)(size_t)fixture->options.tls.ca.text);
    fixture->options.tls.ca = text_of("/nowhere/ca.pem");
    expect_no_sink("sink \"test\": 'tls.ca': /nowhere/ca.pem: No such file or directory");
    prepare();
    show_certificate("client");
    free((char *)(size_t)fixture->options.tls.cert.text);
    fixture->options.tls.cert = text_of(certificates_path(made, "client.key"));
    expect_no_sink("'tls.cert': ");
    prepare();
    show_certificate("client");
    free((char *)(size_t)fixture->options.tls.key.text);
    fixture->options.tls.key = text_of(certificates_path(made, "good.key"));
    expect_no_sink("key values mismatch");
    certificates_lock(made, "client", "locked");
    prepare();
    show_certificate("client");
    free((char *)(size_t)fixture->options.tls.key.text);
    fixture->options.tls.key = text_of(certificates_path(made, "locked.key"));
    expect_no_sink("locked.key: it has a passphrase, which is not supported");
}

static void drop_connections(void)
{
    redis_ask(server, "CLIENT KILL TYPE normal SKIPME yes");
}

/* As a reload of the same configuration does. */
static void configure_again(void)
{
    struct err err;
    bool renewed;

    CU_ASSERT_TRUE(sink_configure(fixture->sink, &fixture->options, &renewed, &err));
    CU_ASSERT_FALSE(renewed);
}

/* The client certificate of the sink's connection as the server knows it is not shown by redis, so
 * which one was used tells whether the server lets it in. */
static void files_are_read_again_for_new_connections(void)
{
    serve_setting("tls-auth-clients", "yes");
    certificates_copy(made, "client", "rotating");
    prepare();
    show_certificate("rotating");
    sink_fixture_start(fixture);
    sink_fixture_put(fixture, "SET", "key", "1", NULL);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));

    certificates_copy(made, "old_client", "rotating"); /* not read before it is said so */
    drop_connections();
    sink_fixture_put(fixture, "SET", "key", "2", NULL);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    configure_again();
    sink_fixture_put(fixture, "SET", "key", "3", NULL);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture)); /* the open connection stays */
    drop_connections();
    sink_fixture_put(fixture, "SET", "key", "4", NULL);
    CU_ASSERT_TRUE(sink_fixture_wait_trouble(fixture, "our certificate ('tls.cert') has expired"));
    certificates_copy(made, "client", "rotating");
    configure_again();
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    ASSERT_TEXT(redis_ask(server, "GET key"), "4");
    finish();
    serve_setting("tls-auth-clients", "no");
}

static void a_bad_file_keeps_the_old_one(void)
{
    serve_setting("tls-auth-clients", "yes");
    certificates_copy(made, "client", "rotating");
    prepare();
    show_certificate("rotating");
    sink_fixture_start(fixture);
    sink_fixture_put(fixture, "SET", "key", "1", NULL);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    unlink(certificates_path(made, "rotating.key"));
    configure_again();
    drop_connections();
    sink_fixture_put(fixture, "SET", "key", "2", NULL);
    CU_ASSERT_TRUE(sink_fixture_finish(fixture));
    ASSERT_TEXT(redis_ask(server, "GET key"), "2");
    finish();
    serve_setting("tls-auth-clients", "no");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(commands_flow_over_both_versions),
        TEST(an_address_is_verified_as_an_address),
        TEST(another_name_may_be_expected_than_the_hosts),
        TEST(large_values_go_both_ways),
        TEST(many_commands_keep_their_order),
        TEST(errors_of_others_do_no_harm),
        TEST(an_expired_certificate_is_refused),
        TEST(a_certificate_of_tomorrow_is_refused),
        TEST(a_certificate_for_another_host_is_refused),
        TEST(a_certificate_of_an_unknown_authority_is_refused),
        TEST(a_server_may_want_a_certificate_of_us),
        TEST(a_server_without_our_version_is_told_so),
        TEST(a_server_without_tls_is_told_so),
        TEST(a_server_that_wants_tls_is_told_so),
        TEST(bad_files_are_told_by_their_setting),
        TEST(files_are_read_again_for_new_connections),
        TEST(a_bad_file_keeps_the_old_one),
    };

    start_server();
    int status = SUITE("tls", tests);
    redis_server_free(server);
    certificates_free(made);
    return status;
}
