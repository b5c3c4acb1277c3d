/* condition.c: a condition, compiled at load, decided for every record. */
#include "expr/condition.h"

#include "base/mem.h"
#include "expr/parse.h"

#include <stdlib.h>

struct condition {
    struct condition_node *root;
    unsigned reads;
};

/* Names what follows a whole condition, and the operator that was probably meant. */
static bool trailing_error(const struct cursor *cursor)
{
    static const struct {
        const char *written, *meant;
    } slips[] = {
        {"=", "=="}, {"and", "&&"}, {"or", "||"}, {"AND", "&&"},      {"OR", "||"},
        {"&", "&&"}, {"|", "||"},   {"<>", "!="}, {"~", "matches()"},
    };

    for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++)
        if (cursor_sees_text(cursor, slips[i].written))
            return cursor_error(cursor, cursor->at, "'%s' is no operator; did you mean '%s'?",
                                slips[i].written, slips[i].meant);
    if (*cursor->at && strchr("+-*/%", *cursor->at))
        return cursor_error(cursor, cursor->at,
                            "conditions do not compute; a name with '%c' is written ['a%cb']",
                            *cursor->at, *cursor->at);
    return cursor_error(cursor, cursor->at, "expected an operator or the end");
}

static unsigned node_reads(const struct condition_node *node)
{
    unsigned reads = node->kind == CONDITION_REFERENCE ? reference_reads(&node->reference) : 0;

    for (const struct condition_node *child = node->first; child; child = child->next)
        reads |= node_reads(child);
    return reads;
}

struct condition *condition_new(const char *text, struct err *err)
{
    struct parser parser = {.cursor = cursor_of(text, err)};
    struct condition_node *root;
    struct condition *condition;

    cursor_skip_space(&parser.cursor);
    root = parse_condition(&parser);
    if (!root)
        return NULL;
    if (parser.cursor.at < parser.cursor.end ? !trailing_error(&parser.cursor)
                                             : !parse_check_bool(&parser, root)) {
        condition_node_free(root);
        return NULL;
    }
    condition = mem_new(struct condition);
    condition->root = root;
    condition->reads = node_reads(root);
    return condition;
}

void condition_free(struct condition *condition)
{
    if (!condition)
        return;
    condition_node_free(condition->root);
    free(condition);
}

unsigned condition_reads(const struct condition *condition)
{
    return condition->reads;
}

static void node_visit(const struct condition_node *node, reference_visit *visit, void *context)
{
    if (node->kind == CONDITION_REFERENCE)
        visit(context, &node->reference);
    for (const struct condition_node *child = node->first; child; child = child->next)
        node_visit(child, visit, context);
}

void condition_visit(const struct condition *condition, reference_visit *visit, void *context)
{
    node_visit(condition->root, visit, context);
}

bool condition_holds(const struct condition *condition, struct scope *scope, bool *holds,
                     struct err *err)
{
    return condition_node_holds(condition->root, scope, holds, err);
}
