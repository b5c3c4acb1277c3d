/* repeats.c: what carrying out a command twice would do. */
#include "flow/repeats.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_word(const struct template *command, size_t index, const char *word)
{
    struct slice text;

    template_constant(command, index, &text);
    return text.data && text.length == strlen(word) &&
           strncasecmp(text.data, word, text.length) == 0;
}

/* The place of an XADD's id: behind the key and the options. */
static size_t id_place(const struct template *command)
{
    size_t i = 2;

    while (true) {
        if (is_word(command, i, "NOMKSTREAM"))
            i++;
        else if (is_word(command, i, "MAXLEN") || is_word(command, i, "MINID"))
            i += is_word(command, i + 1, "=") || is_word(command, i + 1, "~") ? 3 : 2;
        else if (is_word(command, i, "LIMIT"))
            i += 2;
        else
            return i;
    }
}

/* "-1": what stands behind the offset. */
static bool is_sequence(struct slice text)
{
    if (text.length < 2 || text.data[0] != '-')
        return false;
    for (size_t i = 1; i < text.length; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return true;
}

bool repeats_offset_id(const struct template *command)
{
    struct slice rest;

    return is_word(command, 0, "XADD") &&
           template_argument_begins(command, id_place(command), "$offset", &rest) &&
           is_sequence(rest);
}

bool repeats_is_old_id(const char *line)
{
    return strncmp(line, "ERR The ID specified in XADD is equal or smaller", 48) == 0;
}

static bool takes_several_topics(const struct route *route)
{
    const struct conf_texts *topics = &route->conf->topics;

    return topics->count > 1 || (topics->count == 1 && topics->items[0].text[0] == '^');
}

/* Offsets of two partitions, or topics, would meet in one stream. */
static void check_stream(const struct route *route, const struct route_command *command,
                         struct conf_origin origin, struct conf_problems *problems)
{
    bool by_topic =
        !takes_several_topics(route) || template_argument_names(command->template, 1, "$topic");

    if (by_topic && template_argument_names(command->template, 1, "$partition"))
        return;
    conf_warning(problems, origin, "put %{$topic} and %{$partition} into the stream's key",
                 "this stream's ids are offsets, and each partition counts its own: where two meet "
                 "in one stream, Redis refuses records");
}

static void check_command(const struct route *route, const struct route_command *command,
                          struct conf_origin origin, struct conf_problems *problems)
{
    const struct command *row = command->command;

    if (command->offset_id)
        check_stream(route, command, origin, problems);
    else if (row && route->conf->delivery == AT_LEAST_ONCE && !(row->flags & COMMAND_IDEMPOTENT))
        conf_warning(problems, origin, "delivery = \"exactly_once\" carries it out once",
                     "route '%s': %s is carried out again when a record is read again, after a "
                     "crash, and it shows",
                     route->conf->name, row->name);
}

static void check_commands(const struct route *route, const struct route_commands *commands,
                           const struct conf_commands *conf, struct conf_problems *problems)
{
    for (size_t i = 0; i < commands->count; i++)
        if (commands->items[i].name.data)
            check_command(route, &commands->items[i], conf->items[i].cmd.origin, problems);
}

void repeats_check(const struct route *route, struct conf_problems *problems)
{
    if (conf_problems_count(problems) > 0)
        return; /* among errors it would only distract */
    check_commands(route, &route->writes, &route->conf->do_, problems);
    check_commands(route, &route->deletes, &route->conf->del, problems);
}
