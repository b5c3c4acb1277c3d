/* replay.c: penstock replay: applies a part of Kafka's log again. */
#include "app/cli.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/replay_parts.h"
#include "conf/start.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
    {'c', "config", "FILE",
     "the configuration (default: $PENSTOCK_CONFIG, /etc/penstock/penstock.conf)"},
    {'F', "from", "PLACE",
     "begin there: start, an offset, or a time such as @2026-11-30T10:00:00Z"},
    {'T', "to", "PLACE", "end before that: end (as it is now, the default), an offset, or a time"},
    {'t', "topic", "TOPIC", "only this topic"},
    {'p', "partition", "NUMBER", "only this partition; may be repeated"},
    {'r', "route", "ROUTE", "only through this route"},
    {'R', "range", "TOPIC:PARTITION:FROM-TO",
     "these offsets of one partition, instead of --from; may be repeated"},
    {'s', "rate", "RECORDS", "take at most so many records a second: 500, 20k/s"},
    {'a', "allow-repeats", NULL, "also routes whose commands change Redis again if they run twice"},
    {'n', "dry-run", NULL, "show the ranges and the first commands; write nothing"},
    {'h', "help", NULL, "print this"},
    {0},
};

static const char usage[] =
    "Usage: penstock replay [OPTION]... [FILE]\n"
    "Reads a part of the topics again and sends its records through their routes to Redis, as run\n"
    "does. It is no member of the group and commits nothing, so the bridge may run beside it. An\n"
    "edge that is an offset needs one partition. Records that cannot be delivered are treated as\n"
    "on_error says. SIGINT ends it and prints the command that goes on from there.\n"
    "Older records overwrite what newer ones wrote: if the range ends before the position of the\n"
    "bridge, or the bridge runs on meanwhile, keys may keep older values until their next record.\n"
    "A ttl begins again. Refused: exactly-once routes, whose records were carried out once; and\n"
    "without --allow-repeats, routes that are at most once or count, append or publish.\n";

static const char examples[] =
    "\nExamples:\n"
    "  penstock replay rides.conf --from start --dry-run\n"
    "  penstock replay -c rides.conf --from @2026-11-30T10:00:00Z --route rides_cache\n"
    "  penstock replay -c rides.conf --topic trips --partition 3 --from 1200 --to 1300\n";

/* --- the arguments ---------------------------------------------------------------------------- */

static bool read_point(const char *text, struct range_point *point)
{
    struct conf_start start;
    int64_t offset;

    if (strcmp(text, "start") == 0)
        *point = (struct range_point){.kind = POINT_START};
    else if (strcmp(text, "end") == 0)
        *point = (struct range_point){.kind = POINT_END};
    else if (text[0] == '@' && start_parse(text, &start, NULL))
        *point = (struct range_point){POINT_TIME, start.time_ms};
    else if (text_integer(slice_of(text), &offset) && offset >= 0)
        *point = (struct range_point){POINT_OFFSET, offset};
    else
        return false;
    return true;
}

/* "500", "20k", "20k/s", "1M/s". */
static bool read_rate(const char *text, int64_t *per_second)
{
    struct slice number = slice_of(text);
    int64_t unit = 1;

    if (number.length > 2 && memcmp(text + number.length - 2, "/s", 2) == 0)
        number.length -= 2;
    if (number.length > 1 && strchr("kM", text[number.length - 1]))
        unit = text[--number.length] == 'k' ? 1000 : 1000000;
    if (!text_integer(number, per_second) || *per_second < 1 || *per_second > INT64_MAX / unit)
        return false;
    *per_second *= unit;
    return true;
}

static bool read_number(struct slice text, int64_t most, int64_t *number)
{
    return text_integer(text, number) && *number >= 0 && *number <= most;
}

static bool add_partition(struct replay_request *request, const char *text)
{
    struct ranges_question *question = &request->question;
    int64_t number;

    if (!read_number(slice_of(text), INT32_MAX, &number))
        return false;
    request->partitions = mem_grow(request->partitions, question->partition_count,
                                   &request->partition_room, sizeof(*request->partitions));
    request->partitions[question->partition_count++] = (int32_t)number;
    question->partitions = request->partitions;
    return true;
}

/* "rides:3:1200-1300". */
static bool add_wish(struct replay_request *request, const char *text)
{
    struct ranges_question *question = &request->question;
    const char *colon = strchr(text, ':'), *second = colon ? strchr(colon + 1, ':') : NULL;
    const char *dash = second ? strchr(second + 1, '-') : NULL;
    struct range_wish wish;
    int64_t number;

    if (!dash || colon == text ||
        !read_number((struct slice){colon + 1, (size_t)(second - colon - 1)}, INT32_MAX, &number) ||
        !read_number((struct slice){second + 1, (size_t)(dash - second - 1)}, INT64_MAX,
                     &wish.from) ||
        !read_number(slice_of(dash + 1), INT64_MAX, &wish.to) || wish.from > wish.to)
        return false;
    wish.number = (int32_t)number;
    wish.topic = mem_copy(text, (size_t)(colon - text));
    request->wishes = mem_grow(request->wishes, question->wish_count, &request->wish_room,
                               sizeof(*request->wishes));
    request->wishes[question->wish_count++] = wish;
    question->wishes = request->wishes;
    return true;
}

