/*
 * topic_cost.c: what regcomp() would make of a pattern of topics, reckoned before it does.
 *
 * glibc writes repeats out: "a{9}" is nine times a, and "a+" is "aa*". Where what is repeated may
 * be empty, as in "^((a*)*){20}", its closure doubles with every repeat, so such repeats weigh
 * EMPTY_WEIGHT times as much. What passes the limit compiles within 5 ms and is held against a
 * name within 25 ms; librdkafka does both, with the same regcomp() and regexec(), in our process.
 */
#include "conf/topic.h"

#include <string.h>

enum { EMPTY_WEIGHT = 8 };

/* A group that is open, or the whole. */
struct group {
    size_t size;
    bool empty;     /* its present alternative may be */
    bool was_empty; /* an earlier one may be */
};

struct cost {
    struct group groups[TOPIC_PATTERN_BYTES + 1];
    size_t depth;
    size_t size; /* of the last atom, which a repeat would concern; 0: none */
    bool empty;  /* that atom may be */
};

static size_t at_most_limit(size_t size)
{
    return size > TOPIC_PATTERN_SIZE ? TOPIC_PATTERN_SIZE + 1 : size;
}

/* The last atom becomes a part of its group. */
static void end_atom(struct cost *cost)
{
    struct group *group = &cost->groups[cost->depth];

    group->size = at_most_limit(group->size + cost->size);
    group->empty = group->empty && (!cost->size || cost->empty);
    cost->size = 0;
}

static void begin_atom(struct cost *cost, bool empty)
{
    end_atom(cost);
    cost->size = 1;
    cost->empty = empty;
}

static void end_alternative(struct cost *cost)
{
    struct group *group = &cost->groups[cost->depth];

    end_atom(cost);
    group->was_empty |= group->empty;
    group->empty = true;
}

static void begin_group(struct cost *cost)
{
    end_atom(cost);
    cost->groups[++cost->depth] = (struct group){.empty = true};
}

static void end_group(struct cost *cost)
{
    if (!cost->depth) { /* a ")" that nothing opened stands for itself */
        begin_atom(cost, false);
        return;
    }
    end_alternative(cost);
    cost->size = cost->groups[cost->depth].size + 1;
    cost->empty = cost->groups[cost->depth].was_empty;
    cost->depth--;
}

static void repeat(struct cost *cost, size_t times, bool may_be_none)
{
    cost->size = at_most_limit(cost->size * times);
    if (cost->empty)
        cost->size = at_most_limit(cost->size * EMPTY_WEIGHT);
    cost->empty |= may_be_none;
}

/* "{n}", "{n,}" or "{n,m}" at @p at; the last byte of it. */
static const char *repeat_counted(struct cost *cost, const char *at)
{
    size_t highest = 1, count = 0;
    bool none = at[1] == '0' || at[1] == ',';

    for (at++; *at && *at != '}'; at++) {
        count = *at >= '0' && *at <= '9' ? count * 10 + (size_t)(*at - '0') : 0;
        count = at_most_limit(count);
        highest = count > highest ? count : highest;
    }
    repeat(cost, highest + (at[-1] == ','), none); /* "{n,}" is n times, then any number */
    return *at ? at : at - 1;
}

/* The "]" that ends the brackets at @p at, or the last byte of the text. */
static const char *brackets_end(const char *at)
{
    at += at[1] == '^' ? 2 : 1;
    at += *at == ']';
    while (*at && *at != ']') {
        const char *kind = *at == '[' && at[1] ? strchr(":.=", at[1]) : NULL;
        const char *end = kind ? strstr(at + 2, (char[]){*kind, ']', '\0'}) : NULL;
        at = end ? end + 2 : at + 1;
    }
    return *at ? at : at - 1;
}

/* Reckons with what is at @p at; the last byte of it. */
static const char *step(struct cost *cost, const char *at)
{
    switch (*at) {
    case '(':
        begin_group(cost);
        return at;
    case ')':
        end_group(cost);
        return at;
    case '|':
        end_alternative(cost);
        return at;
    case '*':
    case '?':
        repeat(cost, 1, true);
        return at;
    case '+':
        repeat(cost, 2, false);
        return at;
    case '{':
        return repeat_counted(cost, at);
    case '[':
        begin_atom(cost, false);
        return brackets_end(at);
    case '\\':
        begin_atom(cost, at[1] && strchr("bB<>`'", at[1]));
        return at[1] ? at + 1 : at;
    default:
        begin_atom(cost, *at == '^' || *at == '$');
        return at;
    }
}

bool topic_check_cost(const char *text, struct err *err)
{
    struct cost cost = {.groups[0].empty = true};

    if (strlen(text) > TOPIC_PATTERN_BYTES)
        return err_set(err, ERR_CONFIG, "a pattern of more than %d bytes", TOPIC_PATTERN_BYTES);
    for (const char *at = text; *at; at++) {
        if (*at == '\\' && at[1] >= '1' && at[1] <= '9')
            return err_set(err, ERR_CONFIG, "a pattern may not refer back to its own groups");
        at = step(&cost, at);
    }
    while (cost.depth)
        end_group(&cost);
    end_atom(&cost);
    return cost.groups[0].size <= TOPIC_PATTERN_SIZE ||
           err_set(err, ERR_CONFIG, "the repeats of this pattern make it too large");
}
