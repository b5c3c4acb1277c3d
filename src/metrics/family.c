/* family.c: the rows of metrics.def. */
#include "metrics/family.h"

#include "metrics/process.h"
#include "metrics/snapshot.h"

#include <string.h>

static const char *const outcome_names[OUTCOME_COUNT] = {
    [OUTCOME_WRITTEN] = "written",   [OUTCOME_FILTERED] = "filtered",
    [OUTCOME_DROPPED] = "dropped",   [OUTCOME_DEAD_LETTERED] = "dead_lettered",
    [OUTCOME_RETURNED] = "returned",
};
_Static_assert(OUTCOME_COUNT == OUTCOME_RETURNED + 1, "each outcome has a name");

static const char *const stage_names[STAGE_COUNT] = {
    [STAGE_DECODE] = "decode",
    [STAGE_TEMPLATE] = "template",
    [STAGE_LIMIT] = "limit",
    [STAGE_REDIS] = "redis",
};
static const char *const result_names[RESULT_COUNT] = {
    [RESULT_OK] = "ok",
    [RESULT_RETRIED] = "retried",
    [RESULT_REFUSED] = "refused",
};
static const char *const barrier_names[BARRIER_COUNT] = {
    [BARRIER_REACHED] = "reached",
    [BARRIER_SHORT] = "short",
    [BARRIER_FAILED] = "failed",
};
static const char *const event_names[REBALANCE_COUNT] = {
    [REBALANCE_ASSIGN] = "assign",
    [REBALANCE_REVOKE] = "revoke",
    [REBALANCE_LOST] = "lost",
};
static const char *const state_names[TOPIC_STATE_COUNT] = {
    [TOPIC_UNKNOWN] = "unknown",     [TOPIC_ASSIGNED] = "assigned", [TOPIC_ELSEWHERE] = "elsewhere",
    [TOPIC_UNREAD] = "unread",       [TOPIC_MISSING] = "missing",   [TOPIC_FORBIDDEN] = "forbidden",
    [TOPIC_UNMATCHED] = "unmatched",
};
static const char *const commit_names[COMMIT_COUNT] = {
    [COMMIT_OK] = "ok",
    [COMMIT_FAILED] = "failed",
};

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
    return stage_names[stage];
}

const char *metrics_topic_state_name(enum topic_state state)
{
    return state_names[state];
}

size_t metrics_error_index(const char *label)
{
    size_t i = 0;

    while (i < CLASSES - 1 && strcmp(class_names[i], label) != 0)
        i++;
    return i;
}

const struct dimension dimension_result = {"result", result_names, RESULT_COUNT};
const struct dimension dimension_command = {"command", NULL, 0};
static const struct dimension dimension_none = {NULL, (const char *const[]){""}, 1};
static const struct dimension dimension_outcome = {"outcome", outcome_names, OUTCOME_COUNT};
static const struct dimension dimension_barrier = {"outcome", barrier_names, BARRIER_COUNT};
static const struct dimension dimension_stage = {"stage", stage_names, STAGE_COUNT};
static const struct dimension dimension_event = {"event", event_names, REBALANCE_COUNT};
static const struct dimension dimension_state = {"state", state_names, TOPIC_STATE_COUNT};
static const struct dimension dimension_commit = {"result", commit_names, COMMIT_COUNT};
static const struct dimension dimension_class = {"class", class_names, CLASSES};

/* The struct that holds the fields of a scope, and the dimensions by the names of metrics.def. */
#define STRUCT_BUILD      struct build_sample
#define STRUCT_PROCESS    struct process_sample
#define STRUCT_SOURCE     struct source_counters
#define STRUCT_TOPIC      struct topic_counters
#define STRUCT_ROUTE      struct route_counters
#define STRUCT_SINK       struct sink_counters
#define STRUCT_PARTITION  struct partition_sample
#define STRUCT_ASSIGNED   struct partition_sample
#define DIMENSION_NONE    dimension_none
#define DIMENSION_OUTCOME dimension_outcome
#define DIMENSION_STATE   dimension_state
#define DIMENSION_STAGE   dimension_stage
#define DIMENSION_BARRIER dimension_barrier
#define DIMENSION_EVENT   dimension_event
#define DIMENSION_COMMIT  dimension_commit
#define DIMENSION_CLASS   dimension_class
#define DIMENSION_COMMAND dimension_command

const struct family families[] = {
#define METRIC(name, type, scope, dimension, field, help)                                          \
    {#name,                                                                                        \
     help,                                                                                         \
     FAMILY_##type,                                                                                \
     SCOPE_##scope,                                                                                \
     &DIMENSION_##dimension,                                                                       \
     offsetof(STRUCT_##scope, field)},
#include "metrics/metrics.def"
#undef METRIC
};
const size_t family_count = sizeof(families) / sizeof(families[0]);

const char *const family_type_names[] = {
    [FAMILY_COUNTER] = "counter",
    [FAMILY_GAUGE] = "gauge",
    [FAMILY_HISTOGRAM] = "histogram",
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
