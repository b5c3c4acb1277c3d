/* explain.c: penstock explain: the commands of one record, without Kafka and without Redis. */
#include "app/cli.h"
#include "app/load.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/explained.h"
#include "cli/options.h"
#include "conf/start.h"
#include "kafka/dlq_reader.h"
#include "record/headers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADERS_MAX = 64 };

struct explain {
    const char *config, *route, *topic;
    int64_t partition, offset, timestamp_ms;
    struct slice key, value;
    bool has_value, tombstone, read, json;
    struct header headers[HEADERS_MAX];
    size_t header_count;
};

static const struct cli_option options[] = {
    {'c', "config", "FILE",
     "the configuration (default: $PENSTOCK_CONFIG, /etc/penstock/penstock.conf)"},
    {'v', "value", "TEXT", "the record's value (default: standard input)"},
    {'k', "key", "TEXT", "the record's key (default: null)"},
    {'H', "header", "NAME=VALUE", "a header; may be repeated"},
    {'t', "topic", "TOPIC", "the record's topic (default: the route's first)"},
    {'T', "tombstone", NULL, "a tombstone: a record with a null value"},
    {'s', "timestamp", "TIME",
     "the record's time: milliseconds since 1970, or 2026-01-31T00:00:00Z (default: now)"},
    {'p', "partition", "NUMBER", "the record's partition (default: 0)"},
    {'o', "offset", "NUMBER", "the record's offset (default: 0)"},
    {'r', "read", NULL, "read the record at that topic, partition and offset from Kafka"},
    {'j', "json", NULL, "print one JSON object, for a program"},
    {'h', "help", NULL, "print this"},
    {0},
};

static const char usage[] =
    "Usage: penstock explain [OPTION]... ROUTE\n"
    "Shows what the route makes of one record: the fields that it reads, the results of its\n"
    "conditions, the commands as you type them in redis-cli, and their keys. Nothing is sent.\n"
    "With --read Kafka is asked for the record, outside of any group.\n"
    "A text that may come from a secret file is shown as ***.\n";

static const char examples[] = "\nExamples:\n"
                               "  penstock explain -c rides.conf driver_geo --value "
                               "'{\"driver_id\":\"d1\",\"city\":\"scl\"}'\n"
                               "  penstock explain -c rides.conf rides_cache --key 7 --tombstone\n"
                               "  penstock explain -c rides.conf rides_cache --key 7 --tombstone "
                               "--json | jq -c '.commands[]'\n"
                               "  penstock explain -c rides.conf trips --topic trip.completed "
                               "--partition 3 --offset 88121 --read\n";

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

/* --- the answer ------------------------------------------------------------------------------- */

static int explain_unknown(const struct loaded *loaded, const char *name)
{
    fprintf(stderr, "penstock: no route '%s'; there are:", name);
    for (size_t i = 0; i < loaded->routes->count; i++)
        fprintf(stderr, " %s", loaded->routes->items[i].conf->name);
    fputc('\n', stderr);
    return EXIT_USAGE;
}

/* Half an answer must not look like a whole one to a test suite. */
static int explain_status(const struct explained *explained)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("penstock: standard output");
        return EXIT_IO;
    }
    return explained->failed ? EXIT_DATA : EXIT_OK;
}

static int explain_record(const struct explain *explain, const struct loaded *loaded,
                          const struct route *route, struct record *record)
{
    struct explained explained;

    explained_make(&explained, route, record, loaded->conf->max_record);
    if (explain->json)
        explained_write_json(&explained, stdout);
    else
        explained_write_text(&explained, stdout);
    int status = explain_status(&explained);
    explained_clear(&explained);
    return status;
}

/* The record that the command line says. */
static int explain_said(const struct explain *explain, const struct loaded *loaded,
                        const struct route *route)
{
    const struct headers headers = {explain->headers, explain->header_count};
    struct record record = {.key = explain->key,
                            .value = explain->value,
                            .topic = explain->topic,
                            .partition = (int32_t)explain->partition,
                            .offset = explain->offset,
                            .timestamp_ms = explain->timestamp_ms,
                            .headers = headers_of(&headers)};

    return explain_record(explain, loaded, route, &record);
}

