/* news.c: whether the reason of a trouble is worth a line in the log. */
#include "base/news.h"

#include "base/text.h"

#include <stddef.h>

enum { AGAIN_MS = 10000, WHILE_IT_LASTS_MS = 60000 };

/* The place of the reason, or the one told longest ago. */
static size_t place_of(const struct news *news, uint32_t reason)
{
    size_t oldest = 0;

    for (size_t i = 0; i < NEWS_KEPT; i++) {
        if (news->kept[i].used && news->kept[i].reason == reason)
            return i;
        if (!news->kept[i].used ||
            (news->kept[oldest].used && news->kept[i].told_ms < news->kept[oldest].told_ms))
            oldest = i;
    }
    return oldest;
}

bool news_tell(struct news *news, const char *reason, int64_t now_ms)
{
    uint32_t which = text_hash(reason);
    size_t place = place_of(news, which);
    bool same = news->kept[place].used && news->kept[place].reason == which;
    unsigned times = same ? news->kept[place].times : 0;

    if (news->kept[place].used &&
        now_ms - news->kept[place].told_ms < (times > 1 ? WHILE_IT_LASTS_MS : AGAIN_MS))
        return false;
    news->kept[place].reason = which;
    news->kept[place].times = times + 1;
    news->kept[place].told_ms = now_ms;
    news->kept[place].used = true;
    return true;
}

void news_end(struct news *news)
{
    for (size_t i = 0; i < NEWS_KEPT; i++)
        news->kept[i].times = 0;
}
