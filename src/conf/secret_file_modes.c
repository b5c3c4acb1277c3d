/*
 * secret_file_modes.c: secrets in files that every user of the machine may read.
 *
 * A configuration is mode 644 as a rule, and that is fine while its secrets come from elsewhere:
 * "${file:...}", "${cred:...}", a variable.
 */
#include "conf/secret_file_modes.h"

#include "conf/conf.h"

#include <sys/stat.h>

static bool is_readable_by_all(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && (status.st_mode & S_IROTH);
}

/* @p warned is the file of the last warning. */
static void check_text(const struct loader *loader, const struct conf_text *text,
                       const char **warned)
{
    const char *file = text->origin.file;

    if (!text->text || !text->text[0] || !text->secret || !text->literal || file == *warned ||
        !is_readable_by_all(file))
        return;
    *warned = file;
    conf_warning(loader->problems, text->origin,
                 "chmod o-r, or ${file:/path} for what only penstock may read",
                 "a secret stands in this file, which every user of the machine may read");
}

void secret_file_modes_check(const struct loader *loader)
{
    const struct conf *conf = loader->conf;
    const char *warned = NULL;

    check_text(loader, &conf->admin.token, &warned);
    for (size_t i = 0; i < conf->source_count; i++)
        for (size_t j = 0; j < conf->sources[i].librdkafka.count; j++)
            check_text(loader, &conf->sources[i].librdkafka.items[j].value, &warned);
    for (size_t i = 0; i < conf->sink_count; i++) {
        check_text(loader, &conf->sinks[i].url, &warned);
        check_text(loader, &conf->sinks[i].password, &warned);
    }
}
