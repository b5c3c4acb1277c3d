/* read.c: one setting of the file becomes the field of its row. */
#include "conf/read.h"

#include "base/mem.h"
#include "base/text.h"
#include "conf/expand.h"
#include "conf/pool.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CHOICES_MAX = 8, CHOICES_BYTES = 128, NAME_LENGTH_MAX = 64 };

static const char duration_hint[] =
    "a duration is a number and a unit (ms, s, m, h, d), in quotes: \"500ms\", \"5s\", \"7d\"";
static const char size_hint[] =
    "a size is a number of bytes, or in quotes with a unit: \"512KiB\", "
    "\"64MiB\", \"1GiB\"";

/* The words of "a|b", each a C string of its own. */
struct choices {
    char bytes[CHOICES_BYTES];
    const char *words[CHOICES_MAX];
    size_t count;
};

/* Whether the text has a "${state}" or "${after.id}": variables are as a rule called otherwise. */
static bool read_has_field_name(const char *text)
{
    while ((text = strstr(text, "${"))) {
        text += 2;
        bool of_a_file = strncmp(text, "file:", 5) == 0 || strncmp(text, "cred:", 5) == 0;
        if (islower((unsigned char)*text) && !of_a_file)
            return true;
    }
    return false;
}

/* In a template it is most likely a slip for "%{state}". */
static const char *read_expand_hint(const char *text, const char *name)
{
    static const char *const templates[] = {"do", "del", "cmd", "ttl", "when"};

    for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++)
        if (strcmp(name, templates[i]) == 0 && read_has_field_name(text))
            return "${NAME} is a variable of the environment, filled in when the file is read; a "
                   "field of the record is %{NAME}";
    return NULL;
}

bool read_text(const struct loader *loader, const struct setting *setting, const char *name,
               struct conf_text *text)
{
    struct err err = {0};
    bool secret = false;

    if (setting->kind != SETTING_TEXT) {
        bool braces = setting->kind == SETTING_LIST || setting->kind == SETTING_GROUP;
        conf_problem(loader->problems, setting->origin, braces ? NULL : "put it in quotes",
                     "'%s' must be a string, not %s", name, setting_kind_name(setting->kind));
        return false;
    }
    char *expanded = expand(setting->text, &secret, &err);
    if (!expanded) {
        conf_problem(loader->problems, setting->origin, read_expand_hint(setting->text, name),
                     "'%s': %s", name, err.text);
        return false;
    }
    *text = (struct conf_text){
        .text = pool_take(loader->conf->pool, expanded),
        .origin = setting->origin,
        .secret = secret,
        .literal = !strstr(setting->text, "${"),
    };
    return true;
}

const char *read_shown(const struct conf_text *text)
{
    return text->secret ? "***" : text->text;
}

static void read_refuse_kind(const struct loader *loader, const struct option *option,
                             const struct setting *setting, const char *hint, const char *wanted)
{
    conf_problem(loader->problems, setting->origin, hint, "'%s' must be %s, not %s", option->name,
                 wanted, setting_kind_name(setting->kind));
}

/* Reads a number that may also stand in a string, "${WORKERS:-2}", where @p parse knows its form.
 */
static bool read_number(const struct loader *loader, const struct option *option,
                        const struct setting *setting, const char *wanted, const char *hint,
                        bool (*parse)(struct slice text, int64_t *number), int64_t *number)
{
    struct conf_text text;

    if (setting->kind != SETTING_TEXT) {
        read_refuse_kind(loader, option, setting, hint, wanted);
        return false;
    }
    if (!read_text(loader, setting, option->name, &text))
        return false;
    if (parse(slice_of(text.text), number))
        return true;
    conf_problem(loader->problems, setting->origin, hint, "'%s' must be %s, not '%s'", option->name,
                 wanted, read_shown(&text));
    return false;
}

/* Stores @p number where it lies within the row's range. */
static void read_within(const struct loader *loader, const struct option *option,
                        const struct setting *setting, int64_t number,
                        bool (*parse)(struct slice text, int64_t *number), int64_t *field)
{
    int64_t least = INT64_MIN, most = INT64_MAX;

    parse(slice_of(option->least), &least);
    parse(slice_of(option->most), &most);
    if (number >= least && number <= most)
        *field = number;
    else if (least == most)
        conf_problem(loader->problems, setting->origin, NULL, "'%s' must be %s", option->name,
                     option->least);
    else
        conf_problem(loader->problems, setting->origin, NULL, "'%s' must be from %s to %s",
                     option->name, option->least, option->most);
}

void read_integer(const struct loader *loader, const struct option *option,
                  const struct setting *setting, void *field)
{
    int64_t number = setting->integer;

    if (setting->kind == SETTING_INTEGER ||
        read_number(loader, option, setting, "a whole number", NULL, text_integer, &number))
        read_within(loader, option, setting, number, text_integer, field);
}

