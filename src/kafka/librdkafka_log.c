/* librdkafka_log.c: librdkafka's own log lines become ours. */
#include "kafka/librdkafka_log.h"

#include "base/log.h"

#include <string.h>

/* syslog(3) levels. */
enum { SYSLOG_WARNING = 4, SYSLOG_INFO = 6 };

static enum log_level librdkafka_level(const char *facility, int level)
{
    /* A broker that cannot be reached comes as an error event as well; AUTOCREATE is said of every
     * new connection, CONFWARN of properties that consumer and producer share. */
    static const char *const quiet[] = {"FAIL", "ERROR", "AUTOCREATE", "CONFWARN"};

    for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++)
        if (strcmp(facility, quiet[i]) == 0)
            return LOG_DEBUG;
    if (level <= SYSLOG_WARNING)
        return LOG_WARN;
    return level <= SYSLOG_INFO ? LOG_INFO : LOG_DEBUG;
}

/* A topic has lost partitions or won some; the cluster calls itself by another id. */
static bool is_about_identity(const char *facility)
{
    return strcmp(facility, "PARTCNT") == 0 || strcmp(facility, "CLUSTERID") == 0;
}

bool librdkafka_log(rd_kafka_event_t *event)
{
    const char *facility, *text;
    int number;
    enum log_level level;

    if (rd_kafka_event_log(event, &facility, &text, &number) != 0)
        return false;
    level = librdkafka_level(facility, number);
    const struct log_field fields[] = {LOG_STR("facility", facility), LOG_STR("text", text),
                                       LOG_END};
    if (level == LOG_WARN && log_enabled(level))
        log_write(NULL, LOG_WARN, "librdkafka", fields);
    else if (log_enabled(level))
        log_write(NULL, level, "librdkafka", fields);
    return is_about_identity(facility);
}
