/* settings.h: every setting of a configuration, with its value. */
#pragma once
#include "conf/conf.h"
#include "conf/option.h"

struct setting_value {
    const char *name;  /* "sinks.live.window_bytes" */
    const char *value; /* as one would write it, secrets as "***"; "" if it is not set */
    const struct option *option;
};

/** Calls @p visit for each setting of @p conf, in the order of options.def; those of the file's
 * own groups alone: what is in "defaults" is in the routes. */
void settings_visit(const struct conf *conf,
                    void (*visit)(void *context, const struct setting_value *setting),
                    void *context);
