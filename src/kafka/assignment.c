/* assignment.c: what a member of a group was given, as Kafka's clients write it. */
#include "kafka/assignment.h"

#include "conf/topic.h"

#include <stdint.h>
#include <string.h>

struct reader {
    const unsigned char *bytes;
    size_t left;
};

/* The next @p size bytes as a number; -1: there are not so many, or it is negative. */
static int64_t read_number(struct reader *reader, size_t size)
{
    int64_t number = 0;

    if (reader->left < size || reader->bytes[0] & 0x80)
        return -1;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | reader->bytes[i];
    reader->bytes += size;
    reader->left -= size;
    return number;
}

static bool read_name(struct reader *reader, char name[TOPIC_LENGTH_MAX + 1])
{
    int64_t length = read_number(reader, 2);

    if (length <= 0 || length > TOPIC_LENGTH_MAX || (size_t)length > reader->left)
        return false;
    memcpy(name, reader->bytes, (size_t)length);
    name[length] = '\0';
    reader->bytes += length;
    reader->left -= (size_t)length;
    return true;
}

bool assignment_visit(const void *bytes, size_t size,
                      void (*visit)(void *context, const char *topic), void *context)
{
    struct reader reader = {bytes, size};
    char name[TOPIC_LENGTH_MAX + 1];
    int64_t topics;

    if (read_number(&reader, 2) < 0)
        return false;
    topics = read_number(&reader, 4);
    for (int64_t i = 0; i < topics; i++) {
        if (!read_name(&reader, name))
            return false;
        int64_t partitions = read_number(&reader, 4);
        if (partitions < 0 || (size_t)partitions > reader.left / 4)
            return false;
        reader.bytes += partitions * 4;
        reader.left -= (size_t)partitions * 4;
        if (partitions)
            visit(context, name);
    }
    return topics >= 0;
}
