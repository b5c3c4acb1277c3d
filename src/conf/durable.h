/* durable.h: what must be known of a write before its record counts as done. */
#pragma once
#include "base/err.h"
#include "conf/conf.h"

/**
 * Reads "none", "wait(REPLICAS, TIMEOUT)" or "waitaof(LOCAL, REPLICAS, TIMEOUT)".
 * Errors:  false and ERR_CONFIG.
 */
bool durable_parse(const char *text, struct conf_durable *durable, struct err *err);
