/*
 * compile.c: a checked configuration becomes routes; what templates, conditions and Redis' commands
 * say against it is gathered with the other mistakes of the file.
 */
#include "base/mem.h"
#include "base/text.h"
#include "conf/topic.h"
#include "flow/agreement.h"
#include "flow/durability.h"
#include "flow/expiry.h"
#include "flow/hints.h"
#include "flow/repeats.h"
#include "flow/route.h"
#include "flow/shapes.h"
#include "flow/stream_ids.h"
#include "flow/tombstones.h"
#include "redis/shape.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void route_commands_free(struct route_commands *commands)
{
    for (size_t i = 0; i < commands->count; i++) {
        condition_free(commands->items[i].when);
        template_free(commands->items[i].template);
        shape_free(commands->items[i].shape);
        free(commands->items[i].typed);
    }
    free(commands->items);
}

static void route_clear(struct route *route)
{
    condition_free(route->when);
    template_free(route->ttl.template);
    route_commands_free(&route->writes);
    route_commands_free(&route->deletes);
    for (size_t i = 0; i < route->conf->topics.count; i++)
        topic_matcher_free(route->topics[i]);
    free(route->topics);
    decoder_close(&route->value_decoder);
    decoder_close(&route->key_decoder);
}

void routes_free(struct routes *routes)
{
    if (!routes)
        return;
    for (size_t i = 0; i < routes->count; i++)
        route_clear(&routes->items[i]);
    free(routes->items);
    free(routes);
}

/* A message names the words of the text that it is about; @p label is put before it, "when: ". */
static void tell(struct conf_problems *problems, const struct conf_text *text, const char *label,
                 const struct err *err)
{
    size_t column;
    const char *message = err_without_column(err->text, &column);

    if (text->secret)
        conf_problem(problems, text->origin, NULL,
                     "%sits text holds a secret, so what is wrong with it is not shown", label);
    else
        conf_problem_within(problems, text->origin, text->text, column, NULL, "%s%s", label,
                            message);
}

static struct condition *compile_when(const struct conf_text *text, struct conf_problems *problems)
{
    struct condition *when;
    struct err err;

    if (!text->text)
        return NULL;
    when = condition_new(text->text, &err);
    if (!when)
        tell(problems, text, "when: ", &err);
    return when;
}

/* Probably a slip, but Redis may well know it: modules bring commands of their own. */
static void warn_unknown(const struct route_commands *commands, const struct conf_commands *conf,
                         struct conf_problems *problems)
{
    for (size_t i = 0; i < commands->count; i++) {
        const struct route_command *command = &commands->items[i];
        if (command->command || !command->name.data)
            continue;
        char *hint = hints_command(command->name);
        conf_warning(problems, conf->items[i].cmd.origin, hint,
                     "penstock does not know the command '%.*s'; it is sent as it is",
                     SLICE_ARGS(command->name));
        free(hint);
    }
}

static void check_command(struct route_command *command, const struct conf_text *text,
                          struct conf_problems *problems)
{
    struct slice name = {0};

    template_constant(command->template, 0, &name);
    if (!name.length) {
        conf_problem(problems, text->origin, NULL,
                     "the command's name must be the same for every record");
        return;
    }
    command->command = command_find(name);
    command->name = text->secret && !command->command ? SLICE("***") : name;
    if (!command->command)
        return;
    if (command->command->flags & COMMAND_NOT_A_WRITE)
        conf_problem(problems, text->origin, NULL, "%s %s: a route cannot run it",
                     command->command->name, command->command->refused);
    else
        shapes_check(command, text, problems);
    command->stream_id = stream_id_of(command->template);
}

/* Whether the command may name more than one key, as far as the file tells. */
static bool has_several_keys(const struct route_command *command)
{
    bool open;
    size_t count = template_least_arguments(command->template, &open);
    struct slice *arguments = mem_array(count, sizeof(*arguments));

    for (size_t i = 0; i < count; i++)
        template_constant(command->template, i, &arguments[i]);
    size_t keys = command_keys(command->command, arguments, count, NULL, 0);
    free(arguments);
    return keys > 1 || (open && command->command->last_key < 0);
}

/* Each key has its connection, and only there its commands stay in order. */
static void check_connections(const struct route_commands *commands,
                              const struct conf_commands *conf, const struct conf_sink *sink,
                              struct conf_problems *problems)
{
    for (size_t i = 0; i < commands->count; i++) {
        const struct route_command *command = &commands->items[i];
        if (command->command && has_several_keys(command))
            conf_problem(problems, conf->items[i].cmd.origin, "say connections = 1 in its sink",
                         "%s names several keys: over the %" PRId64
                         " connections of sink '%s' their order would be lost",
                         command->command->name, sink->connections, sink->name);
    }
}

static struct route_commands compile_commands(const struct conf_commands *conf,
                                              struct conf_problems *problems)
{
    struct route_commands commands = {mem_array(conf->count, sizeof(*commands.items)), conf->count};

    for (size_t i = 0; i < conf->count; i++) {
        const struct conf_command *from = &conf->items[i];
        struct route_command *command = &commands.items[i];
        struct err err;
        command->when = compile_when(&from->when, problems);
        if (!from->cmd.text)
            continue;
        command->template = template_new(from->cmd.text, true, &err);
        if (!command->template)
            tell(problems, &from->cmd, "", &err);
        else
            check_command(command, &from->cmd, problems);
    }
    return commands;
}

