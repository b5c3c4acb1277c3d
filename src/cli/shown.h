/*
 * shown.h: commands as you type them in redis-cli.
 *
 * A route's text may hold a secret. We do not know which part of it, so every argument of its
 * command is shown as "***", except the name of a command of commands.def.
 */
#pragma once
#include "flow/route.h"

#include <stdbool.h>
#include <stdio.h>

/** Stands for a text that is not shown. */
#define SHOWN_SECRET "***"

/** The text, or "***" if it is secret; NULL if it is not set. */
const char *shown_text(const struct conf_text *text);

/** Whether a topic of the route is secret, which "%{$topic}" would show. */
bool shown_topics_are_secret(const struct conf_route *conf);

/** Whether any text of the route that affects a record is secret. */
bool shown_route_is_secret(const struct conf_route *conf);

/** Whether the rendered command may hold a secret. */
bool shown_is_secret(const struct conf_route *conf, const struct rendered *rendered);

/** Argument @p index, or "***" if the command is @p secret. */
struct slice shown_argument(const struct rendered *rendered, size_t index, bool secret);

/** Writes @p words as you type them. */
void shown_words(FILE *out, const struct slice *words, size_t count);

/** Prints @p lead and the command to stdout, without secrets. */
void shown_command(const char *lead, const struct conf_route *conf,
                   const struct rendered *rendered);
