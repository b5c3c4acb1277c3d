/* test_url.c: the URL of a Redis server. */
#include "suite.h"

#include "conf/url.h"

static struct url url;

static void parse(const char *text)
{
    struct err err = {0};

    url = (struct url){0};
    bool good = url_parse(text, &url, &err);
    if (!good)
        fprintf(stderr, "\n%s: %s\n", text, err.text);
    CU_ASSERT_TRUE_FATAL(good);
}

static void fails(const char *text, const char *expected)
{
    struct err err = {0};
    struct url untouched = {.database = -7};

    CU_ASSERT_FALSE(url_parse(text, &untouched, &err));
    ASSERT_TEXT(err.text, expected);
    CU_ASSERT_EQUAL(err.kind, ERR_CONFIG);
    CU_ASSERT_EQUAL(untouched.database, -7);
}

static void a_host_alone_has_the_default_port_and_database(void)
{
    parse("redis://localhost");
    ASSERT_TEXT(url.hosts[0].name, "localhost");
    CU_ASSERT_EQUAL(url.hosts[0].port, 6379);
    CU_ASSERT_EQUAL(url.database, 0);
    CU_ASSERT_PTR_NULL(url.socket_path);
    CU_ASSERT_PTR_NULL(url.username);
    CU_ASSERT_PTR_NULL(url.password);
    url_free(&url);
}

static void every_part_has_its_place(void)
{
    parse("redis://bridge:s3cret@redis.example:7000/12");
    ASSERT_TEXT(url.username, "bridge");
    ASSERT_TEXT(url.password, "s3cret");
    ASSERT_TEXT(url.hosts[0].name, "redis.example");
    CU_ASSERT_EQUAL(url.hosts[0].port, 7000);
    CU_ASSERT_EQUAL(url.database, 12);
    url_free(&url);
    parse("redis://:only@h/");
    CU_ASSERT_PTR_NULL(url.username);
    ASSERT_TEXT(url.password, "only");
    CU_ASSERT_EQUAL(url.database, 0);
    url_free(&url);
    parse("redis://user@h");
    ASSERT_TEXT(url.username, "user");
    CU_ASSERT_PTR_NULL(url.password);
    url_free(&url);
}

static void a_password_may_hold_what_separates(void)
{
    parse("redis://u:p@a:b/c@h:1/2");
    CU_ASSERT_FALSE(url.decoded);
    url_free(&url);
    parse("redis://u:p@a:b/c%40%2F%25@h:1/2");
    CU_ASSERT_TRUE(url.decoded);
    ASSERT_TEXT(url.password, "p@a:b/c@/%");
    ASSERT_TEXT(url.hosts[0].name, "h");
    CU_ASSERT_EQUAL(url.hosts[0].port, 1);
    url_free(&url);
}

static void an_ipv6_address_stands_in_brackets(void)
{
    parse("redis://[::1]:7000/1");
    ASSERT_TEXT(url.hosts[0].name, "::1");
    CU_ASSERT_EQUAL(url.hosts[0].port, 7000);
    url_free(&url);
    fails("redis://[::1:7000", "the '[' of the address has no ']'");
    fails("redis://[]:7000", "the host is missing");
}

static void a_unix_socket_is_a_path_and_perhaps_a_database(void)
{
    parse("unix:///run/redis/redis.sock");
    ASSERT_TEXT(url.socket_path, "/run/redis/redis.sock");
    CU_ASSERT_EQUAL(url.host_count, 0);
    CU_ASSERT_EQUAL(url.database, 0);
    url_free(&url);
    parse("unix:///s?db=3");
    CU_ASSERT_EQUAL(url.database, 3);
    url_free(&url);
    fails("unix://run/redis.sock", "the path of a socket begins with '/'");
    fails("unix:///", "the path of a socket begins with '/'");
    fails("unix:///s?db=", "the database must be a number from 0 to 2147483647");
    fails("unix:///s?DB=1", "only '?db=N' may follow the path of a socket");
}

static void rediss_is_the_same_over_tls(void)
{
    parse("rediss://u:p@redis.example:7000/3");
    CU_ASSERT_TRUE(url.tls);
    ASSERT_TEXT(url.password, "p");
    ASSERT_TEXT(url.hosts[0].name, "redis.example");
    CU_ASSERT_EQUAL(url.hosts[0].port, 7000);
    CU_ASSERT_EQUAL(url.database, 3);
    url_free(&url);
    parse("redis://rediss");
    CU_ASSERT_FALSE(url.tls);
    url_free(&url);
}

