/* when.c: a condition, compiled at load, decided for every record. */
#include "expr/when.h"

#include "base/mem.h"
#include "expr/parse.h"

#include <stdlib.h>

struct when {
    struct condition *root;
    unsigned reads;
};

/* What stands where an operator or the end was expected, and what was probably meant. */
static bool trailing_error(const struct lex *lex)
{
    static const struct {
        const char *written, *meant;
    } slips[] = {
        {"=", "=="}, {"and", "&&"}, {"or", "||"}, {"AND", "&&"},      {"OR", "||"},
        {"&", "&&"}, {"|", "||"},   {"<>", "!="}, {"~", "matches()"},
    };

    for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++)
        if (lex_sees_text(lex, slips[i].written))
            return lex_error(lex, lex->at, "'%s' is no operator; did you mean '%s'?",
                             slips[i].written, slips[i].meant);
    if (*lex->at && strchr("+-*/%", *lex->at))
        return lex_error(lex, lex->at,
                         "conditions do not compute; a name with '%c' is written ['a%cb']",
                         *lex->at, *lex->at);
    return lex_error(lex, lex->at, "expected an operator or the end");
}

static unsigned condition_reads(const struct condition *node)
{
    unsigned reads = node->kind == CONDITION_REFERENCE ? reference_reads(&node->reference) : 0;

    for (const struct condition *child = node->first; child; child = child->next)
        reads |= condition_reads(child);
    return reads;
}

struct when *when_new(const char *text, struct err *err)
{
    struct parser parser = {.lex = lex_of(text, err)};
    struct condition *root;
    struct when *when;

    lex_skip_space(&parser.lex);
    root = parse_condition(&parser);
    if (!root)
        return NULL;
    if (parser.lex.at < parser.lex.end ? !trailing_error(&parser.lex)
                                       : !parse_check_bool(&parser, root)) {
        condition_free(root);
        return NULL;
    }
    when = mem_new(struct when);
    when->root = root;
    when->reads = condition_reads(root);
    return when;
}

void when_free(struct when *when)
{
    if (!when)
        return;
    condition_free(when->root);
    free(when);
}

unsigned when_reads(const struct when *when)
{
    return when->reads;
}

static void condition_visit(const struct condition *node, reference_visit *visit, void *context)
{
    if (node->kind == CONDITION_REFERENCE)
        visit(context, &node->reference);
    for (const struct condition *child = node->first; child; child = child->next)
        condition_visit(child, visit, context);
}

void when_visit(const struct when *when, reference_visit *visit, void *context)
{
    condition_visit(when->root, visit, context);
}

bool when_holds(const struct when *when, struct scope *scope, bool *holds, struct err *err)
{
    return condition_holds(when->root, scope, holds, err);
}
