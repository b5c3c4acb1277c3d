/* start.h: where a partition without a committed offset begins. */
#pragma once
#include "base/err.h"
#include "conf/conf.h"

/**
 * Reads "earliest", "latest", "error" or "@2026-01-31T00:00:00Z" (RFC 3339: seconds and their
 * fraction may be left out, the zone may be "+01:00"; a date alone is its midnight UTC).
 * Errors:  false and ERR_CONFIG; @p start is unchanged.
 */
bool start_parse(const char *text, struct conf_start *start, struct err *err);
