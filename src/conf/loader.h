/* loader.h: a configuration file becomes a struct conf. */
#pragma once
#include "conf/problems.h"

struct conf;

/** What the reading of a setting needs to know. */
struct loader {
    struct conf *conf;
    struct conf_problems *problems;
};

/**
 * Reads and checks @p path. What concerns librdkafka, templates and commands is checked by those
 * that know them (source_check(), routes_new()), into the same problems. Returns NULL if the file
 * could not be read as libconfig at all; else a conf, which is usable only while
 * conf_problems_count() is 0; conf_free() frees it.
 */
struct conf *loader_read(const char *path, struct conf_problems *problems);
