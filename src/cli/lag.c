/* lag.c: penstock lag: how far the groups of a configuration are behind. */
#include "kafka/lag.h"

#include "app/cli.h"
#include "app/load.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/options.h"
#include "redis/checkpoint_ask.h"
#include "redis/dialogue.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
    {'c', "config", "FILE",
     "the configuration (default: $PENSTOCK_CONFIG, /etc/penstock/penstock.conf)"},
    {'m', "max-lag", "NUMBER", "exit with status 1 if the sum is above NUMBER, or not known"},
    {'t', "topic", "TOPIC", "only this topic"},
    {'j', "json", NULL, "print one JSON object, for a program"},
    {'h', "help", NULL, "print this"},
    {0},
};

static const char usage[] =
    "Usage: penstock lag [OPTION]... [FILE]\n"
    "Shows how many records the bridge has not done, by what Kafka knows of its group: for each\n"
    "partition the start and the end of the log, the committed offset, the lag, and the age of\n"
    "the first record that waits. The bridge need not run; nothing is joined or committed.\n"
    "Offsets are counted, so that a lag may hold records that were compacted away and markers of\n"
    "transactions. If nothing is committed, \"start\" says where the bridge would begin. The\n"
    "position of exactly-once routes is their checkpoint in Redis, which is asked for it.\n";

static const char examples[] = "\nExamples:\n"
                               "  penstock lag rides.conf\n"
                               "  penstock lag -c rides.conf --max-lag 1000 && echo warm\n"
                               "  penstock lag -c rides.conf --json | jq .lag\n";

struct request {
    const char *config, *topic;
    int64_t max_lag; /* -1: any */
    bool json;
};

/* A source and what is known of its group. */
struct group {
    const struct conf_source *source;
    struct lag *lag;
    struct lag_partition *partitions;
    size_t count;
    bool exactly; /* some partition's position is in Redis */
};

struct sum {
    int64_t lag;
    size_t partitions, unknown;
};

/* --- exactly once: the checkpoints ------------------------------------------------------------ */

static const struct route *exactly_once_route(const struct loaded *loaded,
                                              const struct conf_source *source, const char *topic)
{
    for (size_t i = 0; i < loaded->routes->count; i++) {
        const struct route *route = &loaded->routes->items[i];
        if (route->conf->from == source && route->conf->delivery == EXACTLY_ONCE &&
            route_takes(route, topic))
            return route;
    }
    return NULL;
}

static void take_checkpoint(struct lag_partition *partition, const struct checkpoint *checkpoint)
{
    if (checkpoint->found && checkpoint->readable)
        lag_checkpoint(partition, checkpoint->next, checkpoint->log);
    else if (checkpoint->found) {
        partition->position = -1;
        snprintf(partition->note, sizeof(partition->note), "checkpoint: %s", checkpoint->error);
    }
}

/* Without Redis the commit stands, which trails: the lag is that or less. */
static void not_asked(struct lag_partition *partition, const struct err *err)
{
    snprintf(partition->note, sizeof(partition->note),
             "at most: the checkpoint could not be read: %.150s", err->text);
}

static void ask_checkpoint(const struct conf_route *conf, struct lag_partition *partition,
                           struct dialogue *dialogue, struct err *err)
{
    char *key = checkpoint_key(conf->to->checkpoint_prefix.text, conf->from->group.text,
                               partition->topic, partition->number);
    struct checkpoint checkpoint;

    if (dialogue && checkpoint_ask(dialogue, key, &checkpoint, err)) {
        take_checkpoint(partition, &checkpoint);
        checkpoint_free(&checkpoint);
    } else {
        not_asked(partition, err);
    }
    free(key);
}

/* Each sink is asked over one connection. */
static void ask_checkpoints(const struct loaded *loaded, struct group *group)
{
    size_t sinks = loaded->conf->sink_count;
    struct dialogue **dialogues = mem_array(sinks, sizeof(*dialogues));
    struct err *errors = mem_array(sinks, sizeof(*errors));

    for (size_t i = 0; i < group->count; i++) {
        struct lag_partition *partition = &group->partitions[i];
        const struct route *route = exactly_once_route(loaded, group->source, partition->topic);
        if (!route || partition->number < 0)
            continue;
        struct dialogue **dialogue = &dialogues[route->sink_index];
        struct err *err = &errors[route->sink_index];
        const struct conf_sink *sink = route->conf->to;
        if (!*dialogue && err->kind == ERR_NONE)
            *dialogue = dialogue_with_sink(sink, sink->database, "penstock-lag", err);
        ask_checkpoint(route->conf, partition, *dialogue, err);
        group->exactly = true;
    }
    for (size_t i = 0; i < sinks; i++)
        dialogue_close(dialogues[i]);
    free(dialogues);
    free(errors);
}

