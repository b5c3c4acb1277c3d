/* library.h: which librdkafka runs. */
#pragma once
#include <stdbool.h>

/** Its version as text, e.g. "2.0.2": of the library that is loaded, not of the headers. */
const char *kafka_library_version(void);

/** Whether it can log in by SCRAM at Kafka 4.0 and newer: before 2.6.1 it repeats its own nonce
 * (librdkafka's pull request 4895), which these brokers take for a wrong password. */
bool kafka_library_has_scram(void);
