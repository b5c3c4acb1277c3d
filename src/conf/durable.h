/* durable.h: how durable a write must be before its offset is committed. */
#pragma once
#include "base/err.h"
#include "conf/conf.h"

/**
 * Reads "none", "wait(REPLICAS, TIMEOUT)" or "waitaof(LOCAL, REPLICAS, TIMEOUT)".
 * Errors:  false and ERR_CONFIG.
 */
bool durable_parse(const char *text, struct conf_durable *durable, struct err *err);
