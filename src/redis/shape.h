/*
 * shape.h: which arguments a command takes, and in which order.
 *
 * commands.def says it in one line, much as Redis' documentation does:
 *
 *      key [NX|XX] [CH] (score:number member)
 *
 *      name name:type    one argument, of a type
 *      name?             one that may be missing
 *      name#             as many as the argument of type count before it says
 *      WORD/WORD         one of these words; with "?" behind it, perhaps
 *      [A|B name]        options, in any order: words, each with what follows it; those of one pair
 * of brackets exclude each other, and a word may stand in two (name name)       these together,
 * once or more often; with "*" behind it, perhaps never
 *      ...               anything
 *
 * Words are found in any letter case. Types: integer, natural (0 or more), positive, number, bit,
 * id and newid (of a stream's entry), bound and lex (of a sorted set), count (1 or more), count0.
 *
 * A record never gives an option: where only options may follow, a placeholder is a mistake of the
 * file, and in front of other arguments it is one of those.
 */
#pragma once
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum shape_type {
    TYPE_ANY,
    TYPE_INTEGER,
    TYPE_NATURAL,
    TYPE_POSITIVE,
    TYPE_NUMBER,
    TYPE_BIT,
    TYPE_ID,
    TYPE_NEWID,
    TYPE_BOUND,
    TYPE_LEX,
    TYPE_COUNT,
    TYPE_COUNT0
};

enum shape_item_kind { ITEM_ARGUMENT, ITEM_WORDS, ITEM_REST };

struct shape_item {
    enum shape_item_kind kind;
    struct slice text; /* the name, or "LEFT/RIGHT" */
    enum shape_type type;
    bool optional; /* "?" */
    bool counted;  /* "#" */
};

struct shape_option {
    struct slice word;
    unsigned brackets;  /* one bit for each pair of them that it stands in */
    size_t item, count; /* what follows it */
};

enum shape_step_kind { STEP_ITEM, STEP_OPTIONS, STEP_TUPLE };

struct shape_step {
    enum shape_step_kind kind;
    size_t first, count; /* options, or items */
    bool never;          /* of a tuple: "*" */
};

struct shape {
    struct shape_item *items;
    size_t item_count, item_room;
    struct shape_option *options;
    size_t option_count, option_room;
    struct shape_step *steps;
    size_t step_count, step_room;
};

/** Reads a row's text, which outlives it. A malformed one ends the program: the rows are ours. */
struct shape *shape_new(const char *text);

/** Takes NULL. */
void shape_free(struct shape *shape);

enum shape_verdict {
    SHAPE_GOOD,
    SHAPE_OPEN,    /* depends on what stands in the placeholders */
    SHAPE_UNKNOWN, /* has an unknown word where an option stands: a newer server may */
    SHAPE_BAD
};

struct shape_problem {
    size_t at;      /* the argument that it is about; the count if something is missing */
    bool wrong;     /* that argument should be another */
    char text[160]; /* never with bytes of an argument in it */
};

/**
 * Compares @p count arguments, argument 0 being the command's name, with the shape. One whose data
 * is NULL is a placeholder. @p items is NULL or has room for @p count: what each argument is, NULL
 * for words. *problem is filled in if the verdict is SHAPE_UNKNOWN or SHAPE_BAD.
 */
enum shape_verdict shape_match(const struct shape *shape, const struct slice *arguments,
                               size_t count, const struct shape_item **items,
                               struct shape_problem *problem);

/** Whether an argument of that name comes alone, as often as one likes: "key (member)". */
bool shape_repeats_one(const struct shape *shape, struct slice name);

/** Whether @p text is of that type. */
bool shape_type_takes(enum shape_type type, struct slice text);

/** "a positive whole number" */
const char *shape_type_text(enum shape_type type);

/** Writes @p text, a row's shape, as people read it: "key field value [field value ...]"; @p bar
 * stands between what exclude each other. */
void shape_write(FILE *out, const char *text, const char *bar);
