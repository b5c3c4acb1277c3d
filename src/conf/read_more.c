/* read_more.c: one setting of the file becomes the field of its row: what has a form of its own. */
#include "base/mem.h"
#include "base/text.h"
#include "conf/brokers.h"
#include "conf/durable.h"
#include "conf/kept.h"
#include "conf/mask.h"
#include "conf/read.h"
#include "conf/start.h"
#include "conf/topic.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void read_address(const struct filling *filling, const struct option *option,
                  const struct node *node, void *field)
{
    struct conf_text text;
    int64_t port;

    if (!read_text(filling, node, option->name, &text))
        return;
    const char *colon = strrchr(text.text, ':');
    if (!text.text[0] || (colon && colon > text.text && text_integer(slice_of(colon + 1), &port) &&
                          port >= 0 && port <= 65535))
        *(struct conf_text *)field = text;
    else
        conf_problem(filling->problems, node->origin,
                     "such as \"127.0.0.1:9464\" or \"[::1]:9464\"; \"\" for none",
                     "'%s' must be host:port, not '%s'", option->name, read_shown(&text));
}

void read_brokers(const struct filling *filling, const struct option *option,
                  const struct node *node, void *field)
{
    struct conf_text text;
    struct err err = {0};

    if (!read_text(filling, node, option->name, &text))
        return;
    if (brokers_check(text.text, &err))
        *(struct conf_text *)field = text;
    else
        conf_problem(filling->problems, node->origin,
                     "brokers = \"kafka-1:9092,kafka-2:9092\"; a port that is left out is 9092",
                     "'%s': %s", option->name, text.secret ? "it is no list of brokers" : err.text);
}

void read_start(const struct filling *filling, const struct option *option, const struct node *node,
                void *field)
{
    enum conf_start_kind kind;
    struct conf_text text;
    struct err err = {0};
    int64_t time;

    if (!read_text(filling, node, option->name, &text))
        return;
    if (start_parse(text.text, &kind, &time, &err))
        *(struct conf_text *)field = text;
    else
        conf_problem(filling->problems, node->origin, NULL, "'%s' %s, not '%s'", option->name,
                     err.text, read_shown(&text));
}

static void read_refuse_ttl(const struct filling *filling, const struct option *option,
                            const struct node *node, const char *shown)
{
    char *hint = read_duration_hint(node);

    conf_problem(filling->problems, node->origin, hint,
                 "'%s' must be a duration, or a template that gives one such as "
                 "\"%%{$header.ttl|default('5m')}\", not %s%s%s",
                 option->name, node->kind == NODE_TEXT ? "'" : "", shown,
                 node->kind == NODE_TEXT ? "'" : "");
    free(hint);
}

/* A template gives its duration with the record; a text without a hole is checked now. */
void read_ttl(const struct filling *filling, const struct option *option, const struct node *node,
              void *field)
{
    struct conf_text text;
    int64_t milliseconds;

    if (node->kind == NODE_INTEGER) {
        read_refuse_ttl(filling, option, node, node_kind_name(node->kind));
        return;
    }
    if (!read_text(filling, node, option->name, &text) || !text.text[0])
        return;
    if (strstr(text.text, "%{") ||
        (text_duration(slice_of(text.text), &milliseconds) && milliseconds > 0))
        *(struct conf_text *)field = text;
    else
        read_refuse_ttl(filling, option, node, read_shown(&text));
}

void read_durable(const struct filling *filling, const struct option *option,
                  const struct node *node, void *field)
{
    struct conf_text text;
    struct err err = {0};

    if (!read_text(filling, node, option->name, &text) || !text.text[0])
        return;
    if (!durable_parse(text.text, field, &err))
        conf_problem(filling->problems, node->origin, NULL, "'%s' %s, not '%s'", option->name,
                     err.text, read_shown(&text));
}

/* A string, or a list of strings. */
void read_names(const struct filling *filling, const struct option *option, const struct node *node,
                void *field)
{
    bool list = node->kind == NODE_LIST;
    size_t count = list ? node->count : 1;
    struct conf_names names = {kept_array(filling->conf->kept, count, sizeof(*names.items)), 0};
    struct conf_text text;

    for (size_t i = 0; i < count; i++)
        if (read_text(filling, list ? &node->children[i] : node, option->name, &text))
            names.items[names.count++] = text.text;
    *(struct conf_names *)field = names;
}

/* "app.*" is meant as a pattern. */
static const char *read_topic_hint(const char *topic)
{
    return topic[0] != '^' && strpbrk(topic, "*+?[]()|$")
               ? "a pattern begins with ^, and a dot in it is written \\\\.: \"^app\\\\.\""
               : NULL;
}

static void read_topic(const struct filling *filling, const struct node *node,
                       struct conf_texts *topics)
{
    struct conf_text topic;
    struct err err = {0};

    if (!read_text(filling, node, "topics", &topic))
        return;
    bool good = topic.text[0] == '^' ? topic_check_pattern(topic.text, &err)
                                     : topic_check_name(topic.text, &err);
    if (!good) {
        conf_problem(filling->problems, node->origin, read_topic_hint(topic.text), "%s", err.text);
        return;
    }
    for (size_t i = 0; i < topics->count; i++)
        if (strcmp(topics->items[i].text, topic.text) == 0) {
            conf_warning(filling->problems, node->origin, NULL, "'%s' is named twice", topic.text);
            return;
        }
    topics->items[topics->count++] = topic;
}

