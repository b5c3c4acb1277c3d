/* read.c: one setting of the file becomes the field of its row: words and numbers. */
#include "conf/read.h"

#include "base/mem.h"
#include "base/text.h"
#include "conf/expand.h"
#include "conf/kept.h"

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

bool read_text(const struct filling *filling, const struct node *node, const char *name,
               struct conf_text *text)
{
    struct err err = {0};
    bool secret = false;

    if (node->kind != NODE_TEXT) {
        bool braces = node->kind == NODE_LIST || node->kind == NODE_GROUP;
        conf_problem(filling->problems, node->origin, braces ? NULL : "put it in quotes",
                     "'%s' must be a string, not %s", name, node_kind_name(node->kind));
        return false;
    }
    char *expanded = expand(node->text, &secret, &err);
    if (!expanded) {
        conf_problem(filling->problems, node->origin, read_expand_hint(node->text, name),
                     "'%s': %s", name, err.text);
        return false;
    }
    *text = (struct conf_text){
        .text = kept_take(filling->conf->kept, expanded),
        .origin = node->origin,
        .secret = secret,
        .literal = !strstr(node->text, "${"),
    };
    return true;
}

const char *read_shown(const struct conf_text *text)
{
    return text->secret ? "***" : text->text;
}

static void read_refuse_kind(const struct filling *filling, const struct option *option,
                             const struct node *node, const char *hint, const char *wanted)
{
    conf_problem(filling->problems, node->origin, hint, "'%s' must be %s, not %s", option->name,
                 wanted, node_kind_name(node->kind));
}

/* Reads a number that may also stand in a string, "${WORKERS:-2}", where @p parse knows its form.
 */
static bool read_number(const struct filling *filling, const struct option *option,
                        const struct node *node, const char *wanted, const char *hint,
                        bool (*parse)(struct slice text, int64_t *number), int64_t *number)
{
    struct conf_text text;

    if (node->kind != NODE_TEXT) {
        read_refuse_kind(filling, option, node, hint, wanted);
        return false;
    }
    if (!read_text(filling, node, option->name, &text))
        return false;
    if (parse(slice_of(text.text), number))
        return true;
    conf_problem(filling->problems, node->origin, hint, "'%s' must be %s, not '%s'", option->name,
                 wanted, read_shown(&text));
    return false;
}

/* Stores @p number where it lies within the row's range. */
static void read_within(const struct filling *filling, const struct option *option,
                        const struct node *node, int64_t number,
                        bool (*parse)(struct slice text, int64_t *number), int64_t *field)
{
    int64_t least = INT64_MIN, most = INT64_MAX;

    parse(slice_of(option->least), &least);
    parse(slice_of(option->most), &most);
    if (number >= least && number <= most)
        *field = number;
    else if (least == most)
        conf_problem(filling->problems, node->origin, NULL, "'%s' must be %s", option->name,
                     option->least);
    else
        conf_problem(filling->problems, node->origin, NULL, "'%s' must be from %s to %s",
                     option->name, option->least, option->most);
}

