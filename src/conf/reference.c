/* reference.c: the names by which routes and the dlq refer to sources and sinks. */
#include "base/mem.h"
#include "base/text.h"
#include "conf/read.h"

#include <stdlib.h>
#include <string.h>

static void refuse(const struct loader *loader, const struct conf_text *text, const char *what,
                   const char **names, size_t count)
{
    const char *nearest = text_nearest(slice_of(text->text), names, count);
    char *hint = nearest ? mem_format("did you mean '%s'?", nearest) : NULL;

    conf_problem(loader->problems, text->origin, hint, "there is no %s '%s'", what,
                 read_shown(text));
    free(hint);
}

void reference_read_source(const struct loader *loader, const struct option *option,
                           const struct setting *setting, void *field)
{
    const struct conf *conf = loader->conf;
    struct conf_text text;

    if (!read_text(loader, setting, option->name, &text))
        return;
    const char **names = mem_array(conf->source_count, sizeof(*names));
    for (size_t i = 0; i < conf->source_count; i++) {
        names[i] = conf->sources[i].name;
        if (strcmp(names[i], text.text) == 0)
            *(struct conf_source **)field = &conf->sources[i];
    }
    if (!*(struct conf_source **)field)
        refuse(loader, &text, "source", names, conf->source_count);
    free(names);
}

void reference_read_sink(const struct loader *loader, const struct option *option,
                         const struct setting *setting, void *field)
{
    const struct conf *conf = loader->conf;
    struct conf_text text;

    if (!read_text(loader, setting, option->name, &text))
        return;
    const char **names = mem_array(conf->sink_count, sizeof(*names));
    for (size_t i = 0; i < conf->sink_count; i++) {
        names[i] = conf->sinks[i].name;
        if (strcmp(names[i], text.text) == 0)
            *(struct conf_sink **)field = &conf->sinks[i];
    }
    if (!*(struct conf_sink **)field)
        refuse(loader, &text, "sink", names, conf->sink_count);
    free(names);
}
