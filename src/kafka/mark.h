/*
 * mark.h: how far the answers of one partition are confirmed.
 *
 * What Redis has answered may still be lost with the server. A mark is noted at the offset that
 * could be committed now; what then finds out that all answers so far are safe reaches it, and
 * commits go as far as the last mark that was reached.
 *
 *      start    reached         noted       answered
 *      |        |               |           |
 *      40       52 <- commits   60          71
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/** -1: none. */
struct mark {
    int64_t reached, noted;
};

/** Nothing is known. */
static inline void mark_clear(struct mark *mark)
{
    *mark = (struct mark){-1, -1};
}

/** The partition resumes at @p offset: the note is void, and records above are written again. */
static inline void mark_start(struct mark *mark, int64_t offset)
{
    mark->noted = -1;
    if (mark->reached > offset)
        mark->reached = offset;
}

/** All below @p offset is answered; the mark before is forgotten. Whether that is news. */
static inline bool mark_note(struct mark *mark, int64_t offset)
{
    mark->noted = offset;
    return offset > mark->reached;
}

/** The noted offset is confirmed. */
static inline void mark_reach(struct mark *mark)
{
    if (mark->noted > mark->reached)
        mark->reached = mark->noted;
    mark->noted = -1;
}
