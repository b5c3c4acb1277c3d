/* resume.c: where an exactly-once partition resumes: weighs what Redis and Kafka know of it. */
#include "kafka/resume.h"

#include <inttypes.h>
#include <stdio.h>

enum mismatch { FITS, UNREADABLE, ANOTHER_LOG, AHEAD, BEHIND, OTHER_RECORD, OTHER_ROUTES };

static bool record_differs(const struct resume_facts *facts)
{
    return witness_equals(&facts->record, &facts->missing);
}

static enum mismatch mismatch_of(const struct resume_facts *facts)
{
    if (!facts->readable)
        return UNREADABLE;
    if (facts->another)
        return ANOTHER_LOG;
    if (facts->next > facts->high)
        return AHEAD;
    if (facts->next < facts->low)
        return BEHIND;
    if (record_differs(facts))
        return OTHER_RECORD;
    return facts->same_routes
               ? FITS
               : OTHER_ROUTES; /* last: with on_checkpoint_mismatch = "redis" it does not matter */
}

static int write_what(char *text, size_t size, enum mismatch mismatch,
                      const struct resume_facts *facts)
{
    switch (mismatch) {
    case UNREADABLE:
        return snprintf(text, size, "the checkpoint in Redis cannot be read: %.120s",
                        facts->unreadable);
    case OTHER_ROUTES:
        return snprintf(text, size, "the checkpoint in Redis is of other routes");
    case ANOTHER_LOG:
        return snprintf(text, size, "the checkpoint in Redis is of another log of that name");
    case AHEAD:
        return snprintf(text, size,
                        "the checkpoint in Redis says offset %" PRId64
                        ", and the log ends at %" PRId64 ": it was truncated or recreated",
                        facts->next, facts->high);
    case BEHIND:
        return snprintf(text, size,
                        "the checkpoint in Redis says offset %" PRId64
                        ", and the log begins at %" PRId64 ": records are gone",
                        facts->next, facts->low);
    case OTHER_RECORD:
        return snprintf(text, size,
                        "the log has another record at offset %" PRId64
                        " than the checkpoint in Redis remembers: the topic was recreated",
                        facts->next - 1);
    case FITS:
        break;
    }
    return 0;
}

static void write_mismatch(struct resume *resume, enum mismatch mismatch,
                           const struct resume_facts *facts)
{
    int length = write_what(resume->text, sizeof(resume->text), mismatch, facts);

    if (resume->kind == RESUME_HOLD)
        snprintf(resume->text + length, sizeof(resume->text) - (size_t)length,
                 "; set on_checkpoint_mismatch = \"kafka\" to resume at the group's offset%s, or "
                 "delete the checkpoint",
                 mismatch == UNREADABLE ? "" : ", \"redis\" at the checkpoint's");
}

/* The oldest gap is read first; without one the record below next is, to be compared. */
static int64_t read_from(const struct resume_facts *facts)
{
    int64_t from = facts->next - 1;

    if (facts->oldest_gap >= 0 && facts->oldest_gap < from)
        from = facts->oldest_gap;
    if (record_differs(facts) || facts->another)
        from = facts->next;
    return from < facts->low ? facts->low : from;
}

static enum resume_kind believe_redis(enum mismatch mismatch, const struct resume_facts *facts)
{
    if (mismatch == UNREADABLE)
        return RESUME_HOLD;
    if (mismatch == ANOTHER_LOG && (facts->next > facts->high || facts->next < facts->low))
        return RESUME_OUT_OF_RANGE;
    return mismatch == AHEAD || mismatch == BEHIND ? RESUME_OUT_OF_RANGE : RESUME_REDIS;
}

static enum resume_kind kind_of(enum mismatch mismatch, const struct resume_facts *facts)
{
    enum conf_mismatch policy = facts->policy;

    if (mismatch == FITS)
        return RESUME_REDIS;
    if (policy == MISMATCH_STOP)
        return mismatch == ANOTHER_LOG || mismatch == OTHER_RECORD ? RESUME_ANOTHER : RESUME_HOLD;
    return policy == MISMATCH_KAFKA ? RESUME_KAFKA : believe_redis(mismatch, facts);
}

struct resume resume_decide(const struct resume_facts *facts)
{
    struct resume resume = {.kind = RESUME_KAFKA, .compared = -1};
    enum mismatch mismatch;

    if (!facts->found)
        return resume;
    mismatch = mismatch_of(facts);
    resume.kind = kind_of(mismatch, facts);
    resume.next = facts->next;
    resume.from = read_from(facts);
    if (resume.kind == RESUME_REDIS && facts->policy != MISMATCH_REDIS &&
        resume.from <= facts->record.offset)
        resume.compared = facts->record.offset;
    resume.mismatch = mismatch != FITS;
    resume.another =
        resume.kind != RESUME_REDIS && (mismatch == ANOTHER_LOG || mismatch == OTHER_RECORD);
    if (resume.mismatch)
        write_mismatch(&resume, mismatch, facts);
    return resume;
}