static void what_is_out_of_range_is_refused(void)
{
    fails("redis://h/2147483648", "the database must be a number from 0 to 2147483647");
    fails("redis://h/-1", "the database must be a number from 0 to 2147483647");
    fails("redis://h/0/1", "the database must be a number from 0 to 2147483647");
    fails("redis://h:0", "the port must be a number from 1 to 65535");
    fails("redis://h:65536", "the port must be a number from 1 to 65535");
    fails("redis://h:", "the port must be a number from 1 to 65535");
    parse("redis://h:65535/2147483647");
    url_free(&url);
}

static void a_url_of_another_form_is_refused(void)
{
    fails("", "it begins with none of redis://, rediss:// and unix://");
    fails("localhost:6379", "it begins with none of redis://, rediss:// and unix://");
    fails("REDIS://h", "it begins with none of redis://, rediss:// and unix://");
    fails("redisss://h", "it begins with none of redis://, rediss:// and unix://");
    fails("rediss://", "the host is missing");
    fails("redis://", "the host is missing");
    fails("redis://u:p@", "the host is missing");
    fails("redis://:6379", "the host is missing");
    fails("redis://a b", "the host holds a blank");
    fails("redis://h?db=1", "nothing may follow the database");
    fails("redis://h/1#x", "nothing may follow the database");
}

static void a_percent_sign_needs_its_digits_and_no_nul(void)
{
    fails("redis://u:p%4@h",
          "a '%' in the password is not followed by two hexadecimal digits: write %25 for the "
          "sign itself, or use the setting 'password', which takes it as it is");
    fails("redis://u:p%@h",
          "a '%' in the password is not followed by two hexadecimal digits: write %25 for the "
          "sign itself, or use the setting 'password', which takes it as it is");
    fails("redis://u:%00@h",
          "a '%' in the password is not followed by two hexadecimal digits: write %25 for the "
          "sign itself, or use the setting 'password', which takes it as it is");
    fails("redis://%zz:p@h",
          "a '%' in the user is not followed by two hexadecimal digits: write %25 for the sign "
          "itself, or use the setting 'username'");
}

static void several_hosts_share_the_rest(void)
{
    parse("rediss://u:p,x@a:7000,[::1],c:7001/3");
    CU_ASSERT_EQUAL_FATAL(url.host_count, 3);
    ASSERT_TEXT(url.hosts[0].name, "a");
    CU_ASSERT_EQUAL(url.hosts[0].port, 7000);
    ASSERT_TEXT(url.hosts[1].name, "::1");
    CU_ASSERT_EQUAL(url.hosts[1].port, 6379);
    ASSERT_TEXT(url.hosts[2].name, "c");
    CU_ASSERT_EQUAL(url.hosts[2].port, 7001);
    ASSERT_TEXT(url.password, "p,x");
    CU_ASSERT_EQUAL(url.database, 3);
    url_free(&url);
    parse("redis://a:1,a:2"); /* two servers of one machine */
    CU_ASSERT_EQUAL(url.host_count, 2);
    url_free(&url);
}

static void wrong_lists_of_hosts_are_told(void)
{
    fails("redis://a,", "the host is missing");
    fails("redis://,a", "the host is missing");
    fails("redis://a,,b", "the host is missing");
    fails("redis://a:1,b:x", "the port must be a number from 1 to 65535");
    fails("redis://a, b", "the host holds a blank");
    fails("redis://a:6379,b,A", "host 3 is the same as one before it");
    fails("redis://a,b/1,c", "the database must be a number from 0 to 2147483647");
    fails("redis://1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", "at most 16 hosts are possible");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_host_alone_has_the_default_port_and_database),
        TEST(every_part_has_its_place),
        TEST(a_password_may_hold_what_separates),
        TEST(an_ipv6_address_stands_in_brackets),
        TEST(a_unix_socket_is_a_path_and_perhaps_a_database),
        TEST(rediss_is_the_same_over_tls),
        TEST(what_is_out_of_range_is_refused),
        TEST(a_url_of_another_form_is_refused),
        TEST(a_percent_sign_needs_its_digits_and_no_nul),
        TEST(several_hosts_share_the_rest),
        TEST(wrong_lists_of_hosts_are_told),
    };

    return SUITE("url", tests);
}
