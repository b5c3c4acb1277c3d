/*
 * explained.h: what a route makes of one record, for both printers.
 *
 * It holds only texts that may be shown: any that may come from a secret file is "***" already, so
 * that no printer has to know.
 */
#pragma once
#include "flow/route.h"

#include <stdbool.h>
#include <stdio.h>

/** A name that the route reads. */
struct explained_field {
    const char *name;
    bool found;
    enum value_type type; /* if found: */
    struct slice text;    /* a string without its escapes, anything else as it is written */
};

/** A field that "%{*}" leaves out. */
struct explained_left {
    struct slice name;
    const char *type; /* "null", "array", "object" */
};

/** An array that becomes one argument, though the command accepts many. */
struct explained_array {
    const char *name, *command, *argument; /* "items", "SADD", "member" */
};

struct explained_condition {
    const char *text;
    bool evaluated; /* false: it reads a value, and a tombstone has none */
    bool holds;
};

struct explained_command {
    const struct slice *arguments;
    size_t count;
};

/** As far as can be known without Kafka and Redis; the first four are outcomes of the metrics. */
enum explained_outcome {
    EXPLAINED_WRITTEN,
    EXPLAINED_FILTERED,
    EXPLAINED_DROPPED,
    EXPLAINED_DEAD_LETTERED,
    EXPLAINED_HELD,     /* an error, and on_error = "stop" */
    EXPLAINED_NOT_TAKEN /* the route does not read that topic */
};

struct explained {
    const struct route *route;
    enum explained_outcome outcome;
    const char *why; /* no command runs; NULL if one does, and on an error */
    struct explained_field *fields;
    struct explained_left *left; /* by "%{*}" of the commands, each name once */
    struct explained_array *arrays;
    struct explained_condition *conditions;
    struct explained_command *commands;
    struct slice *keys; /* of the commands, each once */
    size_t field_count, left_count, array_count, condition_count, command_count, key_count;
    bool failed; /* then: */
    enum stage stage;
    char error[ERR_TEXT_BYTES];

    size_t field_room, left_room, array_room, condition_room, command_room, key_room;
    struct arena arena;
};

/**
 * Evaluates the route. If the record's topic is NULL, it is the route's first. @p record must
 * outlive
 * @p explained. Free it with explained_clear().
 */
void explained_make(struct explained *explained, const struct route *route, struct record *record,
                    int64_t max_record);

void explained_clear(struct explained *explained);

/** "at_least_once", ... */
const char *explained_delivery(const struct explained *explained);

/** "written", ... */
const char *explained_outcome_name(enum explained_outcome outcome);

/** For a person. */
void explained_write_text(const struct explained *explained, FILE *out);

/** For a program: docs/reference/explain.md. */
void explained_write_json(const struct explained *explained, FILE *out);
