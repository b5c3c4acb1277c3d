/* shutdown.h: a source drains, commits, leaves its group and closes its consumer. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source;

enum shutdown_step {
    SHUTDOWN_NO,
    SHUTDOWN_DRAINING, /* waits for answers */
    SHUTDOWN_COMMITTING,
    SHUTDOWN_LEAVING, /* unsubscribed: waits for the last revoke */
    SHUTDOWN_ENDING,  /* librdkafka closes the consumer */
    SHUTDOWN_DONE
};

/** A source's. */
struct shutdown {
    enum shutdown_step step;
    int64_t deadline_ms, reserve_ms; /* the reserve is for the last commit and for leaving */
    int64_t step_deadline_ms;
    bool waits_no_more; /* for answers */
    size_t left;        /* records begun and not committed of the partitions given up at the end */
    bool abandoned;     /* it could not be closed in time: left to the end of the process */
};

void shutdown_turn(struct source *source);

/** Ends librdkafka's handle and what uses it. False: something of it lives on, and with it all that
 * it may still touch. */
bool shutdown_close(struct source *source);
