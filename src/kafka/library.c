/* library.c: which librdkafka runs. */
#include "kafka/library.h"

#include <librdkafka/rdkafka.h>

enum { SCRAM_VERSION = 0x020601ff };

const char *kafka_library_version(void)
{
    return rd_kafka_version_str();
}

bool kafka_library_has_scram(void)
{
    return rd_kafka_version() >= SCRAM_VERSION;
}
