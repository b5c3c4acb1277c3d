/*
 * comparison.h: whether a server answers a question with certain bytes.
 *
 * Questions only read. They go out in the order in which they are asked, on a connection of their
 * own that is there while somebody asks, so that the data never waits; what a lost connection
 * leaves unanswered is asked again on the next one. Runs on the worker's thread and event loop and
 * never blocks.
 */
#pragma once
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connection_setup;
struct comparison;

enum comparison_answer {
    COMPARISON_SAME,   /* byte for byte what was expected */
    COMPARISON_EMPTY,  /* an empty array */
    COMPARISON_OTHER,  /* something else */
    COMPARISON_REFUSED /* the server does not answer it, and would not later: an error */
};

struct comparison_events {
    void *context;
    /** @p text is the error's line, without it "". It may ask. */
    void (*answered)(void *context, uint32_t ticket, enum comparison_answer answer,
                     const char *text);
};

/** Connects as the connections of @p setup do, which is borrowed; not before the first question. */
struct comparison *comparison_new(const struct connection_setup *setup,
                                  const struct comparison_events *events);

/** No answers come any more. Takes NULL. */
void comparison_free(struct comparison *comparison);

/** Asks, with comparison_turn(); @p expected was allocated and is the comparison's from now on. */
void comparison_ask(struct comparison *comparison, const struct slice *arguments, size_t count,
                    struct slice expected, uint32_t ticket);

/** Whether there should be more questions before answers came. */
bool comparison_has_room(const struct comparison *comparison);

/** Sends the questions. */
void comparison_turn(struct comparison *comparison);

/** Connects again, because the setup has changed. */
void comparison_renew(struct comparison *comparison);

/** The run_id of the server that answers; empty: unknown. */
const char *comparison_run_id(const struct comparison *comparison);

/** NULL unless questions wait for a server that does not answer; then what is the matter. */
const char *comparison_trouble(const struct comparison *comparison);
