/* message.c: librdkafka's message as a record. */
#include "kafka/message.h"

static bool header_find(const struct record *record, struct slice name, struct slice *out)
{
    rd_kafka_headers_t *headers;
    const char *found;
    const void *value;
    size_t length;

    if (rd_kafka_message_headers(record->headers.origin, &headers) != 0)
        return false;
    for (size_t i = rd_kafka_header_cnt(headers); i-- > 0;) {
        rd_kafka_header_get_all(headers, i, &found, &value, &length);
        if (slice_is(name, found)) {
            *out = (struct slice){value, value ? length : 0};
            return true;
        }
    }
    return false;
}

/* librdkafka knows it from 2.1 on. */
static int32_t message_leader_epoch(const rd_kafka_message_t *message)
{
#if RD_KAFKA_VERSION >= 0x020100ff
    return rd_kafka_message_leader_epoch(message);
#else
    (void)message;
    return -1;
#endif
}

static bool header_at(const struct record *record, size_t index, struct slice *name,
                      struct slice *value)
{
    rd_kafka_headers_t *headers;
    const char *found;
    const void *bytes;
    size_t length;

    if (rd_kafka_message_headers(record->headers.origin, &headers) != 0 ||
        rd_kafka_header_get_all(headers, index, &found, &bytes, &length) != 0)
        return false;
    *name = slice_of(found);
    *value = (struct slice){bytes, bytes ? length : 0};
    return true;
}

void message_record(const rd_kafka_message_t *message, struct record *record)
{
    rd_kafka_timestamp_type_t type;
    int64_t timestamp_ms = rd_kafka_message_timestamp(message, &type);

    *record = (struct record){
        .key = {message->key, message->key_len},
        .value = {message->payload, message->len},
        .partition = message->partition,
        .leader_epoch = message_leader_epoch(message),
        .offset = message->offset,
        .timestamp_ms = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? -1 : timestamp_ms,
        .headers = {header_find, message, header_at},
    };
}
