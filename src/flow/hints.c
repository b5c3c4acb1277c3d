/* hints.c: what stands in a route and probably means something else: it is no mistake by itself,
 * and would show only as a missing field, or as a text nobody wants. */
#include "flow/hints.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct hinting {
    struct conf_problems *problems;
    const struct conf_text *text; /* that is looked at */
};

/* "%{key}" may well be a field of the value; "%{header.trace}" too. */
static void hint_name(void *context, const struct reference *reference)
{
    static const struct {
        const char *name;
        bool inside; /* with a field of its own behind it */
        const char *meant;
    } rows[] = {
        {"key", false, "the record's key is %{$key}"},
        {"key", true, "a field of the record's key is %{$key.NAME}"},
        {"header", true, "a header of the record is %{$header.NAME}"},
        {"headers", true, "a header of the record is %{$header.NAME}"},
        {"offset", false, "the record's offset is %{$offset}"},
        {"partition", false, "the record's partition is %{$partition}"},
    };
    const struct hinting *hinting = context;
    const char *name = reference->text;
    size_t length = strcspn(name, ".[");

    for (size_t i = 0; reference->kind == REFERENCE_FIELD && i < sizeof(rows) / sizeof(rows[0]);
         i++)
        if (length == strlen(rows[i].name) && memcmp(name, rows[i].name, length) == 0 &&
            rows[i].inside == (name[length] != '\0'))
            conf_note(hinting->problems, hinting->text->origin, rows[i].meant,
                      "'%s' is read as a field of the value", name);
}

/* "{{state}}" is how other languages spell a field; here it is sent as it stands. */
static void hint_braces(const struct hinting *hinting)
{
    const char *open = strstr(hinting->text->text, "{{");

    if (open && strstr(open, "}}"))
        conf_note(hinting->problems, hinting->text->origin,
                  "a field is %{NAME}; one pair of braces is a hash tag of Redis Cluster",
                  "'{{' is sent to Redis as it stands");
}

static void hint_commands(struct hinting *hinting, const struct route_commands *commands,
                          const struct conf_commands *conf)
{
    for (size_t i = 0; i < commands->count; i++) {
        hinting->text = &conf->items[i].cmd;
        if (!commands->items[i].template || hinting->text->secret)
            continue;
        template_visit(commands->items[i].template, hint_name, hinting);
        hint_braces(hinting);
    }
}

void hints_check(const struct route *route, struct conf_problems *problems)
{
    struct hinting hinting = {.problems = problems};

    hint_commands(&hinting, &route->writes, &route->conf->do_);
    hint_commands(&hinting, &route->deletes, &route->conf->del);
}

char *hints_command(struct slice name)
{
    size_t count;
    const struct command *rows = command_all(&count);
    const char **names = mem_array(count, sizeof(*names));
    const char *nearest;

    for (size_t i = 0; i < count; i++)
        names[i] = rows[i].name;
    nearest = text_nearest(name, names, count);
    free(names);
    return nearest ? mem_format("did you mean '%s'?", nearest) : NULL;
}
