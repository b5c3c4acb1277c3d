/* option.h: the rows of options.def, and how a setting of the file is read by its row. */
#pragma once
#include "conf/conf.h"
#include "conf/kind.h"
#include "conf/loader.h"
#include "conf/setting.h"

enum option_group {
#define GROUP(group, ...) GROUP_##group,
#include "conf/options.def"
    OPTION_GROUPS
};

/** What must start again if a value changes: the column "change" of options.def. */
#define OPTION_CHANGES(CHANGE)                                                                     \
    CHANGE(NEVER, "", "")                                                                          \
    CHANGE(LIVE, "live", "nothing")                                                                \
    CHANGE(RECONNECT, "reconnect",                                                                 \
           "the connections made with it: to the sink's Redis, or for dead letters")               \
    CHANGE(REJOIN, "rejoin",                                                                       \
           "the members of the consumer group: their partitions are drained, given up and "        \
           "assigned again")                                                                       \
    CHANGE(RESTART, "restart", "the process")

enum option_change {
#define CHANGE(change, word, text) CHANGE_##change,
    OPTION_CHANGES(CHANGE)
#undef CHANGE
        OPTION_CHANGE_COUNT
};

struct option_change_text {
    const char *word; /* "rejoin" */
    const char *text; /* what starts again */
};

extern const struct option_change_text option_changes[OPTION_CHANGE_COUNT];

struct option {
    enum option_group group;
    bool section; /* holds groups of its own: no kind, no field */
    enum option_kind kind;
    const char *name;
    const char *default_text; /* as the file would say it; NULL: none; or option_required */
    bool inherited;           /* may also stand in "defaults" */
    const char *least, *most; /* of a number; else "" */
    enum option_change change;
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
