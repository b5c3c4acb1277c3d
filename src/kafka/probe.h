/* probe.h: what Kafka says to a source's configuration. */
#pragma once
#include "base/probe.h"
#include "conf/conf.h"

#include <stddef.h>

/**
 * Asks the source's brokers, and tells what it found: that they can be reached, that each of @p
 * topics (names, or "^regex") is there, that the group may be used. Joins no group, commits
 * nothing. Waits at most about @p timeout_ms for each question.
 */
void source_probe(const struct conf *conf, const struct conf_source *source,
                  const char *const *topics, size_t topic_count, int timeout_ms,
                  const struct probe_listener *listener);
