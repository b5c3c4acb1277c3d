/*
 * block.h: the counts of one worker in memory: a row of words that is copied and summed as one.
 *
 *      [ topics ][ routes ][ sinks ][ commands of sink 0 ][ commands of sink 1 ] ...
 *
 * Every word is a count but the pointers sink_counters.commands, which block_view() sets.
 */
#pragma once
#include "metrics/metrics.h"

struct block_view {
    struct topic_counters *topics;
    struct route_counters *routes;
    struct sink_counters *sinks;
};

/** How many words the counts of @p shape take. */
size_t block_words(const struct metrics_shape *shape);

/** Finds the parts in @p words and sets their pointers. */
struct block_view block_view(const struct metrics_shape *shape, uint64_t *words);