static void compile_ttl(struct route *route, struct conf_problems *problems)
{
    const struct conf_text *text = &route->conf->ttl;
    struct err err;

    if (!text->text || !*text->text)
        return;
    if (strstr(text->text, "%{")) {
        route->ttl.template = template_new(text->text, false, &err);
        if (!route->ttl.template)
            tell(problems, text, "ttl: ", &err);
    } else if (!text_duration(slice_of(text->text), &route->ttl.milliseconds) ||
               route->ttl.milliseconds <= 0) {
        conf_problem(problems, text->origin, NULL,
                     "ttl: '%s' is not a duration such as \"90s\", \"15m\", \"24h\", \"7d\"",
                     text->secret ? "***" : text->text);
    }
    route->ttl.number.data = route->ttl.digits;
    route->ttl.number.length = (size_t)snprintf(route->ttl.digits, sizeof(route->ttl.digits),
                                                "%" PRId64, route->ttl.milliseconds);
    expiry_apply(route, problems);
}

static unsigned commands_read(const struct route_commands *commands)
{
    unsigned reads = 0;

    for (size_t i = 0; i < commands->count; i++) {
        if (commands->items[i].when)
            reads |= condition_reads(commands->items[i].when);
        if (commands->items[i].template)
            reads |= template_reads(commands->items[i].template);
    }
    return reads;
}

static unsigned route_reads(const struct route *route)
{
    unsigned reads = commands_read(&route->writes) | commands_read(&route->deletes);

    if (route->when)
        reads |= condition_reads(route->when);
    if (route->ttl.template)
        reads |= template_reads(route->ttl.template);
    return reads;
}

static void open_decoder(struct decoder *decoder, const char *format, const struct conf_route *conf,
                         struct conf_problems *problems)
{
    const struct codec *codec = codec_find(format);
    struct err err;

    if (codec && !decoder_open(decoder, codec, conf, &err))
        conf_problem(problems, conf->origin, NULL, "%s", err.text);
}

static bool has_no_inside(const struct decoder *decoder)
{
    return decoder->codec && !decoder->codec->decode;
}

static void compile_codecs(struct route *route, struct conf_problems *problems)
{
    const struct conf_route *conf = route->conf;
    const char *format = conf->format.text ? conf->format.text : "raw";
    const char *key_format = conf->key_format.text;
    unsigned reads = route->reads = route_reads(route);

    if (!key_format)
        key_format = reads & READS_KEY_INSIDE ? format : "raw";
    open_decoder(&route->value_decoder, format, conf, problems);
    open_decoder(&route->key_decoder, key_format, conf, problems);
    if (conf->format.refused || conf->key_format.refused)
        return;
    if (has_no_inside(&route->value_decoder) && (reads & READS_VALUE_INSIDE))
        conf_problem(problems, conf->origin, "say format = \"json\", or use %{$value}",
                     "route '%s' reads fields of the value, and format '%s' has none", conf->name,
                     format);
    if (has_no_inside(&route->key_decoder) && (reads & READS_KEY_INSIDE))
        conf_problem(problems, conf->origin, "say key_format = \"json\", or use %{$key}",
                     "route '%s' reads fields of the key, and format '%s' has none", conf->name,
                     key_format);
}

static void compile_topics(struct route *route)
{
    const struct conf_texts *topics = &route->conf->topics;

    route->topics = mem_array(topics->count, sizeof(*route->topics));
    for (size_t i = 0; i < topics->count; i++)
        if (topics->items[i].text)
            route->topics[i] = topic_matcher_new(topics->items[i].text, NULL);
}

static void compile_route(struct route *route, const struct conf *conf, size_t index,
                          struct conf_problems *problems)
{
    route->conf = &conf->routes[index];
    route->index = (unsigned)index;
    route->all = route->conf->all;
    route->sink_index = route->conf->to ? (unsigned)(route->conf->to - conf->sinks) : 0;
    route->when = compile_when(&route->conf->when, problems);
    route->writes = compile_commands(&route->conf->do_, problems);
    route->passes = tombstones_pass(route->conf);
    if (!route->passes)
        route->deletes = compile_commands(&route->conf->del, problems);
    if (route->conf->to && route->conf->to->connections > 1) {
        check_connections(&route->writes, &route->conf->do_, route->conf->to, problems);
        check_connections(&route->deletes, &route->conf->del, route->conf->to, problems);
    }
    route->pexpire = command_find(SLICE("PEXPIRE"));
    route->unlink = command_find(SLICE("UNLINK"));
    compile_ttl(route, problems);
    if (!route->conf->ttl.text || route->conf->ttl.inherited) /* else the ttl has told */
        warn_unknown(&route->writes, &route->conf->do_, problems);
    warn_unknown(&route->deletes, &route->conf->del, problems);
    compile_codecs(route, problems);
    compile_topics(route);
}

struct routes *routes_new(const struct conf *conf, struct conf_problems *problems)
{
    struct routes *routes = mem_new(struct routes);

    routes->items = mem_array(conf->route_count, sizeof(*routes->items));
    routes->count = conf->route_count;
    for (size_t i = 0; i < routes->count; i++)
        compile_route(&routes->items[i], conf, i, problems);
    for (size_t i = 0; i < routes->count; i++) {
        hints_check(&routes->items[i], problems);
        expiry_check(&routes->items[i], problems);
        repeats_check(&routes->items[i], problems);
        durability_check(&conf->routes[i], problems);
    }
    tombstones_check(routes, problems);
    agreement_check(routes, problems);
    stream_ids_check_shared(routes, conf, problems);
    return routes;
}

const struct route *routes_find(const struct routes *routes, const char *name)
{
    for (size_t i = 0; i < routes->count; i++)
        if (strcmp(routes->items[i].conf->name, name) == 0)
            return &routes->items[i];
    return NULL;
}
