/*
 * fuzz_done.c: any text as the list of done offsets that a commit keeps; what is one is written as
 * it was read, and takes more.
 *
 * The first byte is the offset below which all is done; the rest up to a NUL is the text, what
 * follows it are offsets that become done.
 */
#include "kafka/done_list.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_order(const struct done_list *list)
{
    int64_t before = list->below;

    for (size_t i = 0; i < list->count; i++) {
        assert(list->items[i].first > before && list->items[i].last >= list->items[i].first);
        before = list->items[i].last + 1;
    }
}

static void check_written(const struct done_list *list)
{
    struct done_list again = {0};
    char text[DONE_LIST_BYTES + 1];

    if (!done_list_write(list, text))
        return;
    assert(done_list_read(&again, list->below, slice_of(text)));
    assert(again.count == list->count);
    for (size_t i = 0; i < list->count; i++)
        assert(memcmp(&again.items[i], &list->items[i], sizeof(again.items[i])) == 0);
    done_list_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct done_list list = {0};

    if (!size)
        return 0;
    char *bytes = memcpy(malloc(size), data, size);
    size_t length = strnlen(bytes + 1, size - 1);
    bool read = done_list_read(&list, data[0], (struct slice){bytes + 1, length});
    assert(read || list.count == 0);
    check_order(&list);
    check_written(&list);
    for (size_t i = length + 2; i < size; i++) {
        int64_t offset = data[0] + data[i];
        done_list_add(&list, offset);
        assert(done_list_has(&list, offset));
        check_order(&list);
    }
    check_written(&list);
    done_list_free(&list);
    free(bytes);
    return 0;
}
