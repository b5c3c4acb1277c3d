/* test_token.c: a token for a login by OAUTHBEARER, from a file, a program, or AWS' keys. */
#include "suite.h"

#include "kafka/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* {"alg":"none"} and {"sub":"penstock","exp":2000000000} */
#define HEAD     "eyJhbGciOiJub25lIn0"
#define UNSIGNED HEAD ".eyJzdWIiOiJwZW5zdG9jayIsImV4cCI6MjAwMDAwMDAwMH0."

static const char path[] = "token.test";
static struct token token;
static struct err err;

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");

    fputs(text, file);
    fclose(file);
}

static bool fetch(struct conf_token options, int64_t now_ms)
{
    options.lifetime = 300000;
    return token_fetch(&options, now_ms, &token, &err);
}

static bool fetch_file(const char *text, int64_t now_ms)
{
    write_file(text);
    bool good = fetch((struct conf_token){.file = {.text = path}}, now_ms);
    remove(path);
    return good;
}

static bool fetch_command(const char *script)
{
    struct conf_text words[] = {{.text = "/bin/sh"}, {.text = "-c"}, {.text = script}};

    return fetch((struct conf_token){.command = {words, 3}}, 1000);
}

static void a_jwt_says_when_it_ends(void)
{
    static const struct {
        const char *text;
        int64_t end_ms;
    } rows[] = {
        {UNSIGNED, 2000000000000},
        {UNSIGNED "c2lnbmF0dXJl", 2000000000000},
        /* {"exp":1.5e9,"x":">>>???"}, whose base64 has - and _ */
        {HEAD ".eyJleHAiOjEuNWU5LCJ4IjoiPj4-Pz8_In0.x", 1500000000000},
        {HEAD ".eyJleHAiOiJ0b21vcnJvdyJ9.", -1}, /* {"exp":"tomorrow"} */
        {HEAD ".eyJleHAiOi0xfQ.", -1},           /* {"exp":-1} */
        {HEAD ".eyJleHAiOjFlMzAwfQ.", -1},       /* {"exp":1e300} */
        {HEAD ".e30.", -1},                      /* {} */
        {HEAD ".W10.", -1},                      /* [] */
        {HEAD ".!!!.", -1},
        {HEAD ".eyJ.", -1},
        {HEAD ".e.", -1},
        {HEAD ".", -1},
        {HEAD, -1},
        {"..", -1},
        {"", -1},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t end_ms = token_end_ms(slice_of(rows[i].text));
        if (end_ms != rows[i].end_ms)
            fprintf(stderr, "\n'%s' ends at %lld\n", rows[i].text, (long long)end_ms);
        CU_ASSERT_EQUAL(end_ms, rows[i].end_ms);
    }
}

static void a_file_is_read_again_before_its_token_ends(void)
{
    CU_ASSERT_FATAL(fetch_file(UNSIGNED "\r\n", 1999999990000));
    ASSERT_TEXT(token.text, UNSIGNED);
    CU_ASSERT_EQUAL(token.ends_ms, 2000000000000);
    CU_ASSERT_EQUAL(token.again_ms, 2000000000000);
    token_clear(&token);
    CU_ASSERT_FATAL(fetch_file(UNSIGNED, 1000));
    CU_ASSERT_EQUAL(token.again_ms, 1000 + TOKEN_FILE_MS);
    token_clear(&token);
    CU_ASSERT_FATAL(fetch_file("opaque", 1000));
    CU_ASSERT_EQUAL(token.ends_ms, 301000);
    token_clear(&token);
}

static void what_is_no_token_is_refused_and_not_shown(void)
{
    CU_ASSERT_FALSE(fetch_file(UNSIGNED, 2000000000000));
    ASSERT_TEXT(err.text, "token.test: the token expired at 2033-05-18T03:33:20Z");
    CU_ASSERT_FALSE(fetch_file(" \n", 1000));
    ASSERT_TEXT(err.text, "token.test: there is no token, it is empty");
    CU_ASSERT_FALSE(fetch_file("secret one", 1000));
    ASSERT_TEXT(err.text, "token.test: it has characters that no token has");
    CU_ASSERT_FALSE(fetch((struct conf_token){.file = {.text = path}}, 1000));
    ASSERT_TEXT(err.text, "token.test: No such file or directory");
}

