/* session.h: what is said over one connection, as link.c drives it. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/** One command, or one record, that is singled out from all that the session ever had. */
struct session_command {
    uint64_t number; /* never given out again, as the ticket is */
    uint32_t ticket;
    size_t bytes;
};
