/* online.h: asks Kafka and Redis about a configuration. */
#pragma once
#include "base/probe.h"
#include "conf/conf.h"
#include "flow/route.h"

/** Gets each answer, of the source or sink (@p kind) @p name. */
struct online_listener {
    void *context;
    void (*say)(void *context, const char *kind, const char *name, enum probe_verdict verdict,
                const char *text);
};

/**
 * Asks the servers of every source and sink. Returns EXIT_OK, or EXIT_UNAVAILABLE if one could not
 * be reached or would refuse something.
 */
int online_check(const struct conf *conf, const struct routes *routes,
                 const struct online_listener *listener);