void read_integer(const struct filling *filling, const struct option *option,
                  const struct node *node, void *field)
{
    int64_t number = node->integer;

    if (node->kind == NODE_INTEGER ||
        read_number(filling, option, node, "a whole number", NULL, text_integer, &number))
        read_within(filling, option, node, number, text_integer, field);
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

char *read_duration_hint(const struct node *node)
{
    int64_t seconds = node->kind == NODE_INTEGER ? node->integer : 0;

    if (node->kind == NODE_TEXT && !text_integer(slice_of(node->text), &seconds))
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

void read_duration(const struct filling *filling, const struct option *option,
                   const struct node *node, void *field)
{
    char *hint = read_duration_hint(node);
    int64_t milliseconds;

    if (read_number(filling, option, node, "a duration", hint, text_duration, &milliseconds))
        read_within(filling, option, node, milliseconds, text_duration, field);
    free(hint);
}

void read_size(const struct filling *filling, const struct option *option, const struct node *node,
               void *field)
{
    int64_t bytes = node->integer;

    if (node->kind == NODE_INTEGER ||
        read_number(filling, option, node, "a size", size_hint, text_size, &bytes))
        read_within(filling, option, node, bytes, text_size, field);
}

void read_flag(const struct filling *filling, const struct option *option, const struct node *node,
               void *field)
{
    struct conf_text text;

    if (node->kind == NODE_FLAG) {
        *(bool *)field = node->flag;
        return;
    }
    if (node->kind != NODE_TEXT) {
        read_refuse_kind(filling, option, node, NULL, "true or false");
        return;
    }
    if (!read_text(filling, node, option->name, &text))
        return;
    bool yes = strcasecmp(text.text, "true") == 0;
    if (yes || strcasecmp(text.text, "false") == 0)
        *(bool *)field = yes;
    else
        conf_problem(filling->problems, node->origin, NULL, "'%s' must be true or false, not '%s'",
                     option->name, read_shown(&text));
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

static void read_refuse_choice(const struct filling *filling, const struct option *option,
                               const struct conf_text *text, const struct choices *choices)
{
    const char *nearest = text_nearest(slice_of(text->text), choices->words, choices->count);
    char *hint = nearest ? mem_format("did you mean '%s'?", nearest) : NULL;
    char *words = choices_text(choices);

    conf_problem(filling->problems, text->origin, hint, "'%s' must be %s, not '%s'", option->name,
                 words, read_shown(text));
    free(words);
    free(hint);
}

/* Which of the row's words the string is; false where it is none of them. */
static bool read_one_of(const struct filling *filling, const struct option *option,
                        const struct node *node, struct conf_text *text, int *index)
{
    struct choices choices;

    if (!read_text(filling, node, option->name, text))
        return false;
    choices_split(option->least, &choices);
    for (size_t i = 0; i < choices.count; i++)
        if (strcmp(choices.words[i], text->text) == 0) {
            *index = (int)i;
            return true;
        }
    read_refuse_choice(filling, option, text, &choices);
    return false;
}

void read_choice(const struct filling *filling, const struct option *option,
                 const struct node *node, void *field)
{
    struct conf_text text;
    int index;

    if (read_one_of(filling, option, node, &text, &index))
        *(int *)field = index;
}

void read_word(const struct filling *filling, const struct option *option, const struct node *node,
               void *field)
{
    struct conf_text text;
    int index;

    if (read_one_of(filling, option, node, &text, &index))
        *(struct conf_text *)field = text;
    else
        ((struct conf_text *)field)->refused = true;
}

/* An empty string is as if the setting were not there: "${file:/run/secrets/redis:-}". */
void read_plain(const struct filling *filling, const struct option *option, const struct node *node,
                void *field)
{
    struct conf_text text;

    if (!read_text(filling, node, option->name, &text))
        return;
    if (text.text[0])
        *(struct conf_text *)field = text;
    else if (option->preset == option_required)
        conf_problem(filling->problems, node->origin, NULL, "'%s' must not be empty", option->name);
}

void read_secret(const struct filling *filling, const struct option *option,
                 const struct node *node, void *field)
{
    struct conf_text *text = field;

    read_plain(filling, option, node, field);
    text->secret = true;
}

static bool is_name(const char *name)
{
    for (const char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("_-.", *c))
            return false;
    return name[0] && strlen(name) <= NAME_LENGTH_MAX;
}

void read_name(const struct filling *filling, const struct option *option, const struct node *node,
               void *field)
{
    struct conf_text text;

    if (!read_text(filling, node, option->name, &text))
        return;
    if (is_name(text.text))
        *(char **)field = kept_copy(filling->conf->kept, text.text, strlen(text.text));
    else
        conf_problem(filling->problems, node->origin,
                     "a name is 1 to 64 letters, digits, _, - and dots", "'%s' is no name",
                     read_shown(&text));
}

static void read_refuse_reference(const struct filling *filling, const struct conf_text *text,
                                  const char *what, const char **names, size_t count)
{
    const char *nearest = text_nearest(slice_of(text->text), names, count);
    char *hint = nearest ? mem_format("did you mean '%s'?", nearest) : NULL;

    conf_problem(filling->problems, text->origin, hint, "there is no %s '%s'", what,
                 read_shown(text));
    free(hint);
}

void read_source(const struct filling *filling, const struct option *option,
                 const struct node *node, void *field)
{
    const struct conf *conf = filling->conf;
    struct conf_text text;

    if (!read_text(filling, node, option->name, &text))
        return;
    const char **names = mem_array(conf->source_count, sizeof(*names));
    for (size_t i = 0; i < conf->source_count; i++) {
        names[i] = conf->sources[i].name;
        if (strcmp(names[i], text.text) == 0)
            *(struct conf_source **)field = &conf->sources[i];
    }
    if (!*(struct conf_source **)field)
        read_refuse_reference(filling, &text, "source", names, conf->source_count);
    free(names);
}

void read_sink(const struct filling *filling, const struct option *option, const struct node *node,
               void *field)
{
    const struct conf *conf = filling->conf;
    struct conf_text text;

    if (!read_text(filling, node, option->name, &text))
        return;
    const char **names = mem_array(conf->sink_count, sizeof(*names));
    for (size_t i = 0; i < conf->sink_count; i++) {
        names[i] = conf->sinks[i].name;
        if (strcmp(names[i], text.text) == 0)
            *(struct conf_sink **)field = &conf->sinks[i];
    }
    if (!*(struct conf_sink **)field)
        read_refuse_reference(filling, &text, "sink", names, conf->sink_count);
    free(names);
}
