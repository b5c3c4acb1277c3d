/*
 * keyspace.c: which keys the commands of a file may write, as far as their text tells.
 *
 * Keys are sorted by what they begin with, so that a file of thousands of routes takes no longer
 * for each: what meets a key begins with its beginning (a run of the list), or is a beginning of
 * it (one place for each length).
 */
#include "flow/keyspace.h"
#include "redis/endpoint.h"

#include "base/mem.h"

#include <stdlib.h>

/* The keys that one argument may give. */
struct pattern {
    const struct route *route;
    const struct argument *argument;
    char *front, *back; /* owned; what each of them begins and ends with */
    bool constant;      /* there is one key: front */
};

struct keyspace {
    struct pattern *items; /* by front */
    size_t count, room;
};

/* --- one key ---------------------------------------------------------------------------------- */

/* What a part is for every record of the route; data NULL: that depends on the record. */
static struct slice fixed_text(const struct route *route, const struct part *part)
{
    const struct conf_texts *topics = &route->conf->topics;

    if (!part->placeholder)
        return part->literal;
    if (part->placeholder->reference.kind == REFERENCE_TOPIC && !part->placeholder->filter_count &&
        topics->count == 1 && topics->items[0].text && topics->items[0].text[0] != '^')
        return slice_of(topics->items[0].text);
    return (struct slice){0};
}

/* The texts of @p count parts together. */
static char *join(const struct route *route, const struct part *parts, size_t count)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    for (size_t i = 0; i < count; i++) {
        struct slice piece = fixed_text(route, &parts[i]);
        fwrite(piece.data, 1, piece.length, out);
    }
    fclose(out);
    return text;
}

static struct pattern pattern_of(const struct route *route, const struct argument *argument)
{
    size_t front = 0, back = argument->count;

    while (front < argument->count && fixed_text(route, &argument->parts[front]).data)
        front++;
    while (back > front && fixed_text(route, &argument->parts[back - 1]).data)
        back--;
    return (struct pattern){.route = route,
                            .argument = argument,
                            .front = join(route, argument->parts, front),
                            .back = join(route, argument->parts + back, argument->count - back),
                            .constant = front == argument->count};
}

