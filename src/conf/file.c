/* file.c: a libconfig file becomes a tree of nodes: all that is seen of libconfig. */
#include "conf/file.h"

#include "base/mem.h"
#include "conf/syntax.h"

#include <libconfig.h>
#include <string.h>

static bool file_convert(const struct document *document, config_setting_t *setting, unsigned depth,
                         struct node *node);

static bool file_convert_children(const struct document *document, config_setting_t *setting,
                                  unsigned depth, struct node *node)
{
    int count = config_setting_length(setting);

    node->children = mem_array((size_t)count, sizeof(*node->children));
    for (int i = 0; i < count; i++) {
        config_setting_t *child = config_setting_get_elem(setting, (unsigned)i);
        node->count++;
        if (!file_convert(document, child, depth + 1, &node->children[i]))
            return false;
    }
    return true;
}

/* Takes the text over and wipes libconfig's own: it may be a secret. */
static char *file_take_text(config_setting_t *setting)
{
    char *text = mem_text(setting->value.sval ? setting->value.sval : "");

    if (setting->value.sval)
        explicit_bzero(setting->value.sval, strlen(setting->value.sval));
    return text;
}

/* False where it is nested too deeply. */
static bool file_convert(const struct document *document, config_setting_t *setting, unsigned depth,
                         struct node *node)
{
    const char *name = config_setting_name(setting);

    node->name = name ? mem_text(name) : NULL;
    node->origin = document_origin(document, config_setting_source_line(setting));
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        node->kind = NODE_INTEGER;
        node->integer = config_setting_get_int64(setting);
        return true;
    case CONFIG_TYPE_FLOAT:
        node->kind = NODE_REAL;
        node->real = config_setting_get_float(setting);
        return true;
    case CONFIG_TYPE_BOOL:
        node->kind = NODE_FLAG;
        node->flag = config_setting_get_bool(setting);
        return true;
    case CONFIG_TYPE_STRING:
        node->kind = NODE_TEXT;
        node->text = file_take_text(setting);
        return true;
    default:
        node->kind = config_setting_is_group(setting) ? NODE_GROUP : NODE_LIST;
        return depth < FILE_DEPTH_MAX && file_convert_children(document, setting, depth, node);
    }
}

static struct node *file_tree(const struct document *document, config_t *config,
                              struct conf_problems *problems)
{
    struct node *root = mem_new(struct node);
    struct conf_origin top = document_origin(document, 0);

    if (!file_convert(document, config_root_setting(config), 0, root)) {
        conf_problem(problems, top, NULL, "groups and lists are nested more than %d deep",
                     FILE_DEPTH_MAX);
        node_free(root);
        return NULL;
    }
    root->origin = top;
    return root;
}

struct node *file_parse(const struct document *document, struct conf_problems *problems)
{
    struct node *root = NULL;
    config_t config;

    config_init(&config);
    if (config_read_string(&config, document->text))
        root = file_tree(document, &config, problems);
    else
        syntax_explain(document, (unsigned)config_error_line(&config), config_error_text(&config),
                       problems);
    config_destroy(&config);
    return root;
}