/* A string, or a list of strings. */
void read_topics(const struct filling *filling, const struct option *option,
                 const struct node *node, void *field)
{
    bool list = node->kind == NODE_LIST;
    size_t count = list ? node->count : 1;
    struct conf_texts topics = {kept_array(filling->conf->kept, count, sizeof(*topics.items)), 0};

    if (list && count == 0)
        conf_problem(filling->problems, node->origin, NULL,
                     "'%s' is empty: the route can match nothing", option->name);
    for (size_t i = 0; i < count; i++)
        read_topic(filling, list ? &node->children[i] : node, &topics);
    *(struct conf_texts *)field = topics;
}

static void read_command(const struct filling *filling, const struct option *option,
                         const struct node *node, struct conf_commands *commands)
{
    struct conf_command command = {0};

    if (node->kind == NODE_GROUP) {
        char *what = mem_format("a command of '%s'", option->name);
        option_fill_group(filling, GROUP_command, node, NULL, node->origin, what, &command);
        free(what);
    } else if (node->kind != NODE_TEXT) {
        conf_problem(filling->problems, node->origin, NULL,
                     "a command of '%s' must be a string or { when = ...; cmd = ...; }, not %s",
                     option->name, node_kind_name(node->kind));
    } else if (read_text(filling, node, option->name, &command.cmd) && !command.cmd.text[0]) {
        conf_problem(filling->problems, node->origin, NULL, "a command of '%s' is empty",
                     option->name);
        command.cmd.text = NULL;
    }
    if (command.cmd.text)
        commands->items[commands->count++] = command;
    else
        commands->refused = true;
}

/* A string, a group, or a list of either. */
void read_commands(const struct filling *filling, const struct option *option,
                   const struct node *node, void *field)
{
    bool list = node->kind == NODE_LIST;
    size_t count = list ? node->count : 1;
    struct conf_commands commands = {
        kept_array(filling->conf->kept, count, sizeof(*commands.items)), 0, false};

    if (list && count == 0)
        conf_problem(filling->problems, node->origin, NULL, "'%s' is empty: it needs a command",
                     option->name);
    for (size_t i = 0; i < count; i++)
        read_command(filling, option, list ? &node->children[i] : node, &commands);
    *(struct conf_commands *)field = commands;
}

/* The value as librdkafka takes it; false where it is a group or list, with the problem told. */
static bool read_property_value(const struct filling *filling, const struct node *node,
                                const char *name, struct conf_text *value)
{
    char *text = NULL;

    switch (node->kind) {
    case NODE_TEXT:
        return read_text(filling, node, name, value);
    case NODE_INTEGER:
        text = mem_format("%" PRId64, node->integer);
        break;
    case NODE_REAL:
        text = mem_format("%.15g", node->real);
        break;
    case NODE_FLAG:
        text = mem_text(node->flag ? "true" : "false");
        break;
    case NODE_GROUP:
    case NODE_LIST:
        conf_problem(filling->problems, node->origin, NULL,
                     "'%s' must be a string, a number, true or false, not %s", name,
                     node_kind_name(node->kind));
        return false;
    }
    *value =
        (struct conf_text){.text = kept_take(filling->conf->kept, text), .origin = node->origin};
    return true;
}

static void read_property(const struct filling *filling, const char *name, struct conf_text value,
                          struct conf_property *property)
{
    property->literal = kept_copy(filling->conf->kept, name, strlen(name));
    property->name = kept_copy(filling->conf->kept, name, strlen(name));
    for (char *c = property->name; *c; c++)
        *c = *c == '_' ? '.' : *c;
    property->value = value;
    property->value.secret = value.secret || mask_is_secret_name(slice_of(name));
}

/* "name=value", as client.properties has it. */
static bool read_property_line(const struct filling *filling, const struct node *node,
                               struct conf_property *property)
{
    struct conf_text line;

    if (!read_text(filling, node, "librdkafka", &line))
        return false;
    const char *equals = strchr(line.text, '=');
    if (!equals || equals == line.text) {
        conf_problem(filling->problems, node->origin, "such as \"fetch.wait.max.ms=50\"",
                     "a string of 'librdkafka' must be \"name=value\"");
        return false;
    }
    size_t length = (size_t)(equals - line.text);
    while (length > 0 && strchr(" \t", line.text[length - 1]))
        length--;
    char *name = mem_copy(line.text, length);
    line.text = equals + 1 + strspn(equals + 1, " \t");
    read_property(filling, name, line, property);
    free(name);
    return true;
}

/* A group of settings, or a list of "name=value" strings. */
void read_properties(const struct filling *filling, const struct option *option,
                     const struct node *node, void *field)
{
    struct conf_source *source =
        (struct conf_source *)((char *)field - offsetof(struct conf_source, librdkafka));
    struct conf_property *properties, *next;

    source->librdkafka_origin = node->origin;
    if (node->kind != NODE_GROUP && node->kind != NODE_LIST) {
        conf_problem(filling->problems, node->origin, NULL,
                     "'%s' must be a group { ... } or a list of strings, not %s", option->name,
                     node_kind_name(node->kind));
        return;
    }
    next = properties = kept_array(filling->conf->kept, node->count, sizeof(*properties));
    for (size_t i = 0; i < node->count; i++) {
        const struct node *child = &node->children[i];
        struct conf_text value;
        if (node->kind == NODE_LIST)
            next += read_property_line(filling, child, next);
        else if (read_property_value(filling, child, child->name, &value))
            read_property(filling, child->name, value, next++);
    }
    source->librdkafka = properties;
    source->librdkafka_count = (size_t)(next - properties);
    source->librdkafka_lacks = source->librdkafka_count < node->count;
}
