/* option.c: the rows of options.def, and a group of settings filled from them. */
#include "conf/option.h"

#include "base/mem.h"
#include "base/text.h"
#include "conf/read.h"

#include <stdlib.h>
#include <string.h>

/* The compiler refuses a row whose kind does not fit its field: filled_sink.is is the struct of a
 * group, kind_SIZE.is the field of a kind. */
#define GROUP(group, type, ...)                                                                    \
    struct filled_##group {                                                                        \
        type is;                                                                                   \
    };
#include "conf/options.def"
#define KIND(kind, type, ...)                                                                      \
    struct kind_##kind {                                                                           \
        type is;                                                                                   \
    };
#include "conf/kinds.def"
#define CHOICE    KIND
#define CHOICE_OF KIND
#include "conf/choices.def"
#undef KIND
#define ROW(group, name, field, inherited, kind, ...)                                              \
    _Static_assert(                                                                                \
        __builtin_types_compatible_p(__typeof__(((struct filled_##group *)0)->is.field),           \
                                     __typeof__(((struct kind_##kind *)0)->is)),                   \
        "options.def: " #group "." #name " does not fit its field");
#include "conf/options.def"

const char option_required[] = "(required)";

#define NONE     NULL
#define REQUIRED option_required
#define SECTION_ROW(group_, name_, inherited_, change_, help_)                                     \
    {.group = GROUP_##group_,                                                                      \
     .section = true,                                                                              \
     .name = #name_,                                                                               \
     .inherited = (inherited_),                                                                    \
     .change = CHANGE_##change_,                                                                   \
     .help = (help_)},
#define ROW(group_, name_, field_, inherited_, kind_, default_, least_, most_, change_, help_)     \
    {.group = GROUP_##group_,                                                                      \
     .kind = KIND_##kind_,                                                                         \
     .name = #name_,                                                                               \
     .default_text = (default_),                                                                   \
     .inherited = (inherited_),                                                                    \
     .least = (least_),                                                                            \
     .most = (most_),                                                                              \
     .change = CHANGE_##change_,                                                                   \
     .help = (help_),                                                                              \
     .offset = offsetof(struct filled_##group_, is.field_)},
static const struct option options[] = {
#include "conf/options.def"
};

#define CHANGE(change, word, text) [CHANGE_##change] = {word, text},
const struct option_change_text option_changes[OPTION_CHANGE_COUNT] = {OPTION_CHANGES(CHANGE)};
#undef CHANGE

struct alias {
    enum option_group group;
    const char *word, *name;
};

#define ALIAS(group, word, name) {GROUP_##group, #word, #name},
static const struct alias aliases[] = {
#include "conf/options.def"
};

#define GROUP(group, type, title_, where_, text_) [GROUP_##group] = {#group, title_, where_, text_},
static const struct option_group_text groups[OPTION_GROUPS] = {
#include "conf/options.def"
};

enum {
    OPTIONS = sizeof(options) / sizeof(options[0]),
    ALIASES = sizeof(aliases) / sizeof(aliases[0])
};

const struct option *option_all(size_t *count)
{
    *count = OPTIONS;
    return options;
}

const struct option_group_text *option_group_text(enum option_group group)
{
    return &groups[group];
}

/* The settings that @p group knows, or those that "defaults" may hold. */
static bool option_is_of(const struct option *option, enum option_group group, bool defaults)
{
    return option->group == group && (!defaults || option->inherited);
}

static bool option_is_known(const char *name, enum option_group group, bool defaults)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if (option_is_of(&options[i], group, defaults) && strcmp(options[i].name, name) == 0)
            return true;
    return false;
}

/* The setting of @p group that @p word was probably meant to be; NULL: none comes to mind. */
static const char *option_meant(const char *word, enum option_group group, bool defaults)
{
    const char *names[OPTIONS];
    size_t count = 0;

    for (size_t i = 0; i < ALIASES; i++)
        if (aliases[i].group == group && strcmp(aliases[i].word, word) == 0)
            return aliases[i].name;
    for (size_t i = 0; i < OPTIONS; i++)
        if (option_is_of(&options[i], group, defaults))
            names[count++] = options[i].name;
    return text_nearest(slice_of(word), names, count);
}

static void option_unknown(const struct loader *loader, const struct setting *setting,
                           enum option_group group, bool defaults, const char *what)
{
    const char *meant = option_meant(setting->name, group, defaults);
    char *hint = NULL;

    if (meant)
        hint = mem_format("did you mean '%s'?", meant);
    else if (defaults && option_is_known(setting->name, group, false))
        hint = mem_text("only a route itself can have it");
    else if (group == GROUP_source)
        hint = mem_text("librdkafka's own properties stand in librdkafka = { ... };");
    conf_problem(loader->problems, setting->origin, hint, "unknown setting '%s' in %s",
                 setting->name, what);
    free(hint);
}

/* Whether an unknown setting of @p setting was probably meant to be @p option: then it is not
 * missing, and to say so would send the reader away from the mistake. */
static bool option_is_misspelt(const struct option *option, const struct setting *setting)
{
    for (size_t i = 0; setting && i < setting->count; i++) {
        const char *name = setting->children[i].name, *meant;
        if (option_is_known(name, option->group, false))
            continue;
        meant = option_meant(name, option->group, false);
        if (meant && strcmp(meant, option->name) == 0)
            return true;
    }
    return false;
}

static void option_check_names(const struct loader *loader, const struct setting *setting,
                               enum option_group group, bool defaults, const char *what)
{
    for (size_t i = 0; setting && i < setting->count; i++)
        if (!option_is_known(setting->children[i].name, group, defaults))
            option_unknown(loader, &setting->children[i], group, defaults, what);
}

/* Reads the default of the row, as if the file had said it. */
static void option_read_default(const struct loader *loader, const struct option *option,
                                struct conf_origin origin, void *field)
{
    struct setting default_text = {.kind = SETTING_TEXT, .origin = origin};

    default_text.text = mem_text(option->default_text);
    kinds[option->kind].read(loader, option, &default_text, field);
    free(default_text.text);
}

static void option_missing(const struct loader *loader, const struct option *option,
                           struct conf_origin origin, const char *what)
{
    bool fixed = option->least[0] && strcmp(option->least, option->most) == 0;
    char *hint = fixed ? mem_format("%s = %s;", option->name, option->least) : NULL;

    conf_problem(loader->problems, origin, hint, "'%s' is missing in %s", option->name, what);
    free(hint);
}

/* Reads what stands in "defaults". */
static void option_inherit(const struct loader *loader, const struct option *option,
                           const struct setting *setting, void *field)
{
    kinds[option->kind].read(loader, option, setting, field);
    if (kinds[option->kind].is_text)
        ((struct conf_text *)field)->inherited = true;
}

void option_fill_group(const struct loader *loader, enum option_group group,
                       const struct setting *setting, const struct setting *defaults,
                       struct conf_origin origin, const char *what, void *target)
{
    option_check_names(loader, setting, group, false, what);
    for (size_t i = 0; i < OPTIONS; i++) {
        const struct option *option = &options[i];
        if (option->group != group || option->section)
            continue;
        void *field = (char *)target + option->offset;
        const struct setting *set = setting_find(setting, option->name);
        const struct setting *general =
            option->inherited ? setting_find(defaults, option->name) : NULL;
        if (option->default_text && option->default_text != option_required)
            option_read_default(loader, option, origin, field);
        if (set)
            kinds[option->kind].read(loader, option, set, field);
        else if (general)
            option_inherit(loader, option, general, field);
        else if (option->default_text == option_required && !option_is_misspelt(option, setting))
            option_missing(loader, option, origin, what);
    }
}

void option_check_defaults(const struct loader *loader, const struct setting *defaults)
{
    struct conf_route scratch = {0};

    option_check_names(loader, defaults, GROUP_route, true, "'defaults'");
    for (size_t i = 0; i < OPTIONS; i++) {
        const struct option *option = &options[i];
        const struct setting *set = setting_find(defaults, option->name);
        if (set && !option->section && option_is_of(option, GROUP_route, true))
            kinds[option->kind].read(loader, option, set, (char *)&scratch + option->offset);
    }
}
