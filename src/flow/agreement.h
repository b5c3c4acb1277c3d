/*
 * agreement.h: routes that take one topic deliver alike.
 *
 * One partition has one offset to resume at. It is kept by Kafka or by one Redis, so all routes of
 * a topic have the same delivery, and exactly-once ones the same sink.
 */
#pragma once
#include "base/err.h"
#include "conf/problems.h"
#include "flow/route.h"

/** Tells of routes that do not agree, as far as names and patterns show that they meet. */
void agreement_check(const struct routes *routes, struct conf_problems *problems);

/** A topic, or a pattern, that both take, if they have one source; NULL: none is known of. */
const char *agreement_common_topic(const struct route *one, const struct route *other);

/** Whether the routes of @p topic agree: two patterns may meet in a topic that nobody knew of.
 * Errors:  false and ERR_CONFIG. */
bool agreement_of_topic(const struct topic_routes *routes, const char *topic, struct err *err);
