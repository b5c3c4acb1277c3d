/* file.c: a libconfig file becomes a tree of nodes: all that is seen of libconfig. */
#include "conf/file.h"

#include "base/mem.h"
#include "conf/syntax.h"

#include <libconfig.h>
#include <string.h>

static void file_convert(const struct document *document, config_setting_t *setting,
                         struct node *node);

/* How deep they go was checked with the syntax. */
static void file_convert_children(const struct document *document, config_setting_t *setting,
                                  struct node *node)
{
    int count = config_setting_length(setting);

    node->children = mem_array((size_t)count, sizeof(*node->children));
    node->count = (size_t)count;
    for (int i = 0; i < count; i++)
        file_convert(document, config_setting_get_elem(setting, (unsigned)i), &node->children[i]);
}

/* Takes the text over and wipes libconfig's own: it may be a secret. */
static char *file_take_text(config_setting_t *setting)
{
    char *text = mem_text(setting->value.sval ? setting->value.sval : "");

    if (setting->value.sval)
        explicit_bzero(setting->value.sval, strlen(setting->value.sval));
    return text;
}

static void file_convert(const struct document *document, config_setting_t *setting,
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
        break;
    case CONFIG_TYPE_FLOAT:
        node->kind = NODE_REAL;
        node->real = config_setting_get_float(setting);
        break;
    case CONFIG_TYPE_BOOL:
        node->kind = NODE_FLAG;
        node->flag = config_setting_get_bool(setting);
        break;
    case CONFIG_TYPE_STRING:
        node->kind = NODE_TEXT;
        node->text = file_take_text(setting);
        break;
    default:
        node->kind = config_setting_is_group(setting) ? NODE_GROUP : NODE_LIST;
        file_convert_children(document, setting, node);
    }
}

struct node *file_parse(const struct document *document, struct conf_problems *problems)
{
    struct node *root = NULL;
    config_t config;

    if (!syntax_check(document, problems))
        return NULL;
    config_init(&config);
    if (config_read_string(&config, document->text)) {
        root = mem_new(struct node);
        file_convert(document, config_root_setting(&config), root);
        root->origin = document_origin(document, 0);
    } else {
        conf_problem(problems, document_origin(document, (unsigned)config_error_line(&config)),
                     NULL, "%s", config_error_text(&config));
    }
    config_destroy(&config);
    return root;
}
