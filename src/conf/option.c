/* option.c: the rows of options.def, and a group of settings filled from them. */
#include "conf/option.h"

#include "base/mem.h"
#include "base/text.h"
#include "conf/read.h"

#include <stdlib.h>
#include <string.h>

/* Which struct a group fills, and what its options are called there. */
#define STRUCT_top             struct conf
#define STRUCT_source          struct conf_source
#define STRUCT_sink            struct conf_sink
#define STRUCT_tls             struct conf_tls
#define STRUCT_route           struct conf_route
#define STRUCT_tolerance       struct conf_route
#define STRUCT_retry           struct conf_route
#define STRUCT_command         struct conf_command
#define STRUCT_dlq             struct conf_dlq
#define STRUCT_admin           struct conf
#define STRUCT_log             struct conf
#define FIELD_top(field)       field
#define FIELD_source(field)    field
#define FIELD_sink(field)      field
#define FIELD_tls(field)       field
#define FIELD_route(field)     field
#define FIELD_tolerance(field) tolerance_##field
#define FIELD_retry(field)     retry_##field
#define FIELD_command(field)   field
#define FIELD_dlq(field)       field
#define FIELD_admin(field)     admin_##field
#define FIELD_log(field)       log_##field

/* What type of field a kind fills. */
#define TYPE_INTEGER                int64_t
#define TYPE_DURATION               int64_t
#define TYPE_SIZE                   int64_t
#define TYPE_FLAG                   bool
#define TYPE_CHOICE                 int
#define TYPE_WORD                   struct conf_text
#define TYPE_TEXT                   struct conf_text
#define TYPE_SECRET                 struct conf_text
#define TYPE_BROKERS                struct conf_text
#define TYPE_ADDRESS                struct conf_text
#define TYPE_START                  struct conf_text
#define TYPE_TTL                    struct conf_text
#define TYPE_DURABLE                struct conf_durable
#define TYPE_NAME                   char *
#define TYPE_SOURCE                 struct conf_source *
#define TYPE_SINK                   struct conf_sink *
#define TYPE_NAMES                  struct conf_names
#define TYPE_TOPICS                 struct conf_texts
#define TYPE_COMMANDS               struct conf_commands
#define TYPE_PROPERTIES             struct conf_property *

#define OPTION(group, name, ...)    ROW(group, name, name, false, __VA_ARGS__)
#define INHERITED(group, name, ...) ROW(group, name, name, true, __VA_ARGS__)
#define KEYWORD(group, name, ...)   ROW(group, name, name##_, false, __VA_ARGS__)

