/* test_source_check.c: mistakes in a source's librdkafka properties. */
#include "generated_page.h"

#include "conf/conf.h"
#include "kafka/check.h"
#include "kafka/properties.h"

#include <openssl/ssl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static char *shown;
static bool lacks; /* some property could not be read */

static struct conf_property property(char *name, char *literal, const char *value, unsigned line)
{
    return (struct conf_property){
        .name = name, .literal = literal, .value = {.text = value, .origin = {"x.conf", line}}};
}

#define PROPERTY(name, value, line) property((char[]){name}, (char[]){name}, (value), (line))

/* What is said of these properties; how many are errors. */
static size_t check_both(struct conf_property *properties, size_t count, bool produces)
{
    struct conf_problems *problems = conf_problems_new();
    struct conf_source source = {.name = (char[]){"main"},
                                 .librdkafka = {properties, count, lacks, {"x.conf", 7}}};
    size_t length, errors;
    FILE *out;

    source_check(&source, produces, problems);
    free(shown);
    shown = NULL;
    out = open_memstream(&shown, &length);
    conf_problems_write(problems, CONF_NOTE, out);
    fclose(out);
    errors = conf_problems_count(problems);
    conf_problems_free(problems);
    return errors;
}

static size_t check(struct conf_property *properties, size_t count)
{
    return check_both(properties, count, false);
}

static bool says(const char *text)
{
    bool found = strstr(shown, text) != NULL;

    if (!found)
        fprintf(stderr, "\nnot said: %s\n%s\n", text, shown);
    return found;
}

static void good_properties_are_passed_on(void)
{
    struct conf_property good[] = {
        PROPERTY("fetch.wait.max.ms", "50", 3),
        PROPERTY("security.protocol", "plaintext", 4),
        PROPERTY("client.id", "mine", 5),
    };

    CU_ASSERT_EQUAL(check(good, 3), 0);
    ASSERT_TEXT(shown, "");
    CU_ASSERT_EQUAL(check(NULL, 0), 0);
}

static void all_mistakes_are_found_at_once_and_in_their_lines(void)
{
    struct conf_property bad[] = {
        PROPERTY("fetch.min.bytes", "-4", 3),
        property((char[]){"fetch.wait.mx.ms"}, (char[]){"fetch_wait_mx_ms"}, "5", 4),
        PROPERTY("enable.auto.commit", "true", 5),
        PROPERTY("security.protocol", "xx", 6),
        PROPERTY("rebalance_cb", "1", 8),
    };

    CU_ASSERT_EQUAL(check(bad, 5), 5);
    CU_ASSERT(
        says("x.conf:3: error: Configuration property \"fetch.min.bytes\" value -4 is outside "
             "allowed range"));
    CU_ASSERT(says("x.conf:4: error: librdkafka "));
    CU_ASSERT(says("has no property 'fetch_wait_mx_ms'"));
    CU_ASSERT(says("did you mean 'fetch_wait_max_ms'?"));
    CU_ASSERT(says("x.conf:5: error: 'enable.auto.commit' is not yours to set: penstock commits"));
    CU_ASSERT(says("x.conf:6: error: Invalid value \"xx\" for configuration property"));
    CU_ASSERT(says("x.conf:8: error: 'rebalance_cb' is not yours to set: only a program"));
}

static void what_only_a_consumer_finds_is_found_in_the_groups_line(void)
{
    struct conf_property bad[] = {
        PROPERTY("max.poll.interval.ms", "7000", 3),
        PROPERTY("session.timeout.ms", "8000", 4),
    };

    CU_ASSERT_EQUAL(check(bad, 2), 1);
    CU_ASSERT(says("x.conf:7: error: librdkafka: `max.poll.interval.ms`must be >= "
                   "`session.timeout.ms`") ||
              says("x.conf:7: error: librdkafka: "));
}