static void a_program_prints_a_token(void)
{
    CU_ASSERT_FATAL(fetch_command("echo printed-$0"));
    ASSERT_TEXT(token.text, "printed-/bin/sh");
    CU_ASSERT_EQUAL(token.again_ms, 301000);
    token_clear(&token);
}

static void a_program_that_fails_gives_none(void)
{
    static const struct {
        const char *script, *said;
    } rows[] = {
        {"echo secret; exit 3", "/bin/sh: exit status 3"},
        {"kill -9 $$", "/bin/sh: ended by signal 9"},
        {"exit 0", "/bin/sh: there is no token, it is empty"},
        {"head -c 70000 /dev/zero | tr '\\0' x", "/bin/sh: longer than 65536 bytes"},
    };
    struct conf_text word = {.text = "/no/such/program"};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT_FALSE(fetch_command(rows[i].script));
        ASSERT_TEXT(err.text, rows[i].said);
    }
    CU_ASSERT_FALSE(fetch((struct conf_token){.command = {&word, 1}}, 1000));
    ASSERT_TEXT(err.text, "/no/such/program: No such file or directory");
}

static void a_program_has_none_of_our_files(void)
{
    int file = dup(STDOUT_FILENO);

    CU_ASSERT_FATAL(fetch_command("ls /proc/self/fd | grep -c ."));
    ASSERT_TEXT(token.text, "4"); /* standard input, output and error, and the folder itself */
    token_clear(&token);
    close(file);
}

/* As aws-msk-iam-sasl-signer-python 1.0.2 makes it, but for the User-Agent. */
static void amazons_token_is_a_signed_url(void)
{
    static const char begin[] =
        "aHR0cHM6Ly9rYWZrYS5ldS1jZW50cmFsLTEuYW1hem9uYXdzLmNvbS8_QWN0aW9uPWthZmthLWNsdXN0ZXIl"
        "M0FDb25uZWN0JlgtQW16LUFsZ29yaXRobT1BV1M0LUhNQUMtU0hBMjU2"; /* ...&X-Amz-Algorithm=... */

    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    CU_ASSERT_FATAL(fetch((struct conf_token){.aws_region = {.text = "eu-central-1"}}, 5000));
    CU_ASSERT_EQUAL(strncmp(token.text, begin, strlen(begin)), 0);
    CU_ASSERT_PTR_NULL(strpbrk(token.text, "+/="));
    CU_ASSERT_EQUAL(token.again_ms, 905000);
    token_clear(&token);
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_SECRET_ACCESS_KEY");
}

static void amazons_keys_may_stand_in_a_file(void)
{
    struct conf_token options = {.aws_region = {.text = "eu-central-1"}};

    setenv("AWS_SHARED_CREDENTIALS_FILE", path, 1);
    CU_ASSERT_FALSE(fetch(options, 1000));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "and token.test: No such file or directory"));
    write_file("[other]\naws_access_key_id=A\naws_secret_access_key=B\n[default]\r\n"
               "#aws_access_key_id = X\naws_access_key_id =\n aws_secret_access_key = C=D \n");
    CU_ASSERT_FALSE(fetch(options, 1000));
    ASSERT_TEXT(err.text, "token.test: profile [default] has no aws_access_key_id with an "
                          "aws_secret_access_key");
    setenv("AWS_PROFILE", "other", 1);
    CU_ASSERT_FATAL(fetch(options, 1000));
    token_clear(&token);
    unsetenv("AWS_PROFILE");
    unsetenv("AWS_SHARED_CREDENTIALS_FILE");
    remove(path);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_jwt_says_when_it_ends),
        TEST(a_file_is_read_again_before_its_token_ends),
        TEST(what_is_no_token_is_refused_and_not_shown),
        TEST(a_program_prints_a_token),
        TEST(a_program_that_fails_gives_none),
        TEST(a_program_has_none_of_our_files),
        TEST(amazons_token_is_a_signed_url),
        TEST(amazons_keys_may_stand_in_a_file),
    };

    return SUITE("token", tests);
}
