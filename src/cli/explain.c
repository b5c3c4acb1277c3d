/* explain.c: penstock explain: what one record would do, without Kafka and without Redis. */
#include "app/cli.h"
#include "app/load.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/shown.h"
#include "record/headers.h"
#include "record/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADERS_MAX = 64, FIELDS_MAX = 256 };

struct explain {
    const char *config, *route, *topic;
    struct slice key, value;
    bool has_value, tombstone;
    struct header headers[HEADERS_MAX];
    size_t header_count;
};

static const struct cli_option options[] = {
    {'c', "config", "FILE",
     "the configuration (default: $PENSTOCK_CONFIG, /etc/penstock/penstock.conf)"},
    {'v', "value", "TEXT", "the record's value; without it, it is read from standard input"},
    {'k', "key", "TEXT", "the record's key; without it the key is null"},
    {'H', "header", "NAME=VALUE", "a header; may be given several times"},
    {'t', "topic", "TOPIC", "the record's topic (default: the route's first)"},
    {'T', "tombstone", NULL, "a record without a value"},
    {'h', "help", NULL, "print this"},
    {0},
};

static const char usage[] =
    "Usage: penstock explain [OPTION]... ROUTE\n"
    "Shows what the route makes of one record: the fields it reads, what its conditions say,\n"
    "the commands as redis-cli takes them, and their keys. Nothing is sent.\n";

static const char examples[] = "\nExamples:\n"
                               "  penstock explain -c rides.conf driver_geo --value "
                               "'{\"driver_id\":\"d1\",\"city\":\"scl\"}'\n"
                               "  penstock explain -c rides.conf rides_cache --key 7 --tombstone\n";

static bool explain_add_header(struct explain *explain, char *text)
{
    char *equals = strchr(text, '=');

    if (!equals || equals == text || explain->header_count == HEADERS_MAX)
        return false;
    *equals = '\0';
    explain->headers[explain->header_count++] =
        (struct header){slice_of(text), slice_of(equals + 1)};
    return true;
}

static struct slice explain_read_stdin(void)
{
    char *text = NULL;
    size_t length = 0;
    FILE *copy = open_memstream(&text, &length);
    char room[4096];
    size_t got;

    while ((got = fread(room, 1, sizeof(room), stdin)) > 0)
        fwrite(room, 1, got, copy);
    fclose(copy);
    if (length && text[length - 1] == '\n') /* echo's */
        length--;
    return (struct slice){text, length};
}

/* --- the fields ------------------------------------------------------------------------------- */

struct fields {
    const char *names[FIELDS_MAX];
    size_t count;
};

static void fields_add(void *context, const char *name)
{
    struct fields *fields = context;

    for (size_t i = 0; i < fields->count; i++)
        if (strcmp(fields->names[i], name) == 0)
            return;
    if (fields->count < FIELDS_MAX)
        fields->names[fields->count++] = name;
}

static void fields_of_commands(struct fields *fields, const struct route_commands *commands)
{
    for (size_t i = 0; i < commands->count; i++) {
        if (commands->items[i].when)
            when_visit(commands->items[i].when, fields_add, fields);
        template_visit(commands->items[i].template, fields_add, fields);
    }
}

static bool field_is_missing(const char *name, const struct value *tree)
{
    struct path *path = name[0] == '$' || name[0] == '*' ? NULL : path_new(slice_of(name), NULL);
    bool missing = path && !path_find(path, tree);

    path_free(path);
    return missing;
}

static void explain_fields(const struct route *route, struct scope *scope)
{
    const struct value *tree = NULL;
    struct fields fields = {0};

    if (route->when)
        when_visit(route->when, fields_add, &fields);
    fields_of_commands(&fields, scope->record->value.data ? &route->writes : &route->deletes);
    if (scope->record->value.data && (route->reads & READS_VALUE_INSIDE))
        tree = codec_value_tree(scope->record, route->value_codec, scope->arena, NULL);
    printf("  reads     ");
    for (size_t i = 0; i < fields.count; i++)
        printf("%s%s%s", i ? " " : "", fields.names[i],
               tree && field_is_missing(fields.names[i], tree) ? "(missing)" : "");
    printf("%s  (%s)\n", fields.count ? "" : "nothing", route->value_codec->name);
}

/* --- the outcome ------------------------------------------------------------------------------ */

static void explain_condition(void *context, const char *text, bool applies, bool holds)
{
    (void)context;
    printf("  when      %s  %s\n", text,
           !applies ? "not asked: a tombstone has no value"
           : holds  ? "true"
                    : "false");
}

struct keys {
    struct slice *items;
    size_t count, capacity;
};

static void keys_add(struct keys *keys, struct slice key)
{
    for (size_t i = 0; i < keys->count; i++)
        if (slice_equal(keys->items[i], key))
            return;
    keys->items = mem_grow(keys->items, keys->count, &keys->capacity, sizeof(*keys->items));
    keys->items[keys->count++] = key;
}

