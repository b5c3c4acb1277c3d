/* difference.c: how a log was found to be another one than a position is of. */
#include "kafka/difference.h"

const char difference_offset[] = "Kafka has deleted the group's committed offset";
const char difference_record[] = "the record before the position is another one";
const char difference_noted[] = "it was found before, and on_out_of_range was \"stop\"";

/* A log that was cut and has grown again keeps its id: there the record alone tells. */
const char *difference_of(const char *found, const struct identity *log, const struct identity *now)
{
    enum identity_relation relation = identity_compare(log, now);

    if (relation == IDENTITY_SAME)
        return found == difference_record ? found : NULL;
    if (relation == IDENTITY_ANOTHER && !found)
        return now->topic[0] ? "its id is another one" : "the cluster is another one";
    return found;
}
