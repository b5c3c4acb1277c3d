/*
 * stream_ids.c: what the ids of a stream's entries are made of, and what follows at load.
 *
 * Redis takes an id only above the stream's last one. An id made of the offset rises within one
 * partition of one topic, and nowhere else.
 */
#include "flow/stream_ids.h"

#include "base/mem.h"
#include "base/text.h"
#include "flow/agreement.h"
#include "redis/xadd.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LEADING_MOST = 16, COMMIT_RECORDS = 2048 /* of commit.c */ };

#define OFFSET    "%{$offset}"
#define PARTITION "%{$partition}"

/* The arguments that are the same for every record; the others have no data. How many. */
static size_t constants_of(const struct template *command, struct slice arguments[LEADING_MOST])
{
    bool open;
    size_t count = template_least_arguments(command, &open);

    count = count < LEADING_MOST ? count : LEADING_MOST;
    for (size_t i = 0; i < count; i++)
        template_constant(command, i, &arguments[i]);
    return count;
}

/* The place of the id; 0: it is not an XADD. */
static size_t id_place(const struct template *command)
{
    struct slice arguments[LEADING_MOST];
    size_t count = constants_of(command, arguments);

    if (!count || !arguments[0].data || arguments[0].length != 4 ||
        strncasecmp(arguments[0].data, "XADD", 4) != 0)
        return 0;
    return xadd_id_place(arguments, count);
}

/* --- what it is ------------------------------------------------------------------------------- */

