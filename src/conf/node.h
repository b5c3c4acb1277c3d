/* node.h: a configuration file as a tree, before anything in it has a meaning. */
#pragma once
#include "conf/problems.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum node_kind {
    NODE_GROUP, /* { name = value; } */
    NODE_LIST,  /* ( ... ) or [ ... ] */
    NODE_INTEGER,
    NODE_REAL,
    NODE_FLAG,
    NODE_TEXT
};

struct node {
    enum node_kind kind;
    char *name; /* NULL in a list */
    struct conf_origin origin;
    char *text; /* NODE_TEXT, "${...}" not yet expanded */
    int64_t integer;
    double real;
    bool flag;
    struct node *children; /* NODE_GROUP, NODE_LIST */
    size_t count;
};

/** The setting @p name of a group; NULL where it is not set, or @p group is NULL. */
const struct node *node_find(const struct node *group, const char *name);

/** What a kind is called in a message: "a string", "a group { ... }". */
const char *node_kind_name(enum node_kind kind);

/** Wipes and ends it. Takes NULL. */
void node_free(struct node *node);
