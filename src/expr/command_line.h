/*
 * command_line.h: the text of a command as arguments, and what a template consists of.
 *
 * Arguments are split by redis-cli's rules: spaces separate; "..." knows \n \r \t \a \b \xHH and
 * takes any other character behind a backslash as it is; '...' knows \' only; a closing quote is
 * followed by space or the end. A placeholder binds tighter than a quote: from "%{" to its "}"
 * nothing is split or unescaped, and quotes within it belong to it. Before "{", "%%" stands for
 * "%".
 */
#pragma once
#include "expr/placeholder.h"
#include "expr/template.h"

enum { ARGUMENT_PARTS = 64 };

/** Literal text, or a placeholder. */
struct part {
    struct placeholder *placeholder; /* NULL: literal */
    struct slice literal;            /* owned */
};

struct argument {
    struct slice constant; /* of an argument without placeholders; else data is NULL */
    struct part *parts;    /* one at least */
    size_t count, room;
    unsigned reads; /* enum scope_reads */
    bool spread;    /* "%{*}" */
};

struct template
{
    struct argument *arguments;
    size_t count, room;
    size_t spreads;              /* how many arguments are "%{*}" */
    struct member_index members; /* what its placeholders read of the value's top level */
    unsigned reads;
};

/** Fills @p template from the whole of @p cursor. Errors:  false, with the column. */
bool command_line_split(struct template *template, struct cursor *cursor);

/** The same for a text that is one argument as it stands. */
bool command_line_single(struct template *template, struct cursor *cursor);

void argument_clear(struct argument *argument);
