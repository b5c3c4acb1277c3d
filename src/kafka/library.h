/* library.h: which librdkafka runs. */
#pragma once

/** Its version as text, e.g. "2.0.2": of the library that is loaded, not of the headers. */
const char *kafka_library_version(void);
