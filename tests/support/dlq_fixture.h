/* dlq_fixture.h: a bridge whose records become dead letters, and a reader of their topic. */
#pragma once
#include "bridge_fixture.h"
#include "member_fixture.h"
#include "record/dlq_letter.h"

#define TOPIC_DLQ(topic) "dlq = { source = \"main\"; topic = \"" topic "\"; };\n"
#define STREAM_DLQ       "dlq = { sink = \"there\"; stream = \"dead\"; };\n"
#define JSON             "format = \"json\"; on_error = \"dlq\"; "

enum { LETTERS_MOST = 64 };

extern rd_kafka_message_t *letters[LETTERS_MOST];
extern size_t letter_count;

/** Reads @p topic from its beginning until it has given @p wanted records and is silent. */
void read_letters(const char *topic, size_t wanted);
void close_letters(void);

/** How many headers the letter has. */
size_t header_count(const rd_kafka_message_t *message);
/** Header @p index as "name=value", "name" if it is null. */
const char *header_text(const rd_kafka_message_t *message, size_t index);
