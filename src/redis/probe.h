/*
 * probe.h: does the server of a sink answer, and will it take the routes' commands?
 *
 * For "penstock check --online": blocks, within the sink's own timeouts, and writes nothing but the
 * handshake.
 */
#pragma once
#include "base/probe.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct conf_sink;

/**
 * Asks the server of @p sink who it is, with @p checkpoints whether it may throw those away, and by
 * ACL DRYRUN whether the sink's user may run each of the @p command_count commands: commands[i] has
 * counts[i] arguments, the name first; keys as the routes write them. Each finding goes to @p
 * listener. False where one was an error.
 */
bool redis_probe(const struct conf_sink *sink, const struct slice *const *commands,
                 const size_t *counts, size_t command_count, bool checkpoints,
                 const struct probe_listener *listener);
