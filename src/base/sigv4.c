/*
 * sigv4.c: a URL that AWS takes for a while, by Signature Version 4.
 *
 *      canonical request = method, path, query, headers, their names, hash of the body
 *      text to sign      = algorithm, time, scope, hash of the canonical request
 *      key               = HMAC of day, region, service and "aws4_request", one over the other
 *
 * docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
#include "base/sigv4.h"

#include "base/mem.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { HASH = 32, HEX = 2 * HASH + 1, TIME = 17, DAY = 9 };

static const char algorithm[] = "AWS4-HMAC-SHA256";

static void hash_hex(const unsigned char hash[HASH], char text[HEX])
{
    for (size_t i = 0; i < HASH; i++)
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
}

static void hash_text(const char *text, char hex[HEX])
{
    unsigned char hash[HASH];
    int good = EVP_Digest(text, strlen(text), hash, NULL, EVP_sha256(), NULL);

    assert(good == 1);
    (void)good;
    hash_hex(hash, hex);
}

/* @p key and @p out may be the same. */
static void sign(const void *key, size_t length, const char *text, unsigned char out[HASH])
{
    unsigned char made[HASH];
    size_t size = 0;
    unsigned char *good = EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, length,
                                    (const unsigned char *)text, strlen(text), made, HASH, &size);

    assert(good && size == HASH);
    (void)good;
    memcpy(out, made, HASH);
    explicit_bzero(made, HASH);
}

/* What is not unreserved (RFC 3986 2.3) becomes "%2F". */
static char *escaped(const char *text)
{
    static const char unreserved[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    char *made = mem_array(3 * strlen(text) + 1, 1), *at = made;

    for (; *text; text++)
        at += sprintf(at, strchr(unreserved, *text) ? "%c" : "%%%02X", (unsigned char)*text);
    return made;
}

static void sign_url(const struct sigv4_url *url, const char *secret, const char *time,
                     const char *scope, const char *query, char signature[HEX])
{
    static const char nothing[] =
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"; /* its hash */
    char *request = mem_format("GET\n/\n%s\nhost:%s\n\nhost\n%s", query, url->host, nothing);
    char *first = mem_format("AWS4%s", secret), request_hash[HEX];
    unsigned char key[HASH];

    hash_text(request, request_hash);
    char *text = mem_format("%s\n%s\n%s\n%s", algorithm, time, scope, request_hash);
    sign(first, strlen(first),
         (char[DAY]){time[0], time[1], time[2], time[3], time[4], time[5], time[6], time[7]}, key);
    sign(key, HASH, url->region, key);
    sign(key, HASH, url->service, key);
    sign(key, HASH, "aws4_request", key);
    sign(key, HASH, text, key);
    hash_hex(key, signature);
    explicit_bzero(first, strlen(first));
    free(first);
    free(request);
    free(text);
}

char *sigv4_presign(const struct sigv4_url *url, const struct sigv4_credentials *credentials)
{
    time_t now = (time_t)url->now_s;
    struct tm parts;
    char time[TIME], day[DAY], signature[HEX];

    gmtime_r(&now, &parts);
    strftime(time, sizeof(time), "%Y%m%dT%H%M%SZ", &parts);
    strftime(day, sizeof(day), "%Y%m%d", &parts);
    char *scope = mem_format("%s/%s/%s/aws4_request", day, url->region, url->service);
    char *plain = mem_format("%s/%s", credentials->id, scope), *who = escaped(plain);
    char *session = credentials->session ? escaped(credentials->session) : NULL;
    char *query = mem_format("%s&X-Amz-Algorithm=%s&X-Amz-Credential=%s&X-Amz-Date=%s"
                             "&X-Amz-Expires=%u%s%s&X-Amz-SignedHeaders=host",
                             url->query, algorithm, who, time, url->lasts_s,
                             session ? "&X-Amz-Security-Token=" : "", session ? session : "");

    sign_url(url, credentials->secret, time, scope, query, signature);
    char *made = mem_format("https://%s/?%s&X-Amz-Signature=%s", url->host, query, signature);
    free(scope);
    free(plain);
    free(who);
    free(session);
    free(query);
    return made;
}
