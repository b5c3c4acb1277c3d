/* library.c: which librdkafka runs. */
#include "kafka/library.h"

#include <librdkafka/rdkafka.h>

const char *kafka_library_version(void)
{
    return rd_kafka_version_str();
}
