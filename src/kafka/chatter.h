/* chatter.h: librdkafka's own log lines become ours. */
#pragma once
#include <librdkafka/rdkafka.h>

/** Logs the line of a RD_KAFKA_EVENT_LOG. */
void chatter_log(rd_kafka_event_t *event);