/* NULL: it is right; else what it takes. */
static const char *replay_option(struct replay_request *request, int option, const char *argument)
{
    struct ranges_question *question = &request->question;

    switch (option) {
    case 'F':
        return read_point(argument, &question->from)
                   ? NULL
                   : "--from takes start, end, an offset, or a time such as @2026-11-30T10:00:00Z";
    case 'T':
        return read_point(argument, &question->to)
                   ? NULL
                   : "--to takes start, end, an offset, or a time such as @2026-11-30T10:00:00Z";
    case 'p':
        return add_partition(request, argument) ? NULL
                                                : "--partition takes the number of a partition";
    case 'R':
        return add_wish(request, argument) ? NULL
                                           : "--range takes TOPIC:PARTITION:FROM-TO, as in "
                                             "rides:3:1200-1300";
    case 's':
        return read_rate(argument, &request->per_second)
                   ? NULL
                   : "--rate takes a number of records a second, such as 500 or 20k/s";
    case 'c':
        request->config = argument;
        break;
    case 't':
        question->topic = argument;
        break;
    case 'r':
        request->route = argument;
        break;
    case 'a':
        request->may_repeat = true;
        break;
    default:
        request->dry_run = true;
        break;
    }
    return NULL;
}

static bool wishes_twice(const struct ranges_question *question)
{
    for (size_t i = 1; i < question->wish_count; i++)
        for (size_t j = 0; j < i; j++)
            if (question->wishes[i].number == question->wishes[j].number &&
                strcmp(question->wishes[i].topic, question->wishes[j].topic) == 0)
                return true;
    return false;
}

static const char *replay_contradiction(const struct replay_request *request, bool has_from,
                                        bool has_to)
{
    const struct ranges_question *question = &request->question;

    if (question->wish_count &&
        (has_from || has_to || question->topic || question->partition_count))
        return "--range goes without --from, --to, --topic and --partition";
    if (wishes_twice(question))
        return "one --range for each partition: replay the others after it";
    if (!question->wish_count && !has_from)
        return "from where? Give --from start, a time or an offset";
    if (question->from.kind == question->to.kind && question->from.value > question->to.value)
        return "--to lies before --from";
    return NULL;
}

/* --- all of it -------------------------------------------------------------------------------- */

static int replay_loaded(const struct replay_request *request, struct loaded *loaded)
{
    const struct conf_source *source;
    int status = replay_choose(request, loaded, &source);
    struct ranges *ranges;
    struct err err;

    if (status != EXIT_OK)
        return status;
    ranges = ranges_find(loaded->conf, source, &request->question, &err);
    if (!ranges) {
        fprintf(stderr, "penstock: %s\n", err.text);
        return err.kind == ERR_CONFIG ? EXIT_USAGE : EXIT_UNAVAILABLE;
    }
    replay_warn(loaded, ranges);
    status = request->dry_run ? replay_show(loaded, ranges)
                              : replay_run(request, loaded, source, ranges);
    ranges_free(ranges);
    return status;
}

static int replay(const struct replay_request *request)
{
    struct loaded loaded;
    int status = load(load_path(request->config), CONF_ERROR, &loaded);

    if (status == EXIT_OK)
        status = replay_loaded(request, &loaded);
    load_free(&loaded);
    return status;
}

static void request_free(struct replay_request *request)
{
    for (size_t i = 0; i < request->question.wish_count; i++)
        free((char *)(uintptr_t)request->wishes[i].topic);
    free(request->wishes);
    free(request->partitions);
}

static int replay_wrong(struct replay_request *request, const char *why)
{
    int status = cli_misused("replay", why);

    request_free(request);
    return status;
}

int cli_replay(int argc, char **argv)
{
    struct replay_request request = {.question = {.to = {.kind = POINT_END}}};
    bool has_from = false, has_to = false;
    const char *why;
    char *argument;
    int option;

    while ((option = cli_next(argc, argv, options, &argument)) != CLI_END) {
        if (option == 'h')
            return cli_print_help(usage, options, examples);
        if (option == CLI_WRONG)
            return cli_usage_error("replay");
        if ((why = replay_option(&request, option, argument)))
            return replay_wrong(&request, why);
        has_from |= option == 'F';
        has_to |= option == 'T';
    }
    if (cli_index() + (request.config ? 0 : 1) < argc)
        return replay_wrong(&request, "one configuration at a time");
    if (cli_index() < argc)
        request.config = argv[cli_index()];
    if ((why = replay_contradiction(&request, has_from, has_to)))
        return replay_wrong(&request, why);
    int status = replay(&request);
    request_free(&request);
    return status;
}
