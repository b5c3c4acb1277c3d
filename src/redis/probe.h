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

/** A command as a route writes it: its name first, keys as they are, anything else a sample. */
struct probe_command {
    const struct slice *arguments;
    size_t count;
    bool secret; /* it may hold what came from a secret file: findings show nothing but its name */
};

/**
 * Asks the server of @p sink for its name and version, with @p checkpoints whether it may throw
 * those away, and by ACL DRYRUN whether the sink's user may run each of the @p count commands. Each
 * finding goes to @p listener. False if one was an error.
 */
bool redis_probe(const struct conf_sink *sink, const struct probe_command *commands, size_t count,
                 bool checkpoints, const struct probe_listener *listener);