/* The record that Kafka has. */
static int explain_kept(const struct explain *explain, const struct loaded *loaded,
                        const struct route *route)
{
    const char *topic = explain->topic ? explain->topic : route->conf->topics.items[0].text;
    struct record record;
    struct err err;
    struct dlq_reader *reader = dlq_reader_fetcher(loaded->conf, route->conf->from, &err);
    int status = EXIT_UNAVAILABLE;

    if (reader && dlq_reader_fetch(reader, topic, (int32_t)explain->partition, explain->offset,
                                   &record, &err))
        status = explain_record(explain, loaded, route, &record);
    else
        fprintf(stderr, "penstock: %s\n", err.text);
    dlq_reader_free(reader);
    return status;
}

static int explain(const struct explain *explain)
{
    const struct route *route;
    struct loaded loaded;
    int status = load(load_path(explain->config), CONF_ERROR, &loaded);

    if (status == EXIT_OK) {
        route = routes_find(loaded.routes, explain->route);
        status = !route          ? explain_unknown(&loaded, explain->route)
                 : explain->read ? explain_kept(explain, &loaded, route)
                                 : explain_said(explain, &loaded, route);
    }
    load_free(&loaded);
    return status;
}

/* --- the question ----------------------------------------------------------------------------- */

static bool explain_number(const char *argument, int64_t most, int64_t *number)
{
    return text_integer(slice_of(argument), number) && *number >= 0 && *number <= most;
}

/* Milliseconds, or a time as in a source's "start" after the '@'. */
static bool explain_time(const char *argument, int64_t *time_ms)
{
    struct conf_start start = {.time_ms = -1};
    char *time = mem_format("@%s", argument);

    if (!text_integer(slice_of(argument), &start.time_ms))
        start_parse(time, &start, NULL);
    free(time);
    *time_ms = start.time_ms;
    return start.time_ms >= 0;
}

static bool explain_option(struct explain *request, int option, char *argument)
{
    switch (option) {
    case 's':
        return explain_time(argument, &request->timestamp_ms);
    case 'p':
        return explain_number(argument, INT32_MAX, &request->partition);
    case 'o':
        return explain_number(argument, INT64_MAX, &request->offset);
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
    case 'r':
        request->read = true;
        return true;
    case 'j':
        request->json = true;
        return true;
    default:
        return option == 'H' && explain_add_header(request, argument);
    }
}

static void explain_refuse(int option, const char *argument)
{
    if (option == 'H')
        fprintf(stderr, "penstock: --header takes NAME=VALUE, at most %d of them\n", HEADERS_MAX);
    else if (option == 's')
        fprintf(stderr,
                "penstock: --timestamp takes milliseconds since 1970, or a time such as "
                "2026-01-31T00:00:00Z, not '%s'\n",
                argument);
    else
        fprintf(stderr, "penstock: --%s takes a whole number from 0, not '%s'\n",
                option == 'p' ? "partition" : "offset", argument);
}

int cli_explain(int argc, char **argv)
{
    struct explain request = {.timestamp_ms = clock_wall_ms()};
    struct slice from_stdin = {0};
    char *argument;
    int option, status;

    while ((option = cli_next(argc, argv, options, &argument)) != CLI_END) {
        if (option == 'h')
            return cli_print_help(usage, options, examples);
        if (option == CLI_WRONG)
            return cli_usage_error("explain");
        if (!explain_option(&request, option, argument)) {
            explain_refuse(option, argument);
            return cli_usage_error("explain");
        }
    }
    if (argc - cli_index() != 1 || (request.has_value && request.tombstone)) {
        fputs(request.tombstone ? "penstock: a tombstone has no value\n"
                                : "penstock: name one route\n",
              stderr);
        return cli_usage_error("explain");
    }
    request.route = argv[cli_index()];
    if (!request.has_value && !request.tombstone && !request.read)
        request.value = from_stdin = explain_read_stdin();
    status = explain(&request);
    free((char *)from_stdin.data);
    return status;
}
