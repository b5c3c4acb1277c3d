/* condition_node.c: deciding a compiled condition for one record. */
#include "expr/condition_node.h"

#include "base/mem.h"
#include "expr/decimal.h"

#include <stdlib.h>

struct condition_node *condition_node_new(enum condition_kind kind, const char *at)
{
    struct condition_node *node = mem_new(struct condition_node);

    node->kind = kind;
    node->at = at;
    return node;
}

bool condition_node_add(struct condition_node *node, struct condition_node *child)
{
    if (!child) {
        condition_node_free(node);
        return false;
    }
    if (node->last)
        node->last->next = child;
    else
        node->first = child;
    node->last = child;
    return true;
}

void condition_node_free(struct condition_node *node)
{
    if (!node)
        return;
    for (struct condition_node *child = node->first, *next; child; child = next) {
        next = child->next;
        condition_node_free(child);
    }
    free((char *)node->text.data);
    reference_clear(&node->reference);
    pattern_free(node->pattern);
    free(node);
}

enum pattern_unit condition_node_unit(const struct condition_node *node)
{
    return node->kind == CONDITION_REFERENCE ? reference_unit(&node->reference) : PATTERN_TEXT;
}

static bool is_bool(const struct value *value)
{
    return value->type == VALUE_TRUE || value->type == VALUE_FALSE;
}

/* Below, at or above zero; false if the two have no order. */
static bool order_of(const struct value *a, const struct value *b, struct arena *arena, int *order)
{
    if (a->type == VALUE_NUMBER && b->type == VALUE_NUMBER)
        *order = decimal_compare(value_text(a, arena, NULL), value_text(b, arena, NULL));
    else if (a->type == VALUE_STRING && b->type == VALUE_STRING)
        *order = value_compare_strings(a, b);
    else
        return false;
    return true;
}

/* Values of different types are unequal, and no array or object equals anything. */
static bool are_equal(const struct value *a, const struct value *b, struct arena *arena)
{
    int order;

    if (order_of(a, b, arena, &order))
        return order == 0;
    return a->type == b->type && (is_bool(a) || a->type == VALUE_NULL);
}

static bool compares(enum compare compare, const struct value *a, const struct value *b,
                     struct arena *arena)
{
    int order;

    if (!a || !b)
        return false;
    if (compare == COMPARE_EQUAL || compare == COMPARE_UNEQUAL)
        return are_equal(a, b, arena) == (compare == COMPARE_EQUAL);
    if (!order_of(a, b, arena, &order))
        return false;
    switch (compare) {
    case COMPARE_LESS:
        return order < 0;
    case COMPARE_LESS_EQUAL:
        return order <= 0;
    case COMPARE_GREATER:
        return order > 0;
    default:
        return order >= 0;
    }
}

static bool is_in_list(const struct condition_node *list, const struct value *wanted,
                       struct scope *scope, bool *holds, struct err *err)
{
    *holds = false;
    for (const struct condition_node *item = list->first; item && !*holds; item = item->next) {
        const struct value *value;
        struct value scratch;

        if (!condition_node_value(item, scope, &scratch, &value, err))
            return false;
        *holds = value && are_equal(wanted, value, scope->arena);
    }
    return true;
}

/* A name of an object. */
static bool is_member(const struct value *object, const struct value *wanted, struct arena *arena,
                      bool *holds, struct err *err)
{
    struct slice name;

    if (wanted->type != VALUE_STRING)
        return true;
    name = value_text(wanted, arena, err);
    if (!name.data)
        return false;
    *holds = value_member(object, name) != NULL;
    if (wanted->escaped)
        arena_shrink(arena, (void *)name.data, name.length, 0);
    return true;
}

/* A number of any length is read once, not once an element. */
static bool is_number_of(const struct value *array, struct slice wanted, struct arena *arena)
{
    const struct value *child = value_first(array);
    struct decimal number = {0}, other;

    decimal_read(wanted, &number);
    for (uint32_t left = array->count; left; left--, child = value_next(child))
        if (child->type == VALUE_NUMBER && decimal_read(value_text(child, arena, NULL), &other) &&
            decimal_order(&number, &other) == 0)
            return true;
    return false;
}

/* An element of an array. */
static bool is_element(const struct value *array, const struct value *wanted, struct arena *arena)
{
    const struct value *child = value_first(array);

    if (wanted->type == VALUE_NUMBER)
        return is_number_of(array, value_text(wanted, arena, NULL), arena);
    for (uint32_t left = array->count; left; left--, child = value_next(child))
        if (are_equal(wanted, child, arena))
            return true;
    return false;
}

static bool is_in_value(const struct value *container, const struct value *wanted,
                        struct arena *arena, bool *holds, struct err *err)
{
    if (container->type == VALUE_OBJECT)
        return is_member(container, wanted, arena, holds, err);
    *holds = container->type == VALUE_ARRAY && is_element(container, wanted, arena);
    return true;
}

static bool holds_in(const struct condition_node *node, struct scope *scope, bool *holds,
                     struct err *err)
{
    const struct condition_node *where = node->first->next;
    const struct value *wanted, *container;
    struct value wanted_scratch, container_scratch;

    *holds = false;
    if (!condition_node_value(node->first, scope, &wanted_scratch, &wanted, err))
        return false;
    if (where->kind == CONDITION_LIST)
        return !wanted || is_in_list(where, wanted, scope, holds, err);
    if (!condition_node_value(where, scope, &container_scratch, &container, err))
        return false;
    return !wanted || !container || is_in_value(container, wanted, scope->arena, holds, err);
}

/* An operand as text, for startsWith() and its like. */
struct operand {
    struct slice text; /* data NULL: it is not a string */
    bool copied;
};