static void a_secret_value_is_never_shown(void)
{
    struct conf_property bad[] = {PROPERTY("security.protocol", "hunter2", 3)};

    bad[0].value.secret = true;
    CU_ASSERT_EQUAL(check(bad, 1), 1);
    CU_ASSERT_PTR_NULL(strstr(shown, "hunter2"));
    CU_ASSERT(says("x.conf:3: error: librdkafka refuses the value of \"security.protocol\""));
}

static void a_producers_property_is_a_warning(void)
{
    struct conf_property odd[] = {PROPERTY("linger.ms", "5", 3)};

    CU_ASSERT_EQUAL(check(odd, 1), 0);
    CU_ASSERT(says("x.conf:3: warning: 'linger.ms' is for producers"));
}

static void a_producers_property_is_for_the_dead_letters_where_they_go_there(void)
{
    struct conf_property good[] = {PROPERTY("linger.ms", "7", 3),
                                   PROPERTY("message.max.bytes", "2000", 4)};
    struct conf_property bad[] = {PROPERTY("acks", "1", 3)};
    struct conf_property ours[] = {PROPERTY("enable.idempotence", "false", 3)};

    CU_ASSERT_EQUAL(check_both(good, 2, true), 0);
    ASSERT_TEXT(shown, "");
    CU_ASSERT_EQUAL(check_both(bad, 1, true), 1);
    CU_ASSERT(says("x.conf:7: error: librdkafka, as the producer of dead letters: `acks`"));
    CU_ASSERT_EQUAL(check_both(ours, 1, true), 1);
    CU_ASSERT(says("x.conf:3: error: 'enable.idempotence' is not yours to set"));
}

static void the_cooperative_assignor_needs_a_librdkafka_that_can(void)
{
    struct conf_property cooperative[] = {
        PROPERTY("partition.assignment.strategy", "cooperative-sticky", 3)};
    bool can = rd_kafka_version() >= 0x020a01ff;

    CU_ASSERT_EQUAL(check(cooperative, 1), can ? 0 : 1);
    CU_ASSERT(can || says("x.conf:3: error: cooperative-sticky needs librdkafka 2.10.1 or newer"));
}

/* A file that gives librdkafka this to do, and is there once it was done. */
static bool is_carried_out(struct conf_property *properties, size_t count, const char *mark)
{
    struct timespec moment = {0, 100 * 1000 * 1000}; /* librdkafka's own thread does it */

    unlink(mark);
    CU_ASSERT_EQUAL(check_both(properties, count, true), 0);
    nanosleep(&moment, NULL);
    return access(mark, F_OK) == 0;
}

static void nothing_is_run_for_a_file_that_is_checked(void)
{
    struct conf_property command[] = {
        PROPERTY("security.protocol", "sasl_plaintext", 3),
        PROPERTY("sasl.mechanisms", "GSSAPI", 4),
        PROPERTY("sasl.kerberos.kinit.cmd", "touch check_ran_it", 5),
    };
    struct conf_property principal[] = {
        PROPERTY("security.protocol", "sasl_plaintext", 3),
        PROPERTY("sasl.mechanisms", "GSSAPI", 4),
        PROPERTY("sasl.kerberos.keytab", "/dev/null", 5),
        PROPERTY("sasl.kerberos.principal", "x\"; touch check_ran_it; \"", 6),
    };

    CU_ASSERT_FALSE(is_carried_out(command, 3, "check_ran_it"));
    CU_ASSERT_FALSE(is_carried_out(principal, 4, "check_ran_it"));
}

/* A provider that a client has loaded goes with it, for the whole process. */
static void a_check_leaves_openssl_as_it_was(void)
{
    struct conf_property tls[] = {
        PROPERTY("security.protocol", "ssl", 3),
        PROPERTY("ssl.providers", "default", 4),
    };

    CU_ASSERT_EQUAL(check(tls, 2), 0);
    CU_ASSERT_EQUAL(check(tls, 1), 0);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    CU_ASSERT_PTR_NOT_NULL(context);
    SSL_CTX_free(context);
}

