/*
 * letter_pipe.h: a bridge with two servers whose records become dead letters, and a reader of their
 * topic.
 */
#pragma once
#include "bridge.h"
#include "kafka_member.h"
#include "record/letter.h"
#include "redis_server.h"

#define ROUTE_TO(sink, name, topic, rest)                                                          \
    "{ name = \"" name "\"; from = \"main\"; topics = [ \"" topic "\" ]; to = \"" sink "\"; " rest \
    "}"
#define ROUTE(name, topic, rest) ROUTE_TO("here", name, topic, rest)
#define TOPIC_DLQ(topic)         "dlq = { source = \"main\"; topic = \"" topic "\"; };\n"
#define STREAM_DLQ               "dlq = { sink = \"there\"; stream = \"dead\"; };\n"
#define JSON                     "format = \"json\"; on_error = \"dlq\"; "

extern struct redis_server *here, *there; /* the sinks of these names */

void open_servers(void);
/** A bridge from the source "main"; @p dlq and @p routes as the file has them. */
void open_pipe(const char *group, const char *dlq, const char *routes);
void close_all(void);

uint64_t outcome_of(size_t route, enum outcome outcome);
/** Whether the group comes to have committed @p offset. */
bool committed_comes(const char *group, const char *topic, int32_t partition, int64_t offset);

enum { LETTERS_MOST = 64 };

extern rd_kafka_message_t *letters[LETTERS_MOST];
extern size_t letter_count;

/** Reads @p topic from its beginning until it has given @p wanted records and is silent. */
void read_letters(const char *topic, size_t wanted);
void close_letters(void);

/** How many headers the letter has. */
size_t header_count(const rd_kafka_message_t *message);
/** Header @p index as "name=value", "name" where it is null. */
const char *header_text(const rd_kafka_message_t *message, size_t index);
