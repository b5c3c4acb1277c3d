/* accept.h: which format of /metrics a client prefers. */
#pragma once
#include "base/slice.h"
#include "metrics/metrics.h"

/**
 * By the value of the request's Accept header (RFC 9110 12.5.1); empty: there is none. A part of it
 * that is malformed says nothing; if nothing of it fits, the answer is the text format.
 */
enum metrics_format accept_metrics(struct slice accept);