/* --- for a person ----------------------------------------------------------------------------- */

enum { TOPIC, NUMBER, START, COMMITTED, CHECKPOINT, END, LAG, BEHIND, COLUMNS };

static const char *const titles[COLUMNS] = {"TOPIC",      "PARTITION", "START", "COMMITTED",
                                            "CHECKPOINT", "END",       "LAG",   "BEHIND"};

enum { CELL_BYTES = 256 };

typedef char cells[COLUMNS][CELL_BYTES];

static void write_offset(char cell[CELL_BYTES], int64_t offset)
{
    if (offset < 0)
        snprintf(cell, CELL_BYTES, "-");
    else
        snprintf(cell, CELL_BYTES, "%" PRId64, offset);
}

static int64_t behind_ms(const struct lag_partition *partition, int64_t now_ms)
{
    if (partition->time_ms < 0)
        return -1;
    return now_ms > partition->time_ms ? now_ms - partition->time_ms : 0;
}

static void make_cells(cells row, const struct lag_partition *partition, int64_t now_ms)
{
    int64_t lag = lag_of(partition);

    snprintf(row[TOPIC], CELL_BYTES, "%s", partition->topic);
    write_offset(row[NUMBER], partition->number);
    write_offset(row[START], partition->start);
    write_offset(row[COMMITTED], partition->committed);
    write_offset(row[CHECKPOINT], partition->checkpoint);
    write_offset(row[END], partition->end);
    write_offset(row[LAG], lag);
    figure_duration(row[BEHIND], lag == 0 ? 0 : behind_ms(partition, now_ms));
    if (lag < 0)
        snprintf(row[LAG], CELL_BYTES, "unknown");
}

static void widen(int widths[COLUMNS], cells row)
{
    for (int i = 0; i < COLUMNS; i++)
        if ((int)strlen(row[i]) > widths[i])
            widths[i] = (int)strlen(row[i]);
}

static void print_row(const struct group *group, const int widths[COLUMNS], cells row,
                      const char *note)
{
    printf("%-*s", widths[TOPIC], row[TOPIC]);
    for (int i = TOPIC + 1; i < COLUMNS; i++)
        if (i != CHECKPOINT || group->exactly)
            printf("  %*s", widths[i], row[i]);
    printf("%s%s\n", *note ? "  " : "", note);
}

static void print_group(const struct group *group, int64_t now_ms)
{
    int widths[COLUMNS] = {0};
    cells row;

    printf("source %s, group %s\n", group->source->name, group->source->group.text);
    for (int i = 0; i < COLUMNS; i++)
        widths[i] = (int)strlen(titles[i]);
    for (size_t i = 0; i < group->count; i++) {
        make_cells(row, &group->partitions[i], now_ms);
        widen(widths, row);
    }
    for (int i = 0; i < COLUMNS; i++)
        snprintf(row[i], CELL_BYTES, "%s", titles[i]);
    print_row(group, widths, row, "");
    for (size_t i = 0; i < group->count; i++) {
        make_cells(row, &group->partitions[i], now_ms);
        print_row(group, widths, row, group->partitions[i].note);
    }
}

static void print_sum(const struct sum *sum)
{
    size_t known = sum->partitions - sum->unknown;

    printf("lag %" PRId64 " in %zu partition%s", sum->lag, known, known == 1 ? "" : "s");
    if (sum->unknown)
        printf(", unknown in %zu", sum->unknown);
    putchar('\n');
}

/* --- for a program: docs/reference/output.md -------------------------------------------------- */

static void write_known(struct json_writer *json, const char *name, int64_t number)
{
    if (number < 0)
        json_write_null(json, name);
    else
        json_write_integer(json, name, number);
}

static void write_partition(struct json_writer *json, const struct group *group,
                            const struct lag_partition *partition, int64_t now_ms)
{
    json_write_open(json, NULL, '{');
    json_write_text(json, "source", group->source->name);
    json_write_text(json, "group", group->source->group.text);
    json_write_text(json, "topic", partition->topic);
    write_known(json, "partition", partition->number);
    write_known(json, "start", partition->start);
    write_known(json, "committed", partition->committed);
    write_known(json, "checkpoint", partition->checkpoint);
    write_known(json, "position", partition->position);
    write_known(json, "end", partition->end);
    write_known(json, "lag", lag_of(partition));
    write_known(json, "behind_ms", lag_of(partition) == 0 ? 0 : behind_ms(partition, now_ms));
    json_write_text(json, "note", partition->note[0] ? partition->note : NULL);
    json_write_close(json, '}');
}

