/* message.h: librdkafka's message as a record. */
#pragma once
#include "record/record.h"

#include <librdkafka/rdkafka.h>

/** Everything but topic and owner. The record borrows from @p message; its headers are parsed at
 * the first question. */
void message_record(const rd_kafka_message_t *message, struct record *record);
