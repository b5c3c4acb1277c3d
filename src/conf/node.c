/* node.c: a configuration file as a tree, before anything in it has a meaning. */
#include "conf/node.h"

#include <stdlib.h>
#include <string.h>

const struct node *node_find(const struct node *group, const char *name)
{
    for (size_t i = 0; group && i < group->count; i++)
        if (group->children[i].name && strcmp(group->children[i].name, name) == 0)
            return &group->children[i];
    return NULL;
}

const char *node_kind_name(enum node_kind kind)
{
    static const char *const names[] = {
        [NODE_GROUP] = "a group { ... }", [NODE_LIST] = "a list", [NODE_INTEGER] = "a number",
        [NODE_REAL] = "a fraction",       [NODE_FLAG] = "a flag", [NODE_TEXT] = "a string",
    };

    return names[kind];
}

static void node_clear(struct node *node)
{
    for (size_t i = 0; i < node->count; i++)
        node_clear(&node->children[i]);
    if (node->text)
        explicit_bzero(node->text, strlen(node->text));
    free(node->text);
    free(node->name);
    free(node->children);
}

void node_free(struct node *node)
{
    if (!node)
        return;
    node_clear(node);
    free(node);
}
