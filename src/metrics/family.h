/* family.h: the rows of metrics.def. */
#pragma once
#include "metrics/metrics.h"

enum family_type {
    FAMILY_COUNTER,
    FAMILY_SECONDS, /* a counter, which is kept in microseconds */
    FAMILY_GAUGE,
    FAMILY_HISTOGRAM,
    FAMILY_INFO
};

enum family_scope {
    SCOPE_BUILD,
    SCOPE_PROCESS,
    SCOPE_SOURCE,
    SCOPE_TOPIC,
    SCOPE_ROUTE,
    SCOPE_SINK,
    SCOPE_PARTITION,
    SCOPE_ASSIGNED
};

/** A label whose values are known beforehand. */
struct dimension {
    const char *label; /* NULL: none */
    const char *const *values;
    size_t count;
};

struct family {
    const char *name, *help;
    enum family_type type;
    enum family_scope scope;
    const struct dimension *dimension;
    size_t offset; /* of its field in the scope's struct */
};

extern const struct family families[];
extern const size_t family_count;

/** The dimension of redis_commands_total; its values are configured, not known here. */
extern const struct dimension dimension_COMMAND;
extern const struct dimension *const dimension_result;

extern const char *const family_type_names[];

/** The ending that a family's name has by its type, "_total"; "" if none. */
extern const char *const family_suffixes[];

/** The labels of a scope, separated by ", "; "" if it has none. */
extern const char *const family_scope_labels[];
