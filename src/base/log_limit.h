/*
 * log_limit.h: how often the reason of a lasting problem is logged.
 *
 * A new reason is logged at once, again after ten seconds, and then once a minute while it lasts.
 * If a problem always has another reason, four of them are logged in ten seconds.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum { LOG_LIMIT_REASONS = 4 };

/** All zero: nothing was logged. */
struct log_limit {
    struct {
        uint32_t reason; /* a hash */
        unsigned times;  /* logged so often while this problem lasts */
        int64_t logged_ms;
        bool used;
    } kept[LOG_LIMIT_REASONS];
};

/** Whether to log @p reason now; if so it counts as logged. */
bool log_limit_admits(struct log_limit *limit, const char *reason, int64_t now_ms);

/** The problem is over: if it comes back soon, it is logged after ten seconds, not after a minute.
 */
void log_limit_end(struct log_limit *limit);