static bool is_digits(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

static bool rises_with_the_offset(const char *shape)
{
    size_t digits = strspn(shape, "0123456789");

    if (strcmp(shape, OFFSET) == 0 || strcmp(shape, PARTITION "-" OFFSET) == 0 ||
        strcmp(shape, OFFSET "-" PARTITION) == 0)
        return true;
    if (strncmp(shape, OFFSET "-", strlen(OFFSET "-")) == 0)
        return is_digits(shape + strlen(OFFSET "-"));
    return digits && strcmp(shape + digits, "-" OFFSET) == 0;
}

enum stream_id stream_id_of(const struct template *command)
{
    size_t place = id_place(command);
    char *shape = place ? template_argument_shape(command, place) : NULL;
    size_t length = shape ? strlen(shape) : 0;
    enum stream_id id = STREAM_ID_OF_RECORD;

    if (!shape)
        id = STREAM_ID_NONE;
    else if (strcmp(shape, "*") == 0)
        id = STREAM_ID_OF_REDIS;
    else if (length > 2 && strcmp(shape + length - 2, "-*") == 0)
        id = STREAM_ID_HALF;
    else if (rises_with_the_offset(shape))
        id = STREAM_ID_OF_OFFSET;
    free(shape);
    return id;
}

/* --- one command ------------------------------------------------------------------------------ */

static bool takes_several_topics(const struct route *route)
{
    const struct conf_texts *topics = &route->conf->topics;

    return topics->count > 1 || (topics->count == 1 && topics->items[0].text[0] == '^');
}

/* Offsets of two partitions, or topics, would meet in one stream. */
static void check_meeting(const struct route *route, const struct route_command *command,
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

/* The id is 0-0 at offset 0 (of partition 0). */
static void check_zero(const struct route_command *command, struct conf_origin origin,
                       struct conf_problems *problems)
{
    char *shape = template_argument_shape(command->template, id_place(command->template));
    bool by_partition = strstr(shape, PARTITION);

    if (by_partition || strcmp(shape, OFFSET) == 0 || strcmp(shape, OFFSET "-0") == 0 ||
        strcmp(shape, "0-" OFFSET) == 0)
        conf_warning(problems, origin,
                     by_partition
                         ? "write %{$offset}-1, and put %{$partition} into the stream's key"
                         : "write %{$offset}-1",
                     "the record at offset 0%s has the id 0-0, which Redis refuses",
                     by_partition ? " of partition 0" : "");
    free(shape);
}

/* The threshold behind MAXLEN; -1: none, or the record makes it. */
static int64_t maxlen_of(const struct template *command)
{
    struct slice arguments[LEADING_MOST];
    size_t count = constants_of(command, arguments), place = id_place(command);
    int64_t number;

    for (size_t i = 2; i + 1 < place && i + 2 < count; i++) {
        if (!arguments[i].data || arguments[i].length != 6 ||
            strncasecmp(arguments[i].data, "MAXLEN", 6) != 0)
            continue;
        bool how = slice_is(arguments[i + 1], "~") || slice_is(arguments[i + 1], "=");
        return text_integer(arguments[i + 1 + how], &number) ? number : -1;
    }
    return -1;
}

/* What is in flight in a crash, and what was answered since the last commit, or the one before. */
static void check_trimming(const struct route *route, const struct route_command *command,
                           struct conf_origin origin, struct conf_problems *problems)
{
    const struct conf_sink *sink = route->conf->to;
    int64_t maxlen = maxlen_of(command->template);
    int64_t again = sink->window_commands * sink->connections + 2 * (int64_t)COMMIT_RECORDS;

    if (route->conf->delivery == AT_LEAST_ONCE && maxlen >= 0 && maxlen < again)
        conf_warning(problems, origin,
                     "a larger MAXLEN, or delivery = \"exactly_once\"; on_error says what becomes "
                     "of such a record",
                     "route '%s': after a crash up to %" PRId64 " records are written again, and "
                     "the stream keeps %" PRId64 ": Redis refuses those whose entries are trimmed",
                     route->conf->name, again, maxlen);
}

static void check_order(const struct route *route, struct conf_origin origin,
                        struct conf_problems *problems)
{
    conf_warning(
        problems, origin,
        "%{$offset}-1 rises in each partition; put %{$partition} into the stream's key",
        "route '%s': Redis takes a stream's ids only in rising order: a record whose id is "
        "not above the last one is refused, and on_error says what becomes of it",
        route->conf->name);
}

void stream_ids_check(const struct route *route, const struct route_command *command,
                      struct conf_origin origin, struct conf_problems *problems)
{
    switch (command->stream_id) {
    case STREAM_ID_NONE:
    case STREAM_ID_OF_REDIS:
        break;
    case STREAM_ID_HALF:
    case STREAM_ID_OF_RECORD:
        check_order(route, origin, problems);
        break;
    case STREAM_ID_OF_OFFSET:
        check_meeting(route, command, origin, problems);
        check_zero(command, origin, problems);
        check_trimming(route, command, origin, problems);
        break;
    }
}

/* --- several commands ------------------------------------------------------------------------- */

/* A command that adds to a stream. */
struct writer {
    const struct route *route;
    const struct route_command *command;
    struct conf_origin origin;
    char *key; /* its shape */
};

struct writers {
    struct writer *items;
    size_t count, capacity;
};

static void writers_add(struct writers *writers, const struct route *route,
                        const struct route_commands *commands, const struct conf_commands *conf)
{
    for (size_t i = 0; i < commands->count; i++) {
        const struct route_command *command = &commands->items[i];
        if (!command->template || command->stream_id == STREAM_ID_NONE)
            continue;
        writers->items =
            mem_grow(writers->items, writers->count, &writers->capacity, sizeof(*writers->items));
        writers->items[writers->count++] =
            (struct writer){route, command, conf->items[i].cmd.origin,
                            template_argument_shape(command->template, 1)};
    }
}

static bool is_one_server(const struct conf_sink *one, const struct conf_sink *other)
{
    return one && other &&
           (one == other || (one->url.text && other->url.text && !one->url.secret &&
                             strcmp(one->url.text, other->url.text) == 0));
}

/* Whether the key is made of nothing but topic and partition: then the file tells which writers
 * meet. */
static bool is_plain(const char *key)
{
    for (const char *placeholder = strstr(key, "%{"); placeholder;
         placeholder = strstr(placeholder + 2, "%{"))
        if (strncmp(placeholder, "%{$topic}", 9) != 0 &&
            strncmp(placeholder, PARTITION, strlen(PARTITION)) != 0)
            return false;
    return true;
}

/* Whether both read one topic; of two patterns that is only known if they are the same. */
static bool read_one_topic(const struct writer *one, const struct writer *other)
{
    return one->route == other->route || (one->route->conf->from == other->route->conf->from &&
                                          agreement_common_topic(one->route, other->route));
}

/* Whether a key of the one may be a key of the other. */
static bool meet(const struct writer *one, const struct writer *other)
{
    if (!is_one_server(one->route->conf->to, other->route->conf->to) ||
        strcmp(one->key, other->key) != 0 || strstr(one->key, "|}"))
        return false;
    return read_one_topic(one, other) || !strstr(one->key, "%{$topic}");
}

/* An error if the file tells that it cannot go well; else it depends on the records. */
#define CLASH(writer, ...)                                                                         \
    (is_plain((writer)->key)                                                                       \
         ? conf_problem(problems, (writer)->origin, "give each a stream of its own", __VA_ARGS__)  \
         : conf_warning(problems, (writer)->origin, "give each a stream of its own", __VA_ARGS__))

static bool have_one_id(const struct writer *one, const struct writer *other)
{
    char *first = template_argument_shape(one->command->template, id_place(one->command->template));
    char *second =
        template_argument_shape(other->command->template, id_place(other->command->template));
    bool same = strcmp(first, second) == 0;

    free(first);
    free(second);
    return same;
}

static void check_offsets(const struct writer *one, const struct writer *other,
                          struct conf_problems *problems)
{
    if (!read_one_topic(one, other))
        CLASH(other,
              "routes '%s' and '%s' write to one stream, with the offsets of different topics for "
              "ids: Redis refuses those that are behind",
              one->route->conf->name, other->route->conf->name);
    else if (have_one_id(one, other) && (one->route != other->route || one->route->all))
        conf_warning(problems, other->origin,
                     "another number behind the offset, higher than in the command before",
                     "routes '%s' and '%s' write entries of one id to one stream: of a record that "
                     "both take, Redis refuses the second",
                     one->route->conf->name, other->route->conf->name);
}

static void check_pair(const struct writer *one, const struct writer *other,
                       struct conf_problems *problems)
{
    enum stream_id first = one->command->stream_id, second = other->command->stream_id;

    if (!meet(one, other))
        return;
    if (first == STREAM_ID_OF_OFFSET && second == STREAM_ID_OF_OFFSET)
        check_offsets(one, other, problems);
    else if ((first == STREAM_ID_OF_OFFSET && second == STREAM_ID_OF_REDIS) ||
             (first == STREAM_ID_OF_REDIS && second == STREAM_ID_OF_OFFSET))
        CLASH(
            other,
            "routes '%s' and '%s' write to one stream: the ids that Redis makes (*) are above all "
            "offsets, so that it refuses every id made of one from then on",
            one->route->conf->name, other->route->conf->name);
}

/* Letters have ids that Redis makes. */
static void check_letters(const struct writer *writer, const struct conf_dlq *dlq,
                          struct conf_problems *problems)
{
    if (writer->command->stream_id == STREAM_ID_OF_OFFSET && dlq->sink &&
        is_one_server(writer->route->conf->to, dlq->sink) && dlq->stream.text &&
        strcmp(writer->key, dlq->stream.text) == 0)
        conf_problem(problems, writer->origin, "give the dlq a stream of its own",
                     "route '%s' writes to the dlq's stream: the letters' ids are above all "
                     "offsets, so that Redis refuses every id made of one from then on",
                     writer->route->conf->name);
}

void stream_ids_check_shared(const struct routes *routes, const struct conf *conf,
                             struct conf_problems *problems)
{
    struct writers writers = {0};

    if (conf_problems_count(problems) > 0)
        return; /* among other errors it would only distract */
    for (size_t i = 0; i < routes->count; i++) {
        const struct route *route = &routes->items[i];
        writers_add(&writers, route, &route->writes, &route->conf->do_);
        writers_add(&writers, route, &route->deletes, &route->conf->del);
    }
    for (size_t i = 0; i < writers.count; i++) {
        for (size_t j = 0; j < i; j++)
            check_pair(&writers.items[j], &writers.items[i], problems);
        check_letters(&writers.items[i], &conf->dlq, problems);
    }
    for (size_t i = 0; i < writers.count; i++)
        free(writers.items[i].key);
    free(writers.items);
}