/* So many seconds in the largest unit that fits: "7d". */
static char *duration_text(int64_t seconds)
{
    static const struct {
        int64_t seconds;
        char unit;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    size_t i = 0;

    while (seconds % units[i].seconds)
        i++;
    return mem_format("%" PRId64 "%c", seconds / units[i].seconds, units[i].unit);
}

char *read_duration_hint(const struct setting *setting)
{
    int64_t seconds = setting->kind == SETTING_INTEGER ? setting->integer : 0;

    if (setting->kind == SETTING_TEXT && !text_integer(slice_of(setting->text), &seconds))
        return mem_text(duration_hint);
    if (seconds <= 0)
        return mem_text(duration_hint);
    char *largest = duration_text(seconds);
    bool same = largest[strlen(largest) - 1] == 's';
    char *hint = mem_format(
        "a number needs its unit (ms, s, m, h, d): \"%" PRId64 "s\"%s%s%s, or \"%" PRId64 "ms\"",
        seconds, same ? "" : ", the same as \"", same ? "" : largest, same ? "" : "\"", seconds);
    free(largest);
    return hint;
}

void read_duration(const struct loader *loader, const struct option *option,
                   const struct setting *setting, void *field)
{
    char *hint = read_duration_hint(setting);
    int64_t milliseconds;

    if (read_number(loader, option, setting, "a duration", hint, text_duration, &milliseconds))
        read_within(loader, option, setting, milliseconds, text_duration, field);
    free(hint);
}

void read_size(const struct loader *loader, const struct option *option,
               const struct setting *setting, void *field)
{
    int64_t bytes = setting->integer;

    if (setting->kind == SETTING_INTEGER ||
        read_number(loader, option, setting, "a size", size_hint, text_size, &bytes))
        read_within(loader, option, setting, bytes, text_size, field);
}

void read_flag(const struct loader *loader, const struct option *option,
               const struct setting *setting, void *field)
{
    struct conf_text text;

    if (setting->kind == SETTING_FLAG) {
        *(bool *)field = setting->flag;
        return;
    }
    if (setting->kind != SETTING_TEXT) {
        read_refuse_kind(loader, option, setting, NULL, "true or false");
        return;
    }
    if (!read_text(loader, setting, option->name, &text))
        return;
    bool yes = strcasecmp(text.text, "true") == 0;
    if (yes || strcasecmp(text.text, "false") == 0)
        *(bool *)field = yes;
    else
        conf_problem(loader->problems, setting->origin, NULL,
                     "'%s' must be true or false, not '%s'", option->name, read_shown(&text));
}

static void choices_split(const char *words, struct choices *choices)
{
    char *rest = choices->bytes;

    choices->count = 0;
    snprintf(choices->bytes, sizeof(choices->bytes), "%s", words);
    for (char *word; (word = strsep(&rest, "|")) && choices->count < CHOICES_MAX;)
        choices->words[choices->count++] = word;
}

/* "a, b or c" */
static char *choices_text(const struct choices *choices)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    if (!out)
        return mem_text("");
    for (size_t i = 0; i < choices->count; i++)
        fprintf(out, "%s%s",
                i == 0                    ? ""
                : i + 1 == choices->count ? " or "
                                          : ", ",
                choices->words[i]);
    fclose(out);
    return text;
}

static void read_refuse_choice(const struct loader *loader, const struct option *option,
                               const struct conf_text *text, const struct choices *choices)
{
    const char *nearest = text_nearest(slice_of(text->text), choices->words, choices->count);
    char *hint = nearest ? mem_format("did you mean '%s'?", nearest) : NULL;
    char *words = choices_text(choices);

    conf_problem(loader->problems, text->origin, hint, "'%s' must be %s, not '%s'", option->name,
                 words, read_shown(text));
    free(words);
    free(hint);
}

/* Which of the row's words the string is; false where it is none of them. */
static bool read_one_of(const struct loader *loader, const struct option *option,
                        const struct setting *setting, struct conf_text *text, int *index)
{
    struct choices choices;

    if (!read_text(loader, setting, option->name, text))
        return false;
    choices_split(option->least, &choices);
    for (size_t i = 0; i < choices.count; i++)
        if (strcmp(choices.words[i], text->text) == 0) {
            *index = (int)i;
            return true;
        }
    read_refuse_choice(loader, option, text, &choices);
    return false;
}

void read_choice(const struct loader *loader, const struct option *option,
                 const struct setting *setting, void *field)
{
    struct conf_text text;
    int index;

    if (read_one_of(loader, option, setting, &text, &index))
        *(int *)field = index;
}

void read_word(const struct loader *loader, const struct option *option,
               const struct setting *setting, void *field)
{
    struct conf_text text;
    int index;

    if (read_one_of(loader, option, setting, &text, &index))
        *(struct conf_text *)field = text;
    else
        ((struct conf_text *)field)->refused = true;
}

/* An empty string is as if the setting were not there: "${file:/run/secrets/redis:-}". */
void read_plain(const struct loader *loader, const struct option *option,
                const struct setting *setting, void *field)
{
    struct conf_text text;

    if (!read_text(loader, setting, option->name, &text))
        return;
    if (text.text[0])
        *(struct conf_text *)field = text;
    else if (option->default_text == option_required)
        conf_problem(loader->problems, setting->origin, NULL, "'%s' must not be empty",
                     option->name);
}