static void what_the_ticket_of_kerberos_lacks_is_told(void)
{
    struct conf_property bare[] = {
        PROPERTY("security.protocol", "sasl_plaintext", 3),
        PROPERTY("sasl.mechanisms", "GSSAPI", 4),
    };

    CU_ASSERT_EQUAL(check(bare, 2), 1);
    CU_ASSERT(says("uses %{sasl.kerberos.keytab}, which is not set"));
}

static void a_file_that_is_not_there_is_named(void)
{
    struct conf_property bad[] = {PROPERTY("security.protocol", "ssl", 8),
                                  PROPERTY("ssl.ca.location", "/nowhere/ca.pem", 9)};
    struct conf_property good[] = {PROPERTY("ssl.ca.location", "probe", 9)};

    CU_ASSERT_EQUAL(check(bad, 2), 1);
    CU_ASSERT(
        says("x.conf:9: error: 'ssl.ca.location': /nowhere/ca.pem: No such file or directory"));
    CU_ASSERT_EQUAL(check(good, 1), 0);
}

static void what_lacks_a_property_brings_no_second_mistake(void)
{
    struct conf_property half[] = {PROPERTY("security.protocol", "sasl_plaintext", 8),
                                   PROPERTY("sasl.mechanism", "PLAIN", 9),
                                   PROPERTY("sasl.username", "u", 10)};

    CU_ASSERT_EQUAL(check(half, 3), 1);
    CU_ASSERT(says("sasl.username and sasl.password must be set"));
    lacks = true; /* the password's file could not be read */
    CU_ASSERT_EQUAL(check(half, 3), 0);
    CU_ASSERT_EQUAL(check_both(half, 3, true), 0);
    lacks = false;
}

static void a_token_must_come_from_somewhere(void)
{
    struct conf_property none[] = {PROPERTY("security.protocol", "sasl_plaintext", 8),
                                   PROPERTY("sasl.mechanism", "OAUTHBEARER", 9)};
    struct conf_property oidc[] = {PROPERTY("security.protocol", "sasl_plaintext", 8),
                                   PROPERTY("sasl.mechanism", "OAUTHBEARER", 9),
                                   PROPERTY("sasl.oauthbearer.method", "oidc", 10)};
    struct conf_property test[] = {PROPERTY("security.protocol", "sasl_plaintext", 8),
                                   PROPERTY("sasl.mechanism", "OAUTHBEARER", 9),
                                   PROPERTY("enable.sasl.oauthbearer.unsecure.jwt", "true", 10)};

    CU_ASSERT_EQUAL(check(none, 2), 1);
    CU_ASSERT(says("sasl_mechanism OAUTHBEARER needs a token"));
    CU_ASSERT(says("token = { file = "));
    bool suggested = strstr(shown, "oidc") != NULL;
    CU_ASSERT_EQUAL(check(test, 3), 0);
    /* Only if the librdkafka in use was built with it. */
    bool known = check(oidc, 3) == 0 || !strstr(shown, "not supported in this build");
    CU_ASSERT_EQUAL(suggested, known);
}

/* What is said of this token beside a login by OAUTHBEARER, or without one. */
static size_t check_login(struct conf_token token, bool logs_in, bool unsecure)
{
    struct conf_property rows[] = {PROPERTY("security.protocol", "sasl_plaintext", 8),
                                   PROPERTY("sasl.mechanism", "OAUTHBEARER", 9),
                                   PROPERTY("enable.sasl.oauthbearer.unsecure.jwt", "true", 10)};
    struct conf_problems *problems = conf_problems_new();
    struct conf_source source = {
        .name = (char[]){"main"},
        .librdkafka = {rows, logs_in ? 2 + unsecure : 0, false, {"x.conf", 7}},
        .token = token};
    size_t length;

    source.token.origin = (struct conf_origin){"x.conf", 12};
    source_check(&source, true, problems);
    free(shown);
    shown = NULL;
    FILE *out = open_memstream(&shown, &length);
    conf_problems_write(problems, CONF_NOTE, out);
    fclose(out);
    size_t errors = conf_problems_count(problems);
    conf_problems_free(problems);
    return errors;
}