static bool operand_of(const struct condition_node *node, struct scope *scope,
                       struct operand *operand, struct err *err)
{
    const struct value *value;
    struct value scratch;

    *operand = (struct operand){0};
    if (!condition_node_value(node, scope, &scratch, &value, err))
        return false;
    if (!value || value->type != VALUE_STRING)
        return true;
    operand->text = value_text(value, scope->arena, err);
    operand->copied = value->escaped;
    return operand->text.data && arena_read(scope->arena, operand->text.length, err);
}

/* Frees a copy, so that a chain of conditions needs the memory of one operand. */
static void operand_done(struct operand *operand, struct arena *arena)
{
    if (operand->copied)
        arena_shrink(arena, (void *)operand->text.data, operand->text.length, 0);
}

static bool has_part(enum condition_kind kind, struct slice text, struct slice part)
{
    if (!part.data || part.length > text.length)
        return false;
    if (kind == CONDITION_CONTAINS)
        return !part.length || memmem(text.data, text.length, part.data, part.length) != NULL;
    if (kind == CONDITION_ENDS_WITH)
        text.data += text.length - part.length;
    text.length = part.length;
    return slice_equal(text, part);
}

static bool holds_text(const struct condition_node *node, struct scope *scope, bool *holds,
                       struct err *err)
{
    struct operand whole, part = {0};

    *holds = false;
    if (!operand_of(node->first, scope, &whole, err))
        return false;
    if (node->kind == CONDITION_MATCHES
            ? !arena_read(scope->arena, whole.text.length * pattern_cost(node->pattern), err)
            : !operand_of(node->first->next, scope, &part, err))
        return false;
    if (whole.text.data)
        *holds = node->kind == CONDITION_MATCHES ? pattern_matches(node->pattern, whole.text)
                                                 : has_part(node->kind, whole.text, part.text);
    operand_done(&part, scope->arena);
    operand_done(&whole, scope->arena);
    return true;
}

static bool holds_compare(const struct condition_node *node, struct scope *scope, bool *holds,
                          struct err *err)
{
    const struct value *left, *right;
    struct value left_scratch, right_scratch;

    if (!condition_node_value(node->first, scope, &left_scratch, &left, err) ||
        !condition_node_value(node->first->next, scope, &right_scratch, &right, err))
        return false;
    *holds = compares(node->compare, left, right, scope->arena);
    return true;
}

/* "&&" and "||": up to the first operand that decides. */
static bool holds_chain(const struct condition_node *node, struct scope *scope, bool *holds,
                        struct err *err)
{
    bool decides = node->kind == CONDITION_OR;

    *holds = !decides;
    for (const struct condition_node *operand = node->first; operand && *holds != decides;
         operand = operand->next)
        if (!condition_node_holds(operand, scope, holds, err))
            return false;
    return true;
}

static bool holds_value(const struct condition_node *node, struct scope *scope, bool *holds,
                        struct err *err)
{
    const struct value *value;
    struct value scratch;

    if (!condition_node_value(node, scope, &scratch, &value, err))
        return false;
    *holds = value && value->type == VALUE_TRUE;
    return true;
}

bool condition_node_holds(const struct condition_node *node, struct scope *scope, bool *holds,
                          struct err *err)
{
    const struct value *value;
    struct value scratch;

    switch (node->kind) {
    case CONDITION_AND:
    case CONDITION_OR:
        return holds_chain(node, scope, holds, err);
    case CONDITION_NOT:
        if (!condition_node_holds(node->first, scope, holds, err))
            return false;
        *holds = !*holds;
        return true;
    case CONDITION_COMPARE:
        return holds_compare(node, scope, holds, err);
    case CONDITION_IN:
        return holds_in(node, scope, holds, err);
    case CONDITION_HAS:
        if (!condition_node_value(node->first, scope, &scratch, &value, err))
            return false;
        *holds = value != NULL;
        return true;
    case CONDITION_STARTS_WITH:
    case CONDITION_ENDS_WITH:
    case CONDITION_CONTAINS:
    case CONDITION_MATCHES:
        return holds_text(node, scope, holds, err);
    default:
        return holds_value(node, scope, holds, err);
    }
}

/* Characters of a string (bytes of $key, $value and headers), elements of an array, members of an
 * object. */
static bool size_value(const struct condition_node *node, struct scope *scope,
                       struct value *scratch, const struct value **value, struct err *err)
{
    const struct value *sized;
    size_t size;

    if (!condition_node_value(node->first, scope, scratch, &sized, err))
        return false;
    *value = NULL;
    if (!sized)
        return true;
    if (sized->type == VALUE_STRING) {
        struct slice raw = value_raw(sized, scope->arena, err);
        if (!arena_read(scope->arena, raw.length, err))
            return false;
        size =
            condition_node_unit(node->first) == PATTERN_RAW ? raw.length : value_characters(sized);
    } else if (sized->type == VALUE_ARRAY || sized->type == VALUE_OBJECT) {
        size = sized->count;
    } else {
        return true;
    }
    *scratch = value_integer((int64_t)size, scope->arena);
    *value = scratch;
    return true;
}

bool condition_node_value(const struct condition_node *node, struct scope *scope,
                          struct value *scratch, const struct value **value, struct err *err)
{
    bool holds;

    switch (node->kind) {
    case CONDITION_LITERAL:
        *value = &node->literal;
        return true;
    case CONDITION_REFERENCE:
        return reference_find(&node->reference, scope, scratch, value, err);
    case CONDITION_SIZE:
        return size_value(node, scope, scratch, value, err);
    default:
        if (!condition_node_holds(node, scope, &holds, err))
            return false;
        *scratch = (struct value){.type = holds ? VALUE_TRUE : VALUE_FALSE, .span = 1};
        *value = scratch;
        return true;
    }
}
