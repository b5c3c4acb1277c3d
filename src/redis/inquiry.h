/*
 * inquiry.h: whether a server answers a question with certain bytes.
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
struct inquiry;

enum inquiry_answer {
    INQUIRY_SAME,   /* byte for byte what was expected */
    INQUIRY_EMPTY,  /* an empty array */
    INQUIRY_OTHER,  /* something else */
    INQUIRY_REFUSED /* the server does not answer it, and would not later: an error */
};

struct inquiry_events {
    void *context;
    /** @p text is the error's line, without it "". It may ask. */
    void (*answered)(void *context, uint32_t ticket, enum inquiry_answer answer, const char *text);
};

/** Connects as the connections of @p setup do, whose owner outlives it; not before the first
 * question. */
struct inquiry *inquiry_new(const struct connection_setup *setup,
                            const struct inquiry_events *events);

/** No answers come any more. Takes NULL. */
void inquiry_free(struct inquiry *inquiry);

/** Asks, with inquiry_turn(); @p expected was allocated and is the inquiry's from now on. */
void inquiry_ask(struct inquiry *inquiry, const struct slice *arguments, size_t count,
                 struct slice expected, uint32_t ticket);

/** Whether there should be more questions before answers came. */
bool inquiry_has_room(const struct inquiry *inquiry);

/** Sends what was asked. */
void inquiry_turn(struct inquiry *inquiry);

/** The run_id of the server that answers; empty: unknown. */
const char *inquiry_run(const struct inquiry *inquiry);

/** NULL unless questions wait for a server that does not answer; then what is the matter. */
const char *inquiry_trouble(const struct inquiry *inquiry);