static void write_json(const struct group *groups, size_t count, const struct sum *sum, int status)
{
    struct json_writer json = {.out = stdout};

    json_write_open(&json, NULL, '{');
    json_write_open(&json, "partitions", '[');
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < groups[i].count; j++)
            write_partition(&json, &groups[i], &groups[i].partitions[j], clock_wall_ms());
    json_write_close(&json, ']');
    write_known(&json, "lag", sum->unknown ? -1 : sum->lag);
    json_write_integer(&json, "known_lag", sum->lag);
    json_write_integer(&json, "unknown", (int64_t)sum->unknown);
    json_write_integer(&json, "status", status);
    json_write_close(&json, '}');
    putchar('\n');
}

/* --- all sources ------------------------------------------------------------------------------ */

static bool ask_group(const struct loaded *loaded, const struct request *request,
                      struct group *group, struct err *err)
{
    group->lag = lag_new(loaded->conf, group->source, request->topic, err);
    if (!group->lag)
        return false;
    group->partitions = lag_partitions(group->lag, &group->count);
    ask_checkpoints(loaded, group);
    lag_ask_times(group->lag);
    return true;
}

static struct sum sum_up(const struct group *groups, size_t count)
{
    struct sum sum = {0};

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < groups[i].count; j++) {
            int64_t lag = lag_of(&groups[i].partitions[j]);
            sum.partitions++;
            sum.unknown += lag < 0;
            sum.lag += lag < 0 ? 0 : lag;
        }
    return sum;
}

static int tell(const struct request *request, const struct group *groups, size_t count)
{
    struct sum sum = sum_up(groups, count);
    bool above = request->max_lag >= 0 && (sum.lag > request->max_lag || sum.unknown);
    int status = above ? EXIT_NEGATIVE : EXIT_OK;

    if (request->topic && !sum.partitions) {
        fprintf(stderr, "penstock: no route reads topic '%s'\n", request->topic);
        return EXIT_USAGE;
    }
    if (request->json) {
        write_json(groups, count, &sum, status);
        return status;
    }
    for (size_t i = 0; i < count; i++)
        if (groups[i].count || !request->topic)
            print_group(&groups[i], clock_wall_ms());
    print_sum(&sum);
    return status;
}

static int lag(const struct request *request, const struct loaded *loaded)
{
    struct group *groups = mem_array(loaded->conf->source_count, sizeof(*groups));
    struct err err = {0};
    size_t count = 0;
    bool good = true;
    int status;

    for (size_t i = 0; good && i < loaded->conf->source_count; i++) {
        groups[count].source = &loaded->conf->sources[i];
        if (conf_is_read(loaded->conf, groups[count].source))
            good = ask_group(loaded, request, &groups[count++], &err);
    }
    if (good) {
        status = tell(request, groups, count);
    } else {
        fprintf(stderr, "penstock: %s\n", err.text);
        status = err.kind == ERR_CONFIG ? EXIT_CONFIG : EXIT_UNAVAILABLE;
    }
    for (size_t i = 0; i < count; i++)
        lag_free(groups[i].lag);
    free(groups);
    return status;
}

/* --- the command line ------------------------------------------------------------------------- */

static bool lag_option(struct request *request, int option, const char *argument)
{
    switch (option) {
    case 'c':
        request->config = argument;
        return true;
    case 't':
        request->topic = argument;
        return true;
    case 'j':
        return request->json = true;
    default:
        return text_integer(slice_of(argument), &request->max_lag) && request->max_lag >= 0;
    }
}

int cli_lag(int argc, char **argv)
{
    struct request request = {.max_lag = -1};
    struct loaded loaded;
    char *argument;
    int option;

    while ((option = cli_next(argc, argv, options, &argument)) != CLI_END) {
        if (option == 'h')
            return cli_print_help(usage, options, examples);
        if (option == CLI_WRONG)
            return cli_usage_error("lag");
        if (!lag_option(&request, option, argument))
            return cli_misused("lag", "--max-lag takes a number of records, 0 or more");
    }
    if (cli_index() + (request.config ? 0 : 1) < argc)
        return cli_misused("lag", "one configuration at a time");
    if (cli_index() < argc)
        request.config = argv[cli_index()];
    int status = load(load_path(request.config), CONF_ERROR, &loaded);
    if (status == EXIT_OK)
        status = lag(&request, &loaded);
    load_free(&loaded);
    return status;
}