/* The compiler refuses a row whose kind does not fit its field. */
#define GROUP(group, title, where, text)
#define ALIAS(group, word, name)
#define SECTION(group, name, help)
#define INHERITED_SECTION(group, name, help)
#define ROW(group, name, field, inherited, kind, default_text, least, most, help)                  \
    _Static_assert(__builtin_types_compatible_p(                                                   \
                       __typeof__(((STRUCT_##group *)0)->FIELD_##group(field)), TYPE_##kind),      \
                   "options.def: " #group "." #name " does not fit its field");
#include "conf/options.def"
#undef SECTION
#undef INHERITED_SECTION
#undef ROW

const char option_required[] = "(required)";

#define NONE     NULL
#define REQUIRED option_required
#define SECTION(group_, name_, help_)                                                              \
    {.group = GROUP_##group_, .kind = OPTION_SECTION, .name = #name_, .help = (help_)},
#define INHERITED_SECTION(group_, name_, help_)                                                    \
    {.group = GROUP_##group_,                                                                      \
     .kind = OPTION_SECTION,                                                                       \
     .name = #name_,                                                                               \
     .inherited = true,                                                                            \
     .help = (help_)},
#define ROW(group_, name_, field_, inherited_, kind_, default_text_, least_, most_, help_)         \
    {.group = GROUP_##group_,                                                                      \
     .kind = OPTION_##kind_,                                                                       \
     .name = #name_,                                                                               \
     .default_text = (default_text_),                                                              \
     .inherited = (inherited_),                                                                    \
     .least = (least_),                                                                            \
     .most = (most_),                                                                              \
     .help = (help_),                                                                              \
     .offset = offsetof(STRUCT_##group_, FIELD_##group_(field_))},

static const struct option options[] = {
#include "conf/options.def"
};
#undef GROUP
#undef ALIAS
#undef SECTION
#undef INHERITED_SECTION
#undef ROW

struct alias {
    enum option_group group;
    const char *word, *name;
};

#define GROUP(group, title, where, text)
#define ALIAS(group, word, name) {GROUP_##group, #word, #name},
#define SECTION(group, name, help)
#define INHERITED_SECTION(group, name, help)
#define ROW(...)
static const struct alias aliases[] = {
#include "conf/options.def"
};
#undef GROUP
#undef ALIAS

#define ALIAS(group, word, name)
#define GROUP(group, title_, where_, text_) [GROUP_##group] = {#group, title_, where_, text_},
#define SECTION(group, name, help)
#define INHERITED_SECTION(group, name, help)
#define ROW(...)
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

const char *option_kind_name(enum option_kind kind)
{
    static const char *const names[] = {
        [OPTION_INTEGER] = "INTEGER",
        [OPTION_DURATION] = "DURATION",
        [OPTION_SIZE] = "SIZE",
        [OPTION_FLAG] = "FLAG",
        [OPTION_CHOICE] = "WORD",
        [OPTION_WORD] = "WORD",
        [OPTION_TEXT] = "TEXT",
        [OPTION_SECRET] = "SECRET",
        [OPTION_BROKERS] = "HOST:PORT,...",
        [OPTION_ADDRESS] = "HOST:PORT",
        [OPTION_START] = "WORD or @TIME",
        [OPTION_TTL] = "DURATION",
        [OPTION_NAME] = "NAME",
        [OPTION_SOURCE] = "NAME",
        [OPTION_SINK] = "NAME",
        [OPTION_NAMES] = "NAMES",
        [OPTION_TOPICS] = "TOPICS",
        [OPTION_COMMANDS] = "COMMANDS",
        [OPTION_PROPERTIES] = "GROUP",
        [OPTION_SECTION] = "GROUP",
        [OPTION_DURABLE] = "WORD",
    };

    return names[kind];
}

static read_function *const readers[] = {
    [OPTION_INTEGER] = read_integer,   [OPTION_DURATION] = read_duration,
    [OPTION_SIZE] = read_size,         [OPTION_FLAG] = read_flag,
    [OPTION_CHOICE] = read_choice,     [OPTION_WORD] = read_word,
    [OPTION_TEXT] = read_plain,        [OPTION_SECRET] = read_secret,
    [OPTION_BROKERS] = brokers_read,   [OPTION_ADDRESS] = read_address,
    [OPTION_START] = start_read,       [OPTION_TTL] = read_ttl,
    [OPTION_DURABLE] = durable_read,   [OPTION_NAME] = read_name,
    [OPTION_SOURCE] = read_source,     [OPTION_SINK] = read_sink,
    [OPTION_NAMES] = read_names,       [OPTION_TOPICS] = topic_read,
    [OPTION_COMMANDS] = commands_read, [OPTION_PROPERTIES] = properties_read,
};

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
    readers[option->kind](loader, option, &default_text, field);
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

/* Whether the kind's field is a struct conf_text. */
static bool option_is_text(const struct option *option)
{
    return option->kind == OPTION_TTL || option->kind == OPTION_WORD || option->kind == OPTION_TEXT;
}

/* Reads what stands in "defaults". */
static void option_inherit(const struct loader *loader, const struct option *option,
                           const struct setting *setting, void *field)
{
    readers[option->kind](loader, option, setting, field);
    if (option_is_text(option))
        ((struct conf_text *)field)->inherited = true;
}

void option_fill_group(const struct loader *loader, enum option_group group,
                       const struct setting *setting, const struct setting *defaults,
                       struct conf_origin origin, const char *what, void *target)
{
    option_check_names(loader, setting, group, false, what);
    for (size_t i = 0; i < OPTIONS; i++) {
        const struct option *option = &options[i];
        if (option->group != group || option->kind == OPTION_SECTION)
            continue;
        void *field = (char *)target + option->offset;
        const struct setting *set = setting_find(setting, option->name);
        const struct setting *general =
            option->inherited ? setting_find(defaults, option->name) : NULL;
        if (option->default_text && option->default_text != option_required)
            option_read_default(loader, option, origin, field);
        if (set)
            readers[option->kind](loader, option, set, field);
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
        if (set && option->kind != OPTION_SECTION && option_is_of(option, GROUP_route, true))
            readers[option->kind](loader, option, set, (char *)&scratch + option->offset);
    }
}
