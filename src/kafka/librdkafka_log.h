/* librdkafka_log.h: librdkafka's own log lines become ours. */
#pragma once
#include <librdkafka/rdkafka.h>

#include <stdbool.h>

/** Logs the line of a RD_KAFKA_EVENT_LOG. True: a topic or the cluster may be another one. */
bool librdkafka_log(rd_kafka_event_t *event);