static void pattern_clear(struct pattern *pattern)
{
    free(pattern->front);
    free(pattern->back);
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool ends(const char *text, const char *with)
{
    size_t length = strlen(text), end = strlen(with);

    return length >= end && strcmp(text + length - end, with) == 0;
}

/* Whether the key @p text may come out of @p pattern. */
static bool may_be(const char *text, const struct pattern *pattern)
{
    return strlen(text) >= strlen(pattern->front) + strlen(pattern->back) &&
           begins(text, pattern->front) && ends(text, pattern->back);
}

static bool patterns_meet(const struct pattern *one, const struct pattern *other)
{
    if (one->constant && other->constant)
        return strcmp(one->front, other->front) == 0;
    if (one->constant || other->constant)
        return one->constant ? may_be(one->front, other) : may_be(other->front, one);
    return (begins(one->front, other->front) || begins(other->front, one->front)) &&
           (ends(one->back, other->back) || ends(other->back, one->back));
}

/* --- whose it is ------------------------------------------------------------------------------ */

static bool same_text(const char *one, const char *other)
{
    return one == other || (one && other && strcmp(one, other) == 0);
}

/* An address in common, or the socket. */
static bool same_server(const struct conf_sink *one, const struct conf_sink *other)
{
    for (unsigned i = 0; one->host && i < endpoint_count(one); i++)
        for (unsigned j = 0; other->host && j < endpoint_count(other); j++) {
            struct endpoint here = endpoint_of(one, i), there = endpoint_of(other, j);
            if (here.port == there.port && same_text(here.host, there.host))
                return true;
        }
    return one->socket_path && same_text(one->socket_path, other->socket_path);
}

static bool same_redis(const struct conf_sink *one, const struct conf_sink *other)
{
    return one == other ||
           (one && other && one->database == other->database && same_server(one, other));
}

static bool same_topics(const struct conf_route *one, const struct conf_route *other)
{
    if (one->from != other->from || one->topics.count != other->topics.count)
        return false;
    for (size_t i = 0; i < one->topics.count; i++)
        if (!same_text(one->topics.items[i].text, other->topics.items[i].text))
            return false;
    return true;
}

static bool same_key(const struct argument *one, const struct argument *other)
{
    if (one->count != other->count)
        return false;
    for (size_t i = 0; i < one->count; i++) {
        const struct part *left = &one->parts[i], *right = &other->parts[i];
        if (!left->placeholder != !right->placeholder ||
            (left->placeholder ? strcmp(left->placeholder->text, right->placeholder->text) != 0
                               : !slice_equal(left->literal, right->literal)))
            return false;
    }
    return true;
}

static bool is_other(const struct pattern *mine, const struct pattern *found)
{
    const struct conf_route *one = mine->route->conf, *other = found->route->conf;

    return one != other && same_redis(one->to, other->to) && patterns_meet(mine, found) &&
           !(same_topics(one, other) && same_key(mine->argument, found->argument));
}

/* --- all of them ------------------------------------------------------------------------------ */

static int compare_fronts(const void *a, const void *b)
{
    const struct pattern *left = a, *right = b;
    int order = strcmp(left->front, right->front);

    return order ? order : (left->route > right->route) - (left->route < right->route);
}

/* Which argument stands at @p position once each "%{*}" before it has become a pair. */
static const struct argument *argument_at(const struct template *template, size_t position)
{
    size_t at = 0;

    for (size_t i = 0; i < template->count; i++) {
        at += template->arguments[i].spread ? 2 : 1;
        if (position < at)
            return &template->arguments[i];
    }
    return NULL;
}

static void add_keys(struct keyspace *keyspace, const struct route *route,
                     const struct route_command *command)
{
    bool open;
    size_t count = template_least_arguments(command->template, &open);
    struct slice *arguments = mem_array(count, sizeof(*arguments));
    size_t *positions = mem_array(count, sizeof(*positions));

    for (size_t i = 0; i < count; i++)
        arguments[i] = argument_at(command->template, i)->constant;
    size_t keys = command_written_keys(command->command, arguments, count, positions, count);
    for (size_t i = 0; i < keys; i++) {
        keyspace->items =
            mem_grow(keyspace->items, keyspace->count, &keyspace->room, sizeof(*keyspace->items));
        keyspace->items[keyspace->count++] =
            pattern_of(route, argument_at(command->template, positions[i]));
    }
    free(arguments);
    free(positions);
}

/* What removes, and what only sets a time to live, puts nothing there. */
static bool leaves_something(const struct command *row)
{
    bool only_time = (row->flags & COMMAND_OWN_TTL) && !(row->flags & COMMAND_WHOLE_KEY);

    return row->flags & COMMAND_WRITES && !(row->flags & COMMAND_REMOVES) && !only_time;
}

struct keyspace *keyspace_new(const struct routes *routes)
{
    struct keyspace *keyspace = mem_new(struct keyspace);

    for (size_t i = 0; i < routes->count; i++) {
        const struct route *route = &routes->items[i];
        for (size_t j = 0; j < route->writes.count; j++)
            if (route->writes.items[j].command && leaves_something(route->writes.items[j].command))
                add_keys(keyspace, route, &route->writes.items[j]);
    }
    if (keyspace->count)
        qsort(keyspace->items, keyspace->count, sizeof(*keyspace->items), compare_fronts);
    return keyspace;
}

void keyspace_free(struct keyspace *keyspace)
{
    for (size_t i = 0; i < keyspace->count; i++)
        pattern_clear(&keyspace->items[i]);
    free(keyspace->items);
    free(keyspace);
}

/* The first whose front is not below the first @p length bytes of @p front. */
static size_t lower_bound(const struct keyspace *keyspace, const char *front, size_t length)
{
    size_t low = 0, high = keyspace->count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strncmp(keyspace->items[middle].front, front, length) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Among those that begin with the first @p length bytes of the key's front and, unless these are
 * all of it, end their own front there. */
static const struct route *find_of_length(const struct keyspace *keyspace,
                                          const struct pattern *mine, size_t length)
{
    bool whole = !mine->front[length];

    for (size_t i = lower_bound(keyspace, mine->front, length); i < keyspace->count; i++) {
        const struct pattern *found = &keyspace->items[i];
        if (strncmp(found->front, mine->front, length) != 0 || (!whole && found->front[length]))
            break;
        if (is_other(mine, found))
            return found->route;
    }
    return NULL;
}

const struct route *keyspace_other(const struct keyspace *keyspace, const struct route *route,
                                   const struct argument *argument)
{
    struct pattern mine = pattern_of(route, argument);
    const struct route *other = NULL;

    for (size_t length = 0; !other && length <= strlen(mine.front); length++)
        other = find_of_length(keyspace, &mine, length);
    pattern_clear(&mine);
    return other;
}
