/* properties.c: the properties of librdkafka, as the file says them. */

#include "base/mem.h"
#include "conf/pool.h"
#include "conf/read.h"
#include "conf/redact.h"
#include "conf/write.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The value as librdkafka takes it; false and a problem if it is a group or a list. */
static bool property_value(const struct loader *loader, const struct setting *setting,
                           const char *name, struct conf_text *value)
{
    char *text = NULL;

    switch (setting->kind) {
    case SETTING_TEXT:
        return read_text(loader, setting, name, value);
    case SETTING_INTEGER:
        text = mem_format("%" PRId64, setting->integer);
        break;
    case SETTING_REAL:
        text = mem_format("%.15g", setting->real);
        break;
    case SETTING_FLAG:
        text = mem_text(setting->flag ? "true" : "false");
        break;
    case SETTING_GROUP:
    case SETTING_LIST:
        conf_problem(loader->problems, setting->origin, NULL,
                     "'%s' must be a string, a number, true or false, not %s", name,
                     setting_kind_name(setting->kind));
        return false;
    }
    *value =
        (struct conf_text){.text = pool_take(loader->conf->pool, text), .origin = setting->origin};
    return true;
}

static void property_set(const struct loader *loader, const char *name, struct conf_text value,
                         struct conf_property *property)
{
    property->literal = pool_copy(loader->conf->pool, name, strlen(name));
    property->name = pool_copy(loader->conf->pool, name, strlen(name));
    for (char *c = property->name; *c; c++)
        *c = *c == '_' ? '.' : *c;
    property->value = value;
    property->value.secret = value.secret || redact_is_secret_name(slice_of(name));
}

/* "name=value", as client.properties has it. */
static bool property_line(const struct loader *loader, const struct setting *setting,
                          struct conf_property *property)
{
    struct conf_text line;

    if (!read_text(loader, setting, "librdkafka", &line))
        return false;
    const char *equals = strchr(line.text, '=');
    if (!equals || equals == line.text) {
        conf_problem(loader->problems, setting->origin, "such as \"fetch.wait.max.ms=50\"",
                     "a string of 'librdkafka' must be \"name=value\"");
        return false;
    }
    size_t length = (size_t)(equals - line.text);
    while (length > 0 && strchr(" \t", line.text[length - 1]))
        length--;
    char *name = mem_copy(line.text, length);
    line.text = equals + 1 + strspn(equals + 1, " \t");
    property_set(loader, name, line, property);
    free(name);
    return true;
}

/* A group of settings, or a list of "name=value" strings. */
void properties_read(const struct loader *loader, const struct option *option,
                     const struct setting *setting, void *field)
{
    struct conf_properties *properties = field;
    struct conf_property *next;

    properties->origin = setting->origin;
    if (setting->kind != SETTING_GROUP && setting->kind != SETTING_LIST) {
        conf_problem(loader->problems, setting->origin, NULL,
                     "'%s' must be a group { ... } or a list of strings, not %s", option->name,
                     setting_kind_name(setting->kind));
        return;
    }
    next = properties->items = pool_array(loader->conf->pool, setting->count, sizeof(*next));
    for (size_t i = 0; i < setting->count; i++) {
        const struct setting *child = &setting->children[i];
        struct conf_text value;
        if (setting->kind == SETTING_LIST)
            next += property_line(loader, child, next);
        else if (property_value(loader, child, child->name, &value))
            property_set(loader, child->name, value, next++);
    }
    properties->count = (size_t)(next - properties->items);
    properties->refused = properties->count < setting->count;
}

static int compare_names(const void *left, const void *right)
{
    const struct conf_property *one = *(const struct conf_property *const *)left;
    const struct conf_property *other = *(const struct conf_property *const *)right;

    return strcmp(one->name, other->name);
}

/* By name: librdkafka does not mind their order. */
void properties_write(const struct option *option, const void *field, bool secrets, FILE *out)
{
    const struct conf_properties *properties = field;
    const struct conf_property **sorted = mem_array(properties->count, sizeof(*sorted));

    (void)option;
    for (size_t i = 0; i < properties->count; i++)
        sorted[i] = &properties->items[i];
    qsort(sorted, properties->count, sizeof(const struct conf_property *), compare_names);
    for (size_t i = 0; i < properties->count; i++) {
        fprintf(out, "%s%s=", i ? ", " : "", sorted[i]->name);
        write_one(&sorted[i]->value, secrets, out);
    }
    free(sorted);
}
