/*
 * unreadable.c: a batch of which librdkafka cannot make records.
 *
 * It reports the error in the batch's place between the records, and would continue behind it. The
 * partition is held there, but not before the next poll: the records in front came with it, and are
 * begun first. Otherwise they would never be written, and an operator who moves the group behind
 * the batch would skip them.
 */
#include "base/mem.h"
#include "kafka/source_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { REASON_BYTES = 512 };

static bool is_unreadable(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR__BAD_MSG || err == RD_KAFKA_RESP_ERR__BAD_COMPRESSION ||
           err == RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED || err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
}

bool unreadable_seen(struct source_partition *partition, const rd_kafka_message_t *message)
{
    char reason[REASON_BYTES];

    if (!is_unreadable(message->err))
        return false;
    if (!source_is_flowing(partition) || partition->unreadable)
        return true; /* met again once it flows */
    snprintf(reason, sizeof(reason), "offset %" PRId64 " cannot be read: %s", message->offset,
             rd_kafka_message_errstr(message));
    partition->unreadable = mem_text(reason);
    partition->source->unreadable = partition->source->more = true;
    return true;
}

void unreadable_hold(struct source *source)
{
    if (!source->unreadable)
        return;
    source->unreadable = false;
    for (size_t i = 0; i < source->partition_count; i++) {
        char *reason = source->partitions[i]->unreadable;
        if (!reason)
            continue;
        source->partitions[i]->unreadable = NULL;
        source_hold(source->partitions[i], HOLD_RECORD, reason);
        free(reason);
    }
}
