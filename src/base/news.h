/*
 * news.h: whether the reason of a trouble is worth a line in the log.
 *
 * A reason that was not told is, at once; one that was told is after ten seconds, and then once a
 * minute while it lasts. A trouble whose reasons are ever new ones tells four of them in ten
 * seconds.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum { NEWS_KEPT = 4 };

/** All zero: nothing was told. */
struct news {
    struct {
        uint32_t reason; /* a hash */
        unsigned times;  /* told so often in this trouble */
        int64_t told_ms;
        bool used;
    } kept[NEWS_KEPT];
};

/** Whether to tell @p reason now; if so it counts as told. */
bool news_tell(struct news *news, const char *reason, int64_t now_ms);

/** The trouble is over: one that comes back soon is told after ten seconds, not after a minute. */
void news_end(struct news *news);
