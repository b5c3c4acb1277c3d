/* sink_events.h: what a sink tells and asks of the commands that were put. */
#pragma once
#include "base/slice.h"
#include "redis/reply.h"

#include <stdbool.h>
#include <stdint.h>

/** done and refused may put, commit and discard; the others may call nothing of the sink.
 */
struct sink_events {
    void *context;
    /** The command of @p ticket was carried out. */
    void (*done)(void *context, uint32_t ticket);
    /** It was refused for good: @p class is REPLY_REJECT, REPLY_CONFIG or REPLY_UNKNOWN; @p text is
     * Redis' own line. */
    void (*refused)(void *context, uint32_t ticket, enum reply_class class, const char *text);
    /** Whether the command of @p ticket should still be sent; asked before a resend and by
     * sink_discard(). */
    bool (*wanted)(void *context, uint32_t ticket);
    /** A command that is not wanted any more was dropped unsent; no other answer comes for it. */
    void (*dropped)(void *context, uint32_t ticket);
    /** How many milliseconds Redis may say "later" (LOADING, OOM, ...) to the command before it is
     * refused as REPLY_REJECT; 0: for ever. Asked whenever it does. NULL: for ever. */
    int64_t (*retry_timeout)(void *context, uint32_t ticket);
    /** The command of @p ticket will be sent again, and may have been carried out before; wanted is
     * asked next. NULL: no matter. */
    void (*doubtful)(void *context, uint32_t ticket);
    /** Whether the refusal @p text is not the last word on @p command, the bytes that were sent for
     * @p ticket: then no answer comes for it any more. NULL: it always is. */
    bool (*contests)(void *context, uint32_t ticket, const char *text, struct slice command);
    /** The command of @p ticket ended some connections, as @p text says; it is sent again. NULL: no
     * matter. */
    void (*suspected)(void *context, uint32_t ticket, const char *text);
};
