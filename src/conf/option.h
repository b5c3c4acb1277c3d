/* option.h: the rows of options.def, and how a setting of the file is read by its row. */
#pragma once
#include "conf/conf.h"
#include "conf/loader.h"
#include "conf/setting.h"

#include <stdio.h>

enum option_kind {
    OPTION_INTEGER,
    OPTION_DURATION,
    OPTION_SIZE,
    OPTION_FLAG,
    OPTION_CHOICE, /* one of some words, as its place among them */
    OPTION_WORD,   /* one of some words, as text */
    OPTION_TEXT,
    OPTION_SECRET,
    OPTION_BROKERS,
    OPTION_ADDRESS,
    OPTION_START,
    OPTION_TTL,
    OPTION_DURABLE,
    OPTION_NAME,
    OPTION_SOURCE, /* the name of a source */
    OPTION_SINK,
    OPTION_NAMES,
    OPTION_TOPICS,
    OPTION_COMMANDS,
    OPTION_PROPERTIES,
    OPTION_SECTION /* groups of its own; no field */
};

enum option_group {
    GROUP_top,
    GROUP_source,
    GROUP_sink,
    GROUP_tls,
    GROUP_route,
    GROUP_tolerance,
    GROUP_retry,
    GROUP_command,
    GROUP_dlq,
    GROUP_admin,
    GROUP_log,
    OPTION_GROUPS
};

struct option {
    enum option_group group;
    enum option_kind kind;
    const char *name;
    const char *default_text; /* as the file would say it; NULL: none; or option_required */
    bool inherited;           /* may also stand in "defaults" */
    const char *least, *most; /* of a choice or a word: least is the words, "a|b" */
    const char *help;
    size_t offset; /* of its field in the struct of its group */
};

/** The default_text of an option that must be set. */
extern const char option_required[];

struct option_group_text {
    const char *name, *title;
    const char *where; /* as one would write it */
    const char *text;
};

/** All rows, in the order of options.def. */
const struct option *option_all(size_t *count);
const struct option_group_text *option_group_text(enum option_group group);

/** The name of a kind in the documentation: "DURATION". */
const char *option_kind_name(enum option_kind kind);

/**
 * Fills @p target, the struct of @p group, from the settings of @p setting (NULL: none are set),
 * else from @p defaults (NULL: none), else from the rows; reports unknown and missing ones. @p
 * what names the group in messages: "route 'trips'".
 */
void option_fill_group(const struct loader *loader, enum option_group group,
                       const struct setting *setting, const struct setting *defaults,
                       struct conf_origin origin, const char *what, void *target);

/** Checks the settings of "defaults" by themselves. */
void option_check_defaults(const struct loader *loader, const struct setting *defaults);
