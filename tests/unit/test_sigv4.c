/* test_sigv4.c: what botocore 1.x, the library of AWS, signs for the same parameters and time. */
#include "suite.h"

#include "base/sigv4.h"

#include <stdlib.h>

enum { NOW = 1796061605 }; /* 2026-11-30T18:00:05Z */

static const struct sigv4_url kafka = {
    .host = "kafka.us-west-2.amazonaws.com",
    .region = "us-west-2",
    .service = "kafka-cluster",
    .query = "Action=kafka-cluster%3AConnect",
    .now_s = NOW,
    .lasts_s = 900,
};

#define BEGIN                                                                                      \
    "https://kafka.us-west-2.amazonaws.com/?Action=kafka-cluster%3AConnect&X-Amz-Algorithm="       \
    "AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20261130%2Fus-west-2%2Fkafka-cluster%2F"      \
    "aws4_request&X-Amz-Date=20261130T180005Z&X-Amz-Expires=900"

static void signs(const char *session, const char *wanted)
{
    const struct sigv4_credentials credentials = {
        "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", session};
    char *url = sigv4_presign(&kafka, &credentials);

    ASSERT_TEXT(url, wanted);
    free(url);
}

static void a_url_is_signed_as_awss_own_library_does(void)
{
    signs(NULL, BEGIN "&X-Amz-SignedHeaders=host&X-Amz-Signature="
                      "12c10c26a159ed7a4334be321e69d24c8d4bc7d3613bfcf4521484c3a9202791");
}

static void a_token_of_temporary_credentials_is_signed_too(void)
{
    signs("FwoGZXIvYXdzEXAMPLE+/token==",
          BEGIN "&X-Amz-Security-Token=FwoGZXIvYXdzEXAMPLE%2B%2Ftoken%3D%3D&X-Amz-SignedHeaders="
                "host&X-Amz-Signature="
                "4fb88db47641d0e559830f54a07348ba669bf324a27deda8647f6dc415283cb1");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_url_is_signed_as_awss_own_library_does),
        TEST(a_token_of_temporary_credentials_is_signed_too),
    };

    return SUITE("sigv4", tests);
}
