/* test_redact.c: what may be shown of a configuration file. */
#include "suite.h"

#include "conf/redact.h"

#include <stdlib.h>

static void shows(const char *text, const char *expected)
{
    char *masked = redact_text(text);

    ASSERT_TEXT(masked, expected);
    free(masked);
}

static void names_of_secrets_are_known_also_misspelled(void)
{
    static const char *const secrets[] = {"password",
                                          "pasword",
                                          "sasl_password",
                                          "REDIS_TOKEN",
                                          "ssl.key.pem",
                                          "client.secret",
                                          "api-key",
                                          "passwd",
                                          "ssl_key_password",
                                          "SASL_PASSWORD",
                                          "oauthbearer_credential"};
    static const char *const others[] = {
        "socket", "key_format",       "topics", "brokers", "commit_interval", "from", "group",
        "keys",   "ssl_key_location", "passed", "record",  "username",        ""};

    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
        CU_ASSERT_TRUE(redact_is_secret_name(slice_of(secrets[i])));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        CU_ASSERT_FALSE(redact_is_secret_name(slice_of(others[i])));
}

static void what_is_no_secret_stays_as_it_is(void)
{
    shows("", "");
    shows("a = 1; # password\nb = \"redis://h:6379/0\";",
          "a = 1; # password\nb = \"redis://h:6379/0\";");
    shows("b = \"unix:///s?db=1\"; c = \"redis://[::1]:6379\";",
          "b = \"unix:///s?db=1\"; c = \"redis://[::1]:6379\";");
}

static void the_value_of_a_secret_is_hidden(void)
{
    shows("password = \"hunter2\"; a = 1;", "password = ***; a = 1;");
    shows("password : \"hun\" \"ter2\";", "password : ***;");
    shows("password = [ \"hunter2\", \"hunter2\" ];", "password = *** ];");
    shows("password = 12345; a = 1;", "password = ***; a = 1;");
    shows("password = \"hun\\\"ter2\"; a = 1;", "password = ***; a = 1;");
}

static void lines_keep_their_numbers(void)
{
    shows("password = \"a\nb\nc\";\nd = 1;", "password = ***\n\n;\nd = 1;");
}

static void a_secret_with_broken_quotes_hides_its_line(void)
{
    shows("password = hunter2; a = 1;\nb = 2;", "password = ***\nb = 2;");
    shows("password = hunter2\"; a = 1;\nb = 2;", "password = ***\nb = 2;");
    shows("password hunter2\nb = 2;", "password ***\nb = 2;");
    shows("password = \"hunter2; a = 1;", "password = ***");
    shows("password = 1hunter2;\nb = 2;", "password = ***\nb = 2;");
}

static void a_url_loses_its_password(void)
{
    shows("url = \"redis://u:hunter2@h:1/0\";", "url = \"redis://u:***@h:1/0\";");
    shows("url = \"redis://u:hun@ter/2@h\";", "url = \"redis://u:***@h\";");
    shows("url = \"redis://u:hunter2/0\";", "url = \"redis://u:***/0\";");
    shows("url = \"redis://u:hunter2", "url = \"redis://u:***");
}

static void a_pair_in_a_string_loses_its_value(void)
{
    shows("librdkafka = ( \"sasl.password=hunter2\", \"debug=all\" );",
          "librdkafka = ( \"sasl.password=***\", \"debug=all\" );");
    shows("( \"sasl.password=\" \"hunter2\", \"x\" )", "( \"sasl.password=***\" ***, \"x\" )");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(names_of_secrets_are_known_also_misspelled),
        TEST(what_is_no_secret_stays_as_it_is),
        TEST(the_value_of_a_secret_is_hidden),
        TEST(lines_keep_their_numbers),
        TEST(a_secret_with_broken_quotes_hides_its_line),
        TEST(a_url_loses_its_password),
        TEST(a_pair_in_a_string_loses_its_value),
    };

    return SUITE("redact", tests);
}
