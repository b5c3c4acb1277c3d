/* oversize.h: a batch that is too large to be received. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source;

/** A response that was too large. */
struct oversize {
    size_t bytes; /* of the last one; 0: there was none */
    int64_t seen_ms, look_ms;
    bool asked; /* for the ends of those that may be the cause */
};

/** A partition's. */
struct partition_progress {
    int64_t position; /* when a response was too large */
    int64_t since_ms; /* since when it stands there */
    bool behind;      /* and Kafka has more */
    int64_t try_again_ms;
};

/** An error of a broker; @p text is librdkafka's. */
void oversize_seen(struct source *source, const char *text);

void oversize_turn(struct source *source);
