/* secrets.h: when secrets are read again without being asked: while logins are refused. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum {
    SECRETS_AGAIN_MS = 5000, /* not more often than that */
    SECRETS_LAST_MS = 60000  /* after the last refusal: librdkafka tells one in half a minute */
};

/** All zero at first. */
struct secrets {
    uint64_t refused; /* logins, so far */
    int64_t until_ms, due_ms;
};

/** @p refused: how many logins were refused so far. True: read them now. */
bool secrets_are_due(struct secrets *secrets, uint64_t refused, int64_t now_ms);
