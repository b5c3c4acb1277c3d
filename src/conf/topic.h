/* topic.h: names of topics by Kafka's rules, and patterns of them. */
#pragma once
#include "base/err.h"

#include <stdbool.h>

enum {
    TOPIC_LENGTH_MAX = 249,
    TOPIC_PATTERN_BYTES = 1000,
    TOPIC_PATTERN_SIZE = 1000 /* in characters, with its repeats written out */
};

/** Checks a topic's name by Kafka's rules. Errors: false and ERR_CONFIG. */
bool topic_check_name(const char *name, struct err *err);

/** Checks "^...", an extended regular expression of regcomp(3): that it compiles, and that it can
 * match a legal name, as far as a simple look at it shows. Errors: false and ERR_CONFIG. */
bool topic_check_pattern(const char *pattern, struct err *err);

/** topic_cost.c: whether a pattern is cheap enough to be compiled and matched. Errors: false and
 * ERR_CONFIG. */
bool topic_check_cost(const char *text, struct err *err);

/** A name of the file, or a pattern ("^..."): the one way by which patterns of topics are compiled.
 */
struct topic_matcher;

/** Errors:  NULL and ERR_CONFIG if a pattern does not compile or costs too much. */
struct topic_matcher *topic_matcher_new(const char *text, struct err *err);

/** Takes NULL. */
void topic_matcher_free(struct topic_matcher *matcher);

bool topic_matcher_takes(const struct topic_matcher *matcher, const char *topic);