void read_secret(const struct loader *loader, const struct option *option,
                 const struct setting *setting, void *field)
{
    struct conf_text *text = field;

    read_plain(loader, option, setting, field);
    text->secret = true;
}

static bool is_name(const char *name)
{
    for (const char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("_-.", *c))
            return false;
    return name[0] && strlen(name) <= NAME_LENGTH_MAX;
}

void read_name(const struct loader *loader, const struct option *option,
               const struct setting *setting, void *field)
{
    struct conf_text text;

    if (!read_text(loader, setting, option->name, &text))
        return;
    if (is_name(text.text))
        *(char **)field = pool_copy(loader->conf->pool, text.text, strlen(text.text));
    else
        conf_problem(loader->problems, setting->origin,
                     "a name is 1 to 64 letters, digits, _, - and dots", "'%s' is no name",
                     read_shown(&text));
}

static void read_refuse_reference(const struct loader *loader, const struct conf_text *text,
                                  const char *what, const char **names, size_t count)
{
    const char *nearest = text_nearest(slice_of(text->text), names, count);
    char *hint = nearest ? mem_format("did you mean '%s'?", nearest) : NULL;

    conf_problem(loader->problems, text->origin, hint, "there is no %s '%s'", what,
                 read_shown(text));
    free(hint);
}

void read_source(const struct loader *loader, const struct option *option,
                 const struct setting *setting, void *field)
{
    const struct conf *conf = loader->conf;
    struct conf_text text;

    if (!read_text(loader, setting, option->name, &text))
        return;
    const char **names = mem_array(conf->source_count, sizeof(*names));
    for (size_t i = 0; i < conf->source_count; i++) {
        names[i] = conf->sources[i].name;
        if (strcmp(names[i], text.text) == 0)
            *(struct conf_source **)field = &conf->sources[i];
    }
    if (!*(struct conf_source **)field)
        read_refuse_reference(loader, &text, "source", names, conf->source_count);
    free(names);
}

void read_sink(const struct loader *loader, const struct option *option,
               const struct setting *setting, void *field)
{
    const struct conf *conf = loader->conf;
    struct conf_text text;

    if (!read_text(loader, setting, option->name, &text))
        return;
    const char **names = mem_array(conf->sink_count, sizeof(*names));
    for (size_t i = 0; i < conf->sink_count; i++) {
        names[i] = conf->sinks[i].name;
        if (strcmp(names[i], text.text) == 0)
            *(struct conf_sink **)field = &conf->sinks[i];
    }
    if (!*(struct conf_sink **)field)
        read_refuse_reference(loader, &text, "sink", names, conf->sink_count);
    free(names);
}

/* A string, or a list of strings. */
void read_names(const struct loader *loader, const struct option *option,
                const struct setting *setting, void *field)
{
    bool list = setting->kind == SETTING_LIST;
    size_t count = list ? setting->count : 1;
    struct conf_names names = {pool_array(loader->conf->pool, count, sizeof(*names.items)), 0};
    struct conf_text text;

    for (size_t i = 0; i < count; i++)
        if (read_text(loader, list ? &setting->children[i] : setting, option->name, &text))
            names.items[names.count++] = text.text;
    *(struct conf_names *)field = names;
}

void read_address(const struct loader *loader, const struct option *option,
                  const struct setting *setting, void *field)
{
    struct conf_text text;
    int64_t port;

    if (!read_text(loader, setting, option->name, &text))
        return;
    const char *colon = strrchr(text.text, ':');
    if (!text.text[0] || (colon && colon > text.text && text_integer(slice_of(colon + 1), &port) &&
                          port >= 0 && port <= 65535))
        *(struct conf_text *)field = text;
    else
        conf_problem(loader->problems, setting->origin,
                     "such as \"127.0.0.1:9464\" or \"[::1]:9464\"; \"\" for none",
                     "'%s' must be host:port, not '%s'", option->name, read_shown(&text));
}

static void read_refuse_ttl(const struct loader *loader, const struct option *option,
                            const struct setting *setting, const char *shown)
{
    char *hint = read_duration_hint(setting);

    conf_problem(loader->problems, setting->origin, hint,
                 "'%s' must be a duration, or a template that gives one such as "
                 "\"%%{$header.ttl|default('5m')}\", not %s%s%s",
                 option->name, setting->kind == SETTING_TEXT ? "'" : "", shown,
                 setting->kind == SETTING_TEXT ? "'" : "");
    free(hint);
}

/* A template gives its duration with the record; a text without a hole is checked now. */
void read_ttl(const struct loader *loader, const struct option *option,
              const struct setting *setting, void *field)
{
    struct conf_text text;
    int64_t milliseconds;

    if (setting->kind == SETTING_INTEGER) {
        read_refuse_ttl(loader, option, setting, setting_kind_name(setting->kind));
        return;
    }
    if (!read_text(loader, setting, option->name, &text) || !text.text[0])
        return;
    if (strstr(text.text, "%{") ||
        (text_duration(slice_of(text.text), &milliseconds) && milliseconds > 0))
        *(struct conf_text *)field = text;
    else
        read_refuse_ttl(loader, option, setting, read_shown(&text));
}
