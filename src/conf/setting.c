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
    switch (kind) {
    case SETTING_GROUP:
        return "a group { ... }";
    case SETTING_LIST:
        return "a list";
    case SETTING_INTEGER:
        return "a number";
    case SETTING_REAL:
        return "a fraction";
    case SETTING_FLAG:
        return "a flag";
    case SETTING_TEXT:
        return "a string";
    }
    return NULL;
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