static void a_token_is_checked_and_no_program_is_run(void)
{
    struct conf_text missing[] = {{.text = "/no/such/program", .origin = {"x.conf", 13}}};
    struct conf_text program[] = {{.text = "/bin/sh"}, {.text = "-c"}, {.text = "touch was-run"}};
    const struct conf_token file = {.file = {.text = "/dev/null"}};
    const struct conf_token both = {.file = {.text = "/dev/null"},
                                    .aws_region = {.text = "eu-west-1"}};

    CU_ASSERT_EQUAL(check_login(file, true, false), 0);
    CU_ASSERT_EQUAL(check_login((struct conf_token){.command = {program, 3}}, true, false), 0);
    CU_ASSERT_NOT_EQUAL(access("was-run", F_OK), 0);
    CU_ASSERT_EQUAL(check_login((struct conf_token){.command = {missing, 1}}, true, false), 1);
    CU_ASSERT(says("x.conf:13: error: 'command' of 'token': /no/such/program: No such file"));
    CU_ASSERT_EQUAL(
        check_login((struct conf_token){.file = {.text = "/no/such/file"}}, true, false), 1);
    CU_ASSERT(says("'file' of 'token': /no/such/file: No such file"));
    CU_ASSERT_EQUAL(check_login(both, true, false), 1);
    CU_ASSERT(says("x.conf:12: error: 'token' takes one of 'file', 'command' and 'aws_region'"));
    CU_ASSERT_EQUAL(check_login((struct conf_token){.lifetime = 1}, true, false), 1);
    CU_ASSERT_EQUAL(check_login(file, false, false), 1);
    CU_ASSERT(says("'token' is set, but the source does not log in by OAUTHBEARER"));
    CU_ASSERT_EQUAL(check_login(file, true, true), 1);
    CU_ASSERT(says("both 'token' and librdkafka would fetch a token"));
}

static void amazons_region_and_keys_are_checked(void)
{
    const struct conf_token token = {.aws_region = {.text = "eu-west-1"}};

    setenv("AWS_SHARED_CREDENTIALS_FILE", "/no/such/file", 1);
    CU_ASSERT_EQUAL(check_login(token, true, false), 1);
    CU_ASSERT(says("'aws_region' of 'token' needs keys: no AWS_ACCESS_KEY_ID and "
                   "AWS_SECRET_ACCESS_KEY in the environment, and /no/such/file: No such file"));
    unsetenv("AWS_SHARED_CREDENTIALS_FILE");
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    CU_ASSERT_EQUAL(check_login(token, true, false), 0);
    CU_ASSERT_EQUAL(
        check_login((struct conf_token){.aws_region = {.text = "evil.com/?"}}, true, false), 1);
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_SECRET_ACCESS_KEY");
}

static void the_page_of_properties_is_not_stale(void)
{
    ASSERT_PAGE(properties_write_reference, SOURCE_DIR "/docs/reference/librdkafka.md");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(good_properties_are_passed_on),
        TEST(all_mistakes_are_found_at_once_and_in_their_lines),
        TEST(what_only_a_consumer_finds_is_found_in_the_groups_line),
        TEST(a_secret_value_is_never_shown),
        TEST(a_producers_property_is_a_warning),
        TEST(a_producers_property_is_for_the_dead_letters_where_they_go_there),
        TEST(the_cooperative_assignor_needs_a_librdkafka_that_can),
        TEST(nothing_is_run_for_a_file_that_is_checked),
        TEST(a_check_leaves_openssl_as_it_was),
        TEST(what_the_ticket_of_kerberos_lacks_is_told),
        TEST(a_file_that_is_not_there_is_named),
        TEST(what_lacks_a_property_brings_no_second_mistake),
        TEST(a_token_must_come_from_somewhere),
        TEST(a_token_is_checked_and_no_program_is_run),
        TEST(amazons_region_and_keys_are_checked),
        TEST(the_page_of_properties_is_not_stale),
    };
    int status = SUITE("source_check", tests);

    free(shown);
    return status;
}
