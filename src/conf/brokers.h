/* brokers.h: Kafka's bootstrap servers as a source names them. */
#pragma once
#include "base/err.h"

enum { BROKERS_PORT = 9092 }; /* librdkafka's default */

/** Whether @p text is "host", "host:port" or several of them with commas between; an IPv6 address
 * stands in brackets. Errors: ERR_CONFIG with the reason. */
bool brokers_check(const char *text, struct err *err);
