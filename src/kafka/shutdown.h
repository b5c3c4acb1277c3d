/* shutdown.h: a source drains, commits, leaves its group and closes its consumer. */
#pragma once
#include <stdbool.h>

struct source;

enum closing_step {
    CLOSING_NO,
    CLOSING_DRAINING, /* waits for answers */
    CLOSING_COMMITTING,
    CLOSING_LEAVING, /* unsubscribed: waits for the last revoke */
    CLOSING_ENDING,  /* librdkafka closes the consumer */
    CLOSING_DONE
};

void shutdown_turn(struct source *source);

/** Ends librdkafka's handle and what uses it. False: something of it lives on, and with it all that
 * it may still touch. */
bool shutdown_close(struct source *source);
