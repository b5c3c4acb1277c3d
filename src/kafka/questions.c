/*
 * questions.c: asks Kafka about partitions, one question at a time.
 *
 * offsets.h has room for one question. Two parts of the source have some: start.c asks where
 * partitions are to be read, and watch.c whether their logs are still the same.
 */
#include "base/mem.h"
#include "kafka/source_state.h"

#include <stdlib.h>

static void take_answers(struct source *source)
{
    size_t count = 0;
    struct offsets_item *items = offsets_take(source->offsets, &count);

    if (!items)
        return;
    if (items[0].looks)
        watch_answers(source, items, count);
    for (size_t i = 0; i < count && !items[i].looks; i++)
        start_answer(items[i].partition, &items[i]);
    free(items);
}

void questions_turn(struct source *source)
{
    struct offsets_item *items;
    size_t count;

    take_answers(source);
    if (questions_next_ms(source) > 0)
        return;
    items = mem_array(source->partition_count, sizeof(*items));
    count = start_ask(source, items);
    if (!count && watch_next_ms(source) <= 0)
        count = watch_ask(source, items);
    if (count)
        offsets_ask(source->offsets, items, count);
    else
        free(items);
}

int64_t questions_next_ms(const struct source *source)
{
    int64_t start_ms = start_next_ms(source), watch_ms = watch_next_ms(source);

    if (offsets_are_busy(source->offsets))
        return INT64_MAX;
    return start_ms < watch_ms ? start_ms : watch_ms;
}
