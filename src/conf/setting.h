/* setting.h: a configuration file as a tree of settings, before any of them has a meaning. */
#pragma once
#include "conf/problems.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum setting_kind {
    SETTING_GROUP, /* { name = value; } */
    SETTING_LIST,  /* ( ... ) or [ ... ] */
    SETTING_INTEGER,
    SETTING_REAL,
    SETTING_FLAG,
    SETTING_TEXT
};

struct setting {
    enum setting_kind kind;
    char *name; /* NULL in a list */
    struct conf_origin origin;
    char *text; /* SETTING_TEXT, "${...}" not yet expanded */
    int64_t integer;
    double real;
    bool flag;
    struct setting *children; /* SETTING_GROUP, SETTING_LIST */
    size_t count;
};

/** The setting @p name of a group; NULL if it is not set or @p group is NULL. */
const struct setting *setting_find(const struct setting *group, const char *name);

/** What a kind is called in a message: "a string", "a group { ... }". */
const char *setting_kind_name(enum setting_kind kind);

/** Wipes and frees it. Takes NULL. */
void setting_free(struct setting *setting);
