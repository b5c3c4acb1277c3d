/* check.c: the mistakes in a sink's settings that show without connecting. */
#include "redis/check.h"

#include "conf/conf.h"
#include "redis/tls.h"

#include <string.h>

/* The setting that the text begins with; else the sink's URL. */
static struct conf_origin check_origin(const struct conf_sink *sink, const char *text)
{
    const struct conf_tls *tls = &sink->tls;

    if (strncmp(text, "'tls.ca'", 8) == 0)
        return tls->ca.origin;
    if (strncmp(text, "'tls.cert'", 10) == 0)
        return tls->cert.origin;
    if (strncmp(text, "'tls.key'", 9) == 0)
        return tls->key.origin;
    return sink->url.origin;
}

void sink_check(const struct conf_sink *sink, struct conf_problems *problems)
{
    struct err err;

    if (!sink->tls.on)
        return;
    struct tls_context *tls = tls_context_new(sink, &err);
    if (!tls)
        conf_problem(problems, check_origin(sink, err.text), NULL, "%s", err.text);
    tls_context_free(tls);
}
