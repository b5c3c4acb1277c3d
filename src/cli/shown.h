/*
 * shown.h: commands as one types them in redis-cli.
 *
 * A route's text may hold what came from a secret file. Which part of it did is not known, so all
 * of its command is shown as "***" but the name of a command that everybody knows.
 */
#pragma once
#include "flow/route.h"

#include <stdbool.h>
#include <stdio.h>

/** Stands for what is not shown. */
#define SHOWN_SECRET "***"

/** The text, or "***" where it is secret; NULL where it is not set. */
const char *shown_text(const struct conf_text *text);

/** Whether a topic of the route is secret, which "%{$topic}" would show. */
bool shown_topics_are_secret(const struct conf_route *conf);

/** Whether any text of the route that decides what becomes of a record is secret. */
bool shown_route_is_secret(const struct conf_route *conf);

/** Whether what the route rendered may hold a secret. */
bool shown_is_secret(const struct conf_route *conf, const struct rendered *rendered);

/** Argument @p index, or "***" where the command is @p secret. */
struct slice shown_argument(const struct rendered *rendered, size_t index, bool secret);

/** Writes @p words as one types them. */
void shown_words(FILE *out, const struct slice *words, size_t count);

/** Prints @p lead and the command to stdout, without secrets. */
void shown_command(const char *lead, const struct conf_route *conf,
                   const struct rendered *rendered);
