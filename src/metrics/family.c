/* family.c: the rows of metrics.def. */
#include "metrics/family.h"

#include "metrics/process.h"
#include "metrics/snapshot.h"

#include <string.h>

#define VALUE(constant, word) [constant] = (word),
#define DIMENSION(row, type, label, ...)                                                           \
    static const char *const words_##row[row##_COUNT] = {__VA_ARGS__};
#include "metrics/labels.def"
#undef DIMENSION
#undef VALUE
#define DIMENSION(row, type, label, ...)                                                           \
    static const struct dimension dimension_##row = {label, words_##row, row##_COUNT};
#include "metrics/labels.def"
#undef DIMENSION

/* The first words of Redis' error replies; the last stands for every other one. */
static const char *const class_names[] = {
    "ERR",       "WRONGTYPE",  "OOM",       "LOADING",    "BUSY",        "READONLY", "MISCONF",
    "MOVED",     "ASK",        "TRYAGAIN",  "MASTERDOWN", "CLUSTERDOWN", "NOAUTH",   "WRONGPASS",
    "CROSSSLOT", "NOREPLICAS", "NOPERM",    "NOPROTO",    "NOSCRIPT",    "DENIED",   "EXECABORT",
    "UNBLOCKED", "REDIRECT",   "BUSYGROUP", "NOGROUP",    "BUSYKEY",     "NOTREADY", "NOTBUSY",
    "IOERR",     "INVALIDOBJ", "INPROG",    "other",
};

enum { CLASSES = sizeof(class_names) / sizeof(class_names[0]) };
_Static_assert(CLASSES == sizeof(((struct sink_counters *)0)->errors) / sizeof(uint64_t),
               "one counter for each class");

const char *metrics_stage_name(enum stage stage)
{
    return words_STAGE[stage];
}

size_t metrics_error_index(const char *label)
{
    size_t i = 0;

    while (i < CLASSES - 1 && strcmp(class_names[i], label) != 0)
        i++;
    return i;
}

const struct dimension *const dimension_result = &dimension_RESULT;
const struct dimension dimension_COMMAND = {"command", NULL, 0};
static const struct dimension dimension_NONE = {NULL, (const char *const[]){""}, 1};
static const struct dimension dimension_CLASS = {"class", class_names, CLASSES};

/* The struct that holds the fields of a scope. */
#define STRUCT_BUILD     struct build_sample
#define STRUCT_PROCESS   struct process_sample
#define STRUCT_SOURCE    struct source_counters
#define STRUCT_TOPIC     struct topic_counters
#define STRUCT_ROUTE     struct route_counters
#define STRUCT_SINK      struct sink_counters
#define STRUCT_PARTITION struct partition_sample
#define STRUCT_ASSIGNED  struct partition_sample

const struct family families[] = {
#define METRIC(name, type, scope, dimension, field, help)                                          \
    {#name,                                                                                        \
     help,                                                                                         \
     FAMILY_##type,                                                                                \
     SCOPE_##scope,                                                                                \
     &dimension_##dimension,                                                                       \
     offsetof(STRUCT_##scope, field)},
#include "metrics/metrics.def"
#undef METRIC
};
const size_t family_count = sizeof(families) / sizeof(families[0]);

const char *const family_type_names[] = {
    [FAMILY_COUNTER] = "counter",     [FAMILY_SECONDS] = "counter", [FAMILY_GAUGE] = "gauge",
    [FAMILY_HISTOGRAM] = "histogram", [FAMILY_INFO] = "info",
};

const char *const family_suffixes[] = {
    [FAMILY_COUNTER] = "_total", [FAMILY_SECONDS] = "_total", [FAMILY_GAUGE] = "",
    [FAMILY_HISTOGRAM] = "",     [FAMILY_INFO] = "_info",
};

const char *const family_scope_labels[] = {
    [SCOPE_BUILD] = "version, librdkafka, hiredis",
    [SCOPE_PROCESS] = "",
    [SCOPE_SOURCE] = "",
    [SCOPE_TOPIC] = "source, topic",
    [SCOPE_ROUTE] = "route",
    [SCOPE_SINK] = "sink",
    [SCOPE_PARTITION] = "topic, partition",
    [SCOPE_ASSIGNED] = "topic, partition",
};
