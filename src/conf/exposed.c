/*
 * exposed.c: secrets in files that everybody may read.
 *
 * A configuration is mode 644 as a rule, and that is fine while its secrets come from elsewhere:
 * "${file:...}", "${cred:...}", a variable.
 */
#include "conf/exposed.h"

#include <sys/stat.h>

struct exposed {
    const struct filling *filling;
    const char *told; /* the file of the last warning */
};

static bool file_is_open(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && (status.st_mode & S_IROTH);
}

static void exposed_look(struct exposed *exposed, const struct conf_text *text)
{
    const char *file = text->origin.file;

    if (!text->text || !text->text[0] || !text->secret || !text->literal || file == exposed->told ||
        !file_is_open(file))
        return;
    exposed->told = file;
    conf_warning(exposed->filling->problems, text->origin,
                 "chmod o-r, or ${file:/path} for what only penstock may read",
                 "a secret stands in this file, which every user of the machine may read");
}

void exposed_check(const struct filling *filling)
{
    const struct conf *conf = filling->conf;
    struct exposed exposed = {.filling = filling};

    for (size_t i = 0; i < conf->source_count; i++)
        for (size_t j = 0; j < conf->sources[i].librdkafka_count; j++)
            exposed_look(&exposed, &conf->sources[i].librdkafka[j].value);
    for (size_t i = 0; i < conf->sink_count; i++) {
        exposed_look(&exposed, &conf->sinks[i].url);
        exposed_look(&exposed, &conf->sinks[i].password);
    }
}