static void keys_add_command(struct keys *keys, const struct rendered *rendered)
{
    size_t *positions = mem_array(rendered->count, sizeof(*positions));
    size_t count = 0;

    if (rendered->command)
        count = command_keys(rendered->command, rendered->arguments, rendered->count, positions,
                             rendered->count);
    for (size_t i = 0; i < count; i++)
        keys_add(keys, rendered->arguments[positions[i]]);
    free(positions);
}

static void explain_keys(const struct rendering *rendering)
{
    struct keys keys = {0};

    for (size_t i = 0; i < rendering->count; i++)
        keys_add_command(&keys, &rendering->items[i]);
    fputs("  keys      ", stdout);
    for (size_t i = 0; i < keys.count; i++) {
        fputs(i ? " " : "", stdout);
        text_quote(stdout, keys.items[i]);
    }
    puts(keys.count ? "" : "none");
    free(keys.items);
}

static int explain_record(const struct route *route, struct record *record)
{
    struct arena arena = {0};
    struct scope scope = {.record = record, .arena = &arena, .now_ms = clock_wall_ms()};
    struct rendering rendering = {0};
    const struct route_trace trace = {explain_condition, NULL};
    static const char *const outcomes[] = {
        [ON_ERROR_STOP] = "the partition stops here",
        [ON_ERROR_SKIP] = "the record is dropped and counted",
        [ON_ERROR_DLQ] = "the record goes to the dlq",
    };
    struct err err;
    int status = EXIT_OK;

    explain_fields(route, &scope);
    if (!route_render(route, &scope, &rendering, &trace, &err)) {
        printf("  error     %s\n  outcome   %s\n", err.text, outcomes[route->conf->on_error]);
        status = EXIT_DATA;
    } else if (!rendering.count) {
        puts("  outcome   filtered: no command runs");
    } else {
        bool secret = shown_is_secret(route->conf);
        for (size_t i = 0; i < rendering.count; i++)
            shown_command("  command   ", &rendering.items[i], secret);
        if (!secret)
            explain_keys(&rendering);
    }
    free(rendering.items);
    arena_free(&arena);
    return status;
}

static void explain_route(const struct route *route)
{
    static const char *const deliveries[] = {"at_least_once", "exactly_once", "at_most_once"};
    const struct conf_route *conf = route->conf;

    printf("route %s  %s:%u   ", conf->name, conf->origin.file, conf->origin.line);
    for (size_t i = 0; i < conf->topics.count; i++)
        printf("%s%s", i ? ", " : "", conf->topics.items[i].text);
    printf(" -> %s  %s\n", conf->to->name, deliveries[conf->delivery]);
}

static int explain(struct explain *explain)
{
    struct loaded loaded;
    int status = load(load_path(explain->config), &loaded);
    const struct route *route;

    if (status == EXIT_OK && !(route = routes_find(loaded.routes, explain->route))) {
        fprintf(stderr, "penstock: no route '%s'; there are:", explain->route);
        for (size_t i = 0; i < loaded.routes->count; i++)
            fprintf(stderr, " %s", loaded.routes->items[i].conf->name);
        fputc('\n', stderr);
        status = EXIT_USAGE;
    } else if (status == EXIT_OK) {
        const struct headers headers = {explain->headers, explain->header_count};
        struct record record = {.key = explain->key,
                                .value = explain->value,
                                .topic = explain->topic ? explain->topic
                                                        : route->conf->topics.items[0].text,
                                .timestamp_ms = clock_wall_ms(),
                                .headers = headers_of(&headers)};
        explain_route(route);
        status = explain_record(route, &record);
    }
    load_free(&loaded);
    return status;
}

static bool explain_option(struct explain *request, int option, char *argument)
{
    switch (option) {
    case 'c':
        request->config = argument;
        return true;
    case 'v':
        request->value = slice_of(argument);
        request->has_value = true;
        return true;
    case 'k':
        request->key = slice_of(argument);
        return true;
    case 't':
        request->topic = argument;
        return true;
    case 'T':
        request->tombstone = true;
        return true;
    default:
        return option == 'H' && explain_add_header(request, argument);
    }
}

int cli_explain(int argc, char **argv)
{
    struct explain request = {0};
    struct slice from_stdin = {0};
    char *argument;
    int option, status;

    while ((option = cli_next(argc, argv, options, &argument)) != CLI_END) {
        if (option == 'h')
            return cli_print_help(usage, options, examples);
        if (option == CLI_WRONG)
            return cli_usage_error("explain");
        if (!explain_option(&request, option, argument)) {
            fprintf(stderr, "penstock: --header takes NAME=VALUE, at most %d of them\n",
                    HEADERS_MAX);
            return cli_usage_error("explain");
        }
    }
    if (argc - cli_index() != 1 || (request.has_value && request.tombstone)) {
        fputs(request.tombstone ? "penstock: a tombstone has no value\n"
                                : "penstock: which route? Name one\n",
              stderr);
        return cli_usage_error("explain");
    }
    request.route = argv[cli_index()];
    if (!request.has_value && !request.tombstone)
        request.value = from_stdin = explain_read_stdin();
    status = explain(&request);
    free((char *)from_stdin.data);
    return status;
}
