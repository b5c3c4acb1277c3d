/* read.c: one setting of the file becomes the field of its row. */
#include "conf/read.h"

#include "base/mem.h"
#include "base/text.h"
#include "conf/expand.h"
#include "conf/number.h"
#include "conf/pool.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    NAME_LENGTH_MAX = 64,
    TOKEN_LENGTH_MIN = 16,
    SOCKET_LENGTH_MAX = 107 /* of sun_path, unix(7) */
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
    char *expanded = expand(setting->text, loader->inputs, &secret, &err);
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

void read_refuse_kind(const struct loader *loader, const struct option *option,
                      const struct setting *setting, const char *hint, const char *wanted)
{
    conf_problem(loader->problems, setting->origin, hint, "'%s' must be %s, not %s", option->name,
                 wanted, setting_kind_name(setting->kind));
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

/* RFC 6750 2.1 has these characters for what a header may carry. */
static bool is_token(const char *token)
{
    for (const char *c = token; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("-._~+/=", *c))
            return false;
    return strlen(token) >= TOKEN_LENGTH_MIN;
}

void read_token(const struct loader *loader, const struct option *option,
                const struct setting *setting, void *field)
{
    struct conf_text *text = field;

    read_secret(loader, option, setting, field);
    if (!text->text || !text->text[0] || is_token(text->text))
        return;
    text->text = NULL;
    conf_problem(loader->problems, setting->origin, "such as `openssl rand -hex 32` writes",
                 "'%s' must have at least %d characters, all letters, digits or -._~+/=",
                 option->name, TOKEN_LENGTH_MIN);
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

/* A string, or a list of strings; an empty one is a word, too. */
void read_words(const struct loader *loader, const struct option *option,
                const struct setting *setting, void *field)
{
    bool list = setting->kind == SETTING_LIST;
    size_t count = list ? setting->count : 1;
    struct conf_texts words = {pool_array(loader->conf->pool, count, sizeof(*words.items)), 0};

    for (size_t i = 0; i < count; i++)
        words.count += read_text(loader, list ? &setting->children[i] : setting, option->name,
                                 &words.items[words.count]);
    if (words.count && !words.items[0].text[0])
        conf_problem(loader->problems, setting->origin, NULL, "'%s' must not be empty",
                     option->name);
    *(struct conf_texts *)field = words;
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

void read_socket(const struct loader *loader, const struct option *option,
                 const struct setting *setting, void *field)
{
    struct conf_text text;

    if (!read_text(loader, setting, option->name, &text))
        return;
    if (!text.text[0] || (text.text[0] == '/' && strlen(text.text) <= SOCKET_LENGTH_MAX))
        *(struct conf_text *)field = text;
    else
        conf_problem(loader->problems, setting->origin,
                     "such as \"/run/penstock/admin.sock\"; \"\" for none",
                     "'%s' must be a path from '/' of at most %d bytes, not '%s'", option->name,
                     SOCKET_LENGTH_MAX, read_shown(&text));
}

static void read_refuse_ttl(const struct loader *loader, const struct option *option,
                            const struct setting *setting, const char *shown)
{
    char *hint = number_duration_hint(setting);

    conf_problem(loader->problems, setting->origin, hint,
                 "'%s' must be a duration, or a template that gives one such as "
                 "\"%%{$header.ttl|default('5m')}\", not %s%s%s",
                 option->name, setting->kind == SETTING_TEXT ? "'" : "", shown,
                 setting->kind == SETTING_TEXT ? "'" : "");
    free(hint);
}

/* A template gives its duration with the record; a text without a placeholder is checked now. */
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
