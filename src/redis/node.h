/* node.h: one server of a sink, whichever of its connections lead there. */
#pragma once
#include "redis/endpoint.h"
#include "redis/handshake.h"

struct node {
    struct endpoint endpoint;
    char name[ENDPOINT_NAME_BYTES];      /* for logs */
    char run_id[HANDSHAKE_RUN_ID_BYTES]; /* of the process found there last; empty: unknown */
};
