/* sigv4.h: a URL that AWS takes for a while, by Signature Version 4. */
#pragma once
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sigv4_credentials {
    const char *id, *secret;
    const char *session; /* of temporary ones; NULL: none */
};

struct sigv4_url {
    const char *host, *region, *service;
    const char *query; /* parameters that come before "X-Amz-" in the alphabet, as a URL has them */
    int64_t now_s;     /* since 1970 */
    unsigned lasts_s;
};

/** The URL of a GET of "/"; its owner wipes and frees it. */
char *sigv4_presign(const struct sigv4_url *url, const struct sigv4_credentials *credentials);
