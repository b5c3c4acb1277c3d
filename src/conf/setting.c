/* setting.c: a configuration file as a tree of settings, before any of them has a meaning. */
#include "conf/setting.h"

#include <stdlib.h>
#include <string.h>

const struct setting *setting_find(const struct setting *group, const char *name)
{
    for (size_t i = 0; group && i < group->count; i++)
        if (group->children[i].name && strcmp(group->children[i].name, name) == 0)
            return &group->children[i];
    return NULL;
}

const char *setting_kind_name(enum setting_kind kind)
{
    static const char *const names[] = {
        [SETTING_GROUP] = "a group { ... }", [SETTING_LIST] = "a list",
        [SETTING_INTEGER] = "a number",      [SETTING_REAL] = "a fraction",
        [SETTING_FLAG] = "a flag",           [SETTING_TEXT] = "a string",
    };

    return names[kind];
}

static void setting_clear(struct setting *setting)
{
    for (size_t i = 0; i < setting->count; i++)
        setting_clear(&setting->children[i]);
    if (setting->text)
        explicit_bzero(setting->text, strlen(setting->text));
    free(setting->text);
    free(setting->name);
    free(setting->children);
}

void setting_free(struct setting *setting)
{
    if (!setting)
        return;
    setting_clear(setting);
    free(setting);
}
