/* log_limit.c: how often the reason of a lasting problem is logged. */
#include "base/log_limit.h"

#include "base/text.h"

#include <stddef.h>

enum { AGAIN_MS = 10000, WHILE_IT_LASTS_MS = 60000 };

/* The place of the reason, or of the one logged longest ago. */
static size_t place_of(const struct log_limit *limit, uint32_t reason)
{
    size_t oldest = 0;

    for (size_t i = 0; i < LOG_LIMIT_REASONS; i++) {
        if (limit->kept[i].used && limit->kept[i].reason == reason)
            return i;
        if (!limit->kept[i].used ||
            (limit->kept[oldest].used && limit->kept[i].logged_ms < limit->kept[oldest].logged_ms))
            oldest = i;
    }
    return oldest;
}

bool log_limit_admits(struct log_limit *limit, const char *reason, int64_t now_ms)
{
    uint32_t which = text_hash(reason);
    size_t place = place_of(limit, which);
    bool same = limit->kept[place].used && limit->kept[place].reason == which;
    unsigned times = same ? limit->kept[place].times : 0;

    if (limit->kept[place].used &&
        now_ms - limit->kept[place].logged_ms < (times > 1 ? WHILE_IT_LASTS_MS : AGAIN_MS))
        return false;
    limit->kept[place].reason = which;
    limit->kept[place].times = times + 1;
    limit->kept[place].logged_ms = now_ms;
    limit->kept[place].used = true;
    return true;
}

void log_limit_end(struct log_limit *limit)
{
    for (size_t i = 0; i < LOG_LIMIT_REASONS; i++)
        limit->kept[i].times = 0;
}
