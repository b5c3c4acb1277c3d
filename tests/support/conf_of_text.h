/* conf_of_text.h: a configuration that a test or a fuzz target spells out, without a file of its
 * own. */
#pragma once
#include "conf/loader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/** Loads the text as a file, which is gone afterwards; what is an error is said on stderr, too. */
__attribute__((format(printf, 2, 3))) static inline struct conf *conf_of_text(
    struct conf_problems *problems, const char *format, ...)
{
    char path[] = "/tmp/penstock-test-XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");
    va_list arguments;

    if (!file)
        abort();
    va_start(arguments, format);
    vfprintf(file, format, arguments);
    va_end(arguments);
    fclose(file);
    struct conf *conf = loader_read(path, problems, NULL);
    unlink(path);
    if (conf_problems_count(problems) > 0)
        conf_problems_write(problems, CONF_NOTE, stderr);
    return conf;
}
