/* file.c: a libconfig file becomes a tree of nodes: all that is seen of libconfig. */
#include "conf/file.h"

#include "base/mem.h"
#include "conf/syntax.h"

#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

struct conversion {
    const struct document *document;
    struct syntax_strings strings;
    size_t next_string;
};

static void file_convert(struct conversion *conversion, config_setting_t *setting,
                         struct node *node);

/* How deep they go was checked with the syntax. */
static void file_convert_children(struct conversion *conversion, config_setting_t *setting,
                                  struct node *node)
{
    int count = config_setting_length(setting);

    node->children = mem_array((size_t)count, sizeof(*node->children));
    node->count = (size_t)count;
    for (int i = 0; i < count; i++)
        file_convert(conversion, config_setting_get_elem(setting, (unsigned)i), &node->children[i]);
}

static unsigned file_line(struct conversion *conversion, config_setting_t *setting)
{
    bool element = !config_setting_name(setting) && !config_setting_is_root(setting);

    if (element && config_setting_type(setting) == CONFIG_TYPE_STRING)
        return conversion->strings.lines[conversion->next_string++];
    return config_setting_source_line(setting);
}

/* Takes the text over and wipes libconfig's own: it may be a secret. */
static char *file_take_text(config_setting_t *setting)
{
    char *text = mem_text(setting->value.sval ? setting->value.sval : "");

    if (setting->value.sval)
        explicit_bzero(setting->value.sval, strlen(setting->value.sval));
    return text;
}

static void file_convert(struct conversion *conversion, config_setting_t *setting,
                         struct node *node)
{
    const char *name = config_setting_name(setting);

    node->name = name ? mem_text(name) : NULL;
    node->origin = document_origin(conversion->document, file_line(conversion, setting));
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
        file_convert_children(conversion, setting, node);
    }
}

static struct node *file_tree(struct conversion *conversion, struct conf_problems *problems)
{
    const struct document *document = conversion->document;
    struct node *root = NULL;
    config_t config;

    config_init(&config);
    if (config_read_string(&config, document->text)) {
        root = mem_new(struct node);
        file_convert(conversion, config_root_setting(&config), root);
        root->origin = document_origin(document, 0);
    } else {
        conf_problem(problems, document_origin(document, (unsigned)config_error_line(&config)),
                     NULL, "%s", config_error_text(&config));
    }
    config_destroy(&config);
    return root;
}

struct node *file_parse(const struct document *document, struct conf_problems *problems)
{
    struct conversion conversion = {.document = document};
    struct node *root = NULL;

    if (syntax_check(document, &conversion.strings, problems))
        root = file_tree(&conversion, problems);
    free(conversion.strings.lines);
    return root;
}
