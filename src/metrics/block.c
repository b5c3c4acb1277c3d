/* block.c: the counts of one worker in memory: a row of words that is copied and summed as one. */
#include "metrics/block.h"

#define WORDS(type) (sizeof(type) / sizeof(uint64_t))

_Static_assert(sizeof(struct route_counters) % sizeof(uint64_t) == 0, "routes are whole words");
_Static_assert(sizeof(struct topic_counters) % sizeof(uint64_t) == 0, "topics are whole words");
_Static_assert(sizeof(struct sink_counters) % sizeof(uint64_t) == 0, "sinks are whole words");

/* One more command is "other"; one more topic is shown nowhere. */
static size_t block_command_words(const struct metrics_shape *shape)
{
    return (shape->command_count + 1) * RESULT_COUNT;
}

size_t block_words(const struct metrics_shape *shape)
{
    return (shape->topic_count + 1) * WORDS(struct topic_counters) +
           shape->route_count * WORDS(struct route_counters) +
           shape->sink_count * (WORDS(struct sink_counters) + block_command_words(shape));
}

struct block_view block_view(const struct metrics_shape *shape, uint64_t *words)
{
    struct block_view view = {0};

    view.topics = (struct topic_counters *)words;
    words += (shape->topic_count + 1) * WORDS(struct topic_counters);
    view.routes = (struct route_counters *)words;
    words += shape->route_count * WORDS(struct route_counters);
    view.sinks = (struct sink_counters *)words;
    words += shape->sink_count * WORDS(struct sink_counters);
    for (size_t i = 0; i < shape->sink_count; i++) {
        view.sinks[i].commands = words;
        words += block_command_words(shape);
    }
    return view;
}
