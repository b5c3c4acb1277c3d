/* topic.c: names of topics by Kafka's rules, and patterns of them. */
#include "conf/topic.h"

#include "base/mem.h"
#include "conf/pool.h"
#include "conf/read.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

static bool is_topic_letter(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("._-", c));
}

bool topic_check_name(const char *name, struct err *err)
{
    if (!*name)
        return err_set(err, ERR_CONFIG, "a topic's name must not be empty");
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return err_set(err, ERR_CONFIG, "Kafka takes no topic called '%s'", name);
    if (strlen(name) > TOPIC_LENGTH_MAX)
        return err_set(err, ERR_CONFIG, "a topic's name has at most %d characters",
                       TOPIC_LENGTH_MAX);
    for (const char *c = name; *c; c++)
        if (!is_topic_letter(*c))
            return err_set(err, ERR_CONFIG,
                           "'%s' is no topic: Kafka takes letters, digits, dots, _ and -", name);
    return true;
}

/* The length of what stands at @p c: a bracket expression, an escape or one character. */
static size_t atom_length(const char *c)
{
    size_t length = 1;

    if (*c == '\\' && c[1])
        return 2;
    if (*c != '[')
        return 1;
    length += c[length] == '^';
    length += c[length] == ']';
    while (c[length] && c[length] != ']')
        length++;
    return length + (c[length] == ']');
}

/* Whether the atom can be left out: "x*", "x?", "x{0,2}". */
static bool is_optional(const char *behind)
{
    return *behind == '*' || *behind == '?' || strncmp(behind, "{0", 2) == 0;
}

/* A character that the pattern requires and no topic's name has; 0 if none is found. Groups and
 * alternatives may make anything optional: then 0. */
static char impossible_letter(const char *pattern)
{
    if (strpbrk(pattern, "|("))
        return 0;
    for (const char *c = pattern; *c; c += atom_length(c)) {
        char letter = *c == '\\' ? c[1] : *c;
        if (*c == '{') {
            c += strcspn(c, "}");
            if (!*c)
                return 0;
            continue;
        }
        bool special = *c != '\\' && strchr("^$.[]*+?{}", *c);
        bool named = *c == '\\' && isalnum((unsigned char)letter); /* \w, \d and such */
        if (!special && !named && !is_topic_letter(letter) && !is_optional(c + atom_length(c)))
            return letter;
    }
    return 0;
}

bool topic_check_pattern(const char *pattern, struct err *err)
{
    struct topic_matcher *matcher = topic_matcher_new(pattern, err);

    if (!matcher)
        return false;
    topic_matcher_free(matcher);
    char letter = impossible_letter(pattern);
    if (letter)
        return err_set(err, ERR_CONFIG,
                       "the pattern '%s' can match no topic: no name has a '%c' in it", pattern,
                       letter);
    if (strcmp(pattern, "^$") == 0)
        return err_set(err, ERR_CONFIG, "the pattern '^$' can match no topic");
    return true;
}

/* --- names and patterns ----------------------------------------------------------------------- */

struct topic_matcher {
    char *name; /* NULL: by the pattern */
    regex_t pattern;
};

/* Flags as librdkafka's, which holds the same pattern against the same names. */
static bool compile(struct topic_matcher *matcher, const char *text, struct err *err)
{
    char reason[128];
    int code;

    if (!topic_check_cost(text, err))
        return err_wrap(err, "the pattern '%s'", text);
    code = regcomp(&matcher->pattern, text, REG_EXTENDED | REG_NOSUB);
    if (!code)
        return true;
    regerror(code, &matcher->pattern, reason, sizeof(reason));
    return err_set(err, ERR_CONFIG, "the pattern '%s' does not compile: %s", text, reason);
}

struct topic_matcher *topic_matcher_new(const char *text, struct err *err)
{
    struct topic_matcher *matcher = mem_new(struct topic_matcher);

    if (*text != '^')
        matcher->name = mem_text(text);
    else if (!compile(matcher, text, err)) {
        free(matcher);
        return NULL;
    }
    return matcher;
}

void topic_matcher_free(struct topic_matcher *matcher)
{
    if (!matcher)
        return;
    if (!matcher->name)
        regfree(&matcher->pattern);
    free(matcher->name);
    free(matcher);
}

bool topic_matcher_takes(const struct topic_matcher *matcher, const char *topic)
{
    return matcher->name ? strcmp(matcher->name, topic) == 0
                         : regexec(&matcher->pattern, topic, 0, NULL, 0) == 0;
}

/* --- the setting of a route ---------------------------------------------------------------------
 */

/* "app.*" is meant as a pattern. */
static const char *topic_hint(const char *topic)
{
    return topic[0] != '^' && strpbrk(topic, "*+?[]()|$")
               ? "a pattern begins with ^, and a dot in it is written \\\\.: \"^app\\\\.\""
               : NULL;
}

static void topic_add(const struct loader *loader, const struct setting *setting,
                      struct conf_texts *topics)
{
    struct conf_text topic;
    struct err err = {0};

    if (!read_text(loader, setting, "topics", &topic))
        return;
    bool good = topic.text[0] == '^' ? topic_check_pattern(topic.text, &err)
                                     : topic_check_name(topic.text, &err);
    if (!good) {
        conf_problem(loader->problems, setting->origin, topic_hint(topic.text), "%s", err.text);
        return;
    }
    for (size_t i = 0; i < topics->count; i++)
        if (strcmp(topics->items[i].text, topic.text) == 0) {
            conf_warning(loader->problems, setting->origin, NULL, "'%s' is named twice",
                         topic.text);
            return;
        }
    topics->items[topics->count++] = topic;
}

/* A string, or a list of strings. */
void topic_read(const struct loader *loader, const struct option *option,
                const struct setting *setting, void *field)
{
    bool list = setting->kind == SETTING_LIST;
    size_t count = list ? setting->count : 1;
    struct conf_texts topics = {pool_array(loader->conf->pool, count, sizeof(*topics.items)), 0};

    if (list && count == 0)
        conf_problem(loader->problems, setting->origin, NULL,
                     "'%s' is empty: the route can match nothing", option->name);
    for (size_t i = 0; i < count; i++)
        topic_add(loader, list ? &setting->children[i] : setting, &topics);
    *(struct conf_texts *)field = topics;
}
