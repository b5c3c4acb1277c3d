/* written.c: what the arguments of a route's command are, by the shape of its row. */
#include "flow/written.h"

#include "flow/shapes.h"

#include <stdlib.h>

struct written written_of(const struct route *route, size_t index)
{
    struct written written = {.command = &route->writes.items[index],
                              .text = &route->conf->do_.items[index].cmd};

    written.shape = shape_new(written.command->command->shape);
    written.items = shapes_items(written.command, written.shape);
    return written;
}

void written_clear(struct written *written)
{
    shape_free(written->shape);
    free(written->items);
}

size_t written_count(const struct written *written)
{
    return written->command->template->count;
}

const struct argument *written_argument(const struct written *written, size_t index)
{
    return &written->command->template->arguments[index];
}

bool written_is(const struct written *written, size_t index, struct slice name)
{
    return written->items[index] && slice_equal(written->items[index]->text, name);
}

const struct argument *written_key(const struct written *written)
{
    for (size_t i = 1; i < written_count(written); i++)
        if (written_is(written, i, SLICE("key")))
            return written_argument(written, i);
    return NULL;
}

struct slice written_undo_word(const char **undo)
{
    struct slice word;

    *undo += strspn(*undo, " ");
    word = (struct slice){*undo, strcspn(*undo, " ")};
    *undo += word.length;
    return word;
}

struct made_of written_made_of(const struct argument *key)
{
    struct made_of made = {0};

    for (size_t i = 0; i < key->count; i++) {
        const struct placeholder *placeholder = key->parts[i].placeholder;
        if (!placeholder || placeholder->reference.kind == REFERENCE_PARTITION)
            continue;
        if (placeholder->reference.kind == REFERENCE_KEY && !placeholder->filter_count)
            made.key = true;
        else if (placeholder->reference.kind == REFERENCE_TOPIC && !placeholder->filter_count)
            made.topic = true;
        else if (placeholder->reference.kind == REFERENCE_KEY_FIELD ||
                 placeholder->reference.kind == REFERENCE_KEY)
            made.part = placeholder;
        else
            made.more = true;
    }
    return made;
}
