/* answer.c: one reply as a whole, its texts in place. */
#include "redis/answer.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>

enum { LONGEST = 512 << 20, ITEMS_LIMIT = 1 << 20 };

static void answer_advance(struct slice *input, size_t length)
{
    input->data += length;
    input->length -= length;
}

/* Takes the next line without its CRLF. */
static enum resp_result answer_line(struct slice *input, struct slice *line)
{
    const char *feed = input->length ? memchr(input->data, '\n', input->length) : NULL;

    if (!feed)
        return input->length < RESP_LINE_BYTES ? RESP_MORE : RESP_BROKEN;
    size_t length = (size_t)(feed - input->data) + 1;
    if (length < 3 || length > RESP_LINE_BYTES || feed[-1] != '\r')
        return RESP_BROKEN;
    *line = (struct slice){input->data, length - 2};
    answer_advance(input, length);
    return RESP_REPLY;
}

/* One reply that is not an array, or the head of one: *text is what stands behind the type. */
static enum resp_result answer_element(struct slice *input, char *type, struct slice *text,
                                       int64_t *length)
{
    enum resp_result result = answer_line(input, text);

    if (result != RESP_REPLY)
        return result;
    *type = text->data[0];
    answer_advance(text, 1);
    if (*type == '+' || *type == '-' || *type == ':')
        return RESP_REPLY;
    if ((*type != '$' && *type != '*') || !text_integer(*text, length) || *length < -1 ||
        *length > LONGEST)
        return RESP_BROKEN;
    if (*type == '*')
        return RESP_REPLY;
    *text = (struct slice){NULL, 0};
    if (*length < 0)
        return RESP_REPLY;
    if (input->length < (size_t)*length + 2)
        return RESP_MORE;
    *text = (struct slice){input->data, (size_t)*length};
    if (memcmp(input->data + *length, "\r\n", 2) != 0)
        return RESP_BROKEN;
    answer_advance(input, (size_t)*length + 2);
    return RESP_REPLY;
}

static enum resp_result answer_items(struct answer *answer, struct slice *input, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t length = 0;
        struct slice text;
        char type;
        enum resp_result result = answer_element(input, &type, &text, &length);
        if (result != RESP_REPLY)
            return result;
        if (type == '*')
            return RESP_BROKEN;
        answer->items =
            mem_grow(answer->items, answer->count, &answer->capacity, sizeof(*answer->items));
        answer->items[answer->count++] = text;
    }
    return RESP_REPLY;
}

enum resp_result answer_read(struct answer *answer, struct slice *input)
{
    struct slice rest = *input;
    int64_t length = 0;
    enum resp_result result = answer_element(&rest, &answer->type, &answer->text, &length);

    answer->count = 0;
    answer->null = length < 0;
    if (result == RESP_REPLY && answer->type == '*' && length > ITEMS_LIMIT)
        return RESP_BROKEN;
    if (result == RESP_REPLY && answer->type == '*' && length > 0)
        result = answer_items(answer, &rest, (size_t)length);
    if (result == RESP_REPLY)
        *input = rest;
    return result;
}

void answer_free(struct answer *answer)
{
    free(answer->items);
    *answer = (struct answer){0};
}
