/* file.c: a libconfig file becomes a tree of settings; no other file sees libconfig. */
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

static void file_convert(struct conversion *conversion, config_setting_t *from,
                         struct setting *setting);

/* How deep they go was checked with the syntax. */
static void file_convert_children(struct conversion *conversion, config_setting_t *from,
                                  struct setting *setting)
{
    int count = config_setting_length(from);

    setting->children = mem_array((size_t)count, sizeof(*setting->children));
    setting->count = (size_t)count;
    for (int i = 0; i < count; i++)
        file_convert(conversion, config_setting_get_elem(from, (unsigned)i), &setting->children[i]);
}

static unsigned file_line(struct conversion *conversion, config_setting_t *from)
{
    bool element = !config_setting_name(from) && !config_setting_is_root(from);

    if (element && config_setting_type(from) == CONFIG_TYPE_STRING)
        return conversion->strings.lines[conversion->next_string++];
    return config_setting_source_line(from);
}

/* Takes the text over and wipes libconfig's own: it may be a secret. */
static char *file_take_text(config_setting_t *from)
{
    char *text = mem_text(from->value.sval ? from->value.sval : "");

    if (from->value.sval)
        explicit_bzero(from->value.sval, strlen(from->value.sval));
    return text;
}

static void file_convert(struct conversion *conversion, config_setting_t *from,
                         struct setting *setting)
{
    const char *name = config_setting_name(from);

    setting->name = name ? mem_text(name) : NULL;
    setting->origin = document_origin(conversion->document, file_line(conversion, from));
    switch (config_setting_type(from)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        setting->kind = SETTING_INTEGER;
        setting->integer = config_setting_get_int64(from);
        break;
    case CONFIG_TYPE_FLOAT:
        setting->kind = SETTING_REAL;
        setting->real = config_setting_get_float(from);
        break;
    case CONFIG_TYPE_BOOL:
        setting->kind = SETTING_FLAG;
        setting->flag = config_setting_get_bool(from);
        break;
    case CONFIG_TYPE_STRING:
        setting->kind = SETTING_TEXT;
        setting->text = file_take_text(from);
        break;
    default:
        setting->kind = config_setting_is_group(from) ? SETTING_GROUP : SETTING_LIST;
        file_convert_children(conversion, from, setting);
    }
}

static struct setting *file_tree(struct conversion *conversion, struct conf_problems *problems)
{
    const struct document *document = conversion->document;
    struct setting *root = NULL;
    config_t config;

    config_init(&config);
    if (config_read_string(&config, document->text)) {
        root = mem_new(struct setting);
        file_convert(conversion, config_root_setting(&config), root);
        root->origin = document_origin(document, 0);
    } else {
        conf_problem(problems, document_origin(document, (unsigned)config_error_line(&config)),
                     NULL, "%s", config_error_text(&config));
    }
    config_destroy(&config);
    return root;
}

struct setting *file_parse(const struct document *document, struct conf_problems *problems)
{
    struct conversion conversion = {.document = document};
    struct setting *root = NULL;

    if (syntax_check(document, &conversion.strings, problems))
        root = file_tree(&conversion, problems);
    free(conversion.strings.lines);
    return root;
}
