/* question.c: a command that changes nothing, to hear whether a server answers. */
#include "redis/question.h"

#include "redis/commands.h"
#include "redis/resp.h"

enum { KEY_BYTES = 1024 };

/* The number of a header as resp_encode() writes it; the command moves behind it. */
static size_t question_header(struct slice *command)
{
    size_t number = 0, used = 1;

    while (used < command->length && command->data[used] != '\r')
        number = number * 10 + (size_t)(command->data[used++] - '0');
    command->data += used + 2;
    command->length -= used + 2;
    return number;
}

/* The argument at @p index; empty if there are fewer. */
static struct slice question_argument(struct slice command, size_t index)
{
    size_t count = question_header(&command);

    for (size_t i = 0; i < count; i++) {
        size_t length = question_header(&command);
        if (i == index)
            return (struct slice){command.data, length};
        command.data += length + 2;
        command.length -= length + 2;
    }
    return (struct slice){NULL, 0};
}

/* Where the first key stands; in an unknown command, where most commands have it. */
static size_t question_place(uint32_t row)
{
    size_t count;
    const struct command *rows = command_all(&count);

    if (row >= count)
        return 1;
    if (rows[row].numkeys)
        return (size_t)rows[row].numkeys + 1;
    return rows[row].first_key ? (size_t)rows[row].first_key : 1;
}

size_t question_write(char question[QUESTION_BYTES], struct slice command, uint32_t row)
{
    struct slice words[] = {SLICE("EXISTS"), question_argument(command, question_place(row))};
    size_t count = words[1].length && words[1].length <= KEY_BYTES ? 2 : 1;

    if (count == 1)
        words[0] = SLICE("PING");
    return (size_t)(resp_encode(question, words, count) - question);
}
