/* done_list.c: which records of a partition were done, out of their order. */
#include "kafka/done_list.h"

#include "base/mem.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void done_list_free(struct done_list *list)
{
    free(list->items);
    *list = (struct done_list){0};
}

bool done_list_has(const struct done_list *list, int64_t offset)
{
    if (offset < list->below)
        return true;
    for (size_t i = 0; i < list->count; i++)
        if (offset >= list->items[i].first && offset <= list->items[i].last)
            return true;
    return false;
}

/* The place of the first range that does not end before @p offset. */
static size_t done_list_place(const struct done_list *list, int64_t offset)
{
    size_t place = 0;

    while (place < list->count && list->items[place].last < offset)
        place++;
    return place;
}

static void done_list_remove(struct done_list *list, size_t place)
{
    memmove(&list->items[place], &list->items[place + 1],
            (list->count - place - 1) * sizeof(*list->items));
    list->count--;
}

/* Ranges that meet the one at @p place, or what is done below, become one with it. */
static void done_list_join(struct done_list *list, size_t place)
{
    while (place + 1 < list->count && list->items[place].last + 1 >= list->items[place + 1].first) {
        if (list->items[place + 1].last > list->items[place].last)
            list->items[place].last = list->items[place + 1].last;
        done_list_remove(list, place + 1);
    }
    while (list->count && list->items[0].first <= list->below) {
        if (list->items[0].last >= list->below)
            list->below = list->items[0].last + 1;
        done_list_remove(list, 0);
    }
}

void done_list_skip(struct done_list *list, int64_t first, int64_t last)
{
    size_t place = done_list_place(list, first - 1);

    if (last < first)
        return;
    if (place < list->count && list->items[place].first <= last + 1) {
        if (first < list->items[place].first)
            list->items[place].first = first;
        if (last > list->items[place].last)
            list->items[place].last = last;
    } else {
        list->items = mem_grow(list->items, list->count, &list->capacity, sizeof(*list->items));
        memmove(&list->items[place + 1], &list->items[place],
                (list->count - place) * sizeof(*list->items));
        list->items[place] = (struct done_range){first, last};
        list->count++;
    }
    done_list_join(list, place);
}

void done_list_add(struct done_list *list, int64_t offset)
{
    done_list_skip(list, offset, offset);
}

/* Takes "12" or "12-15" up to the next comma. */
static bool read_range(struct slice *text, struct done_range *range)
{
    const char *comma = memchr(text->data, ',', text->length);
    size_t length = comma ? (size_t)(comma - text->data) : text->length;
    const char *dash = memchr(text->data, '-', length);
    struct slice first = {text->data, dash ? (size_t)(dash - text->data) : length};
    struct slice last = dash ? (struct slice){dash + 1, length - first.length - 1} : first;

    text->data += length + (comma != NULL);
    text->length -= length + (comma != NULL);
    return text_integer(first, &range->first) && text_integer(last, &range->last) &&
           range->first >= 0 && range->last >= range->first && range->last < INT64_MAX - 1;
}

bool done_list_read(struct done_list *list, int64_t below, struct slice text)
{
    struct done_range range;

    *list = (struct done_list){.below = below > 0 ? below : 0};
    while (text.length) {
        if (!read_range(&text, &range)) {
            int64_t kept = list->below;
            done_list_free(list);
            list->below = kept;
            return false;
        }
        done_list_skip(list, range.first, range.last);
    }
    return true;
}

bool done_list_write(const struct done_list *list, char text[DONE_LIST_BYTES + 1])
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < list->count; i++) {
        const struct done_range *range = &list->items[i];
        char part[48];
        int length = range->first == range->last
                         ? snprintf(part, sizeof(part), "%s%" PRId64, i ? "," : "", range->first)
                         : snprintf(part, sizeof(part), "%s%" PRId64 "-%" PRId64, i ? "," : "",
                                    range->first, range->last);
        if (used + (size_t)length > DONE_LIST_BYTES)
            return false;
        memcpy(text + used, part, (size_t)length + 1);
        used += (size_t)length;
    }
    return true;
}

bool done_list_takes(const struct done_list *list, int64_t offset)
{
    size_t bytes = list->count * sizeof(*list->items);
    struct done_list more = {list->below,
                             bytes ? memcpy(mem_alloc(bytes), list->items, bytes) : NULL,
                             list->count, list->count};
    char text[DONE_LIST_BYTES + 1];

    done_list_add(&more, offset);
    bool takes = done_list_write(&more, text);
    done_list_free(&more);
    return takes;
}
