/* loader.h: a configuration file becomes a struct conf. */
#pragma once
#include "conf/problems.h"

struct conf;
struct inputs;

/** What the reading of a setting needs to know. */
struct loader {
    struct conf *conf;
    struct conf_problems *problems;
    struct inputs *inputs; /* the files that are read go here; NULL: nobody wants to know */
};

/**
 * Reads and checks @p path. What concerns librdkafka, templates and commands is checked by those
 * that know them (source_check(), routes_new()), into the same problems. Returns NULL if the file
 * could not be read as libconfig at all; else a conf, which is usable only while
 * conf_problems_count() is 0; conf_free() frees it. Every file that it reads is added to @p inputs
 * (NULL: none is).
 */
struct conf *loader_read(const char *path, struct conf_problems *problems, struct inputs *inputs);

/** The same from the text that @p conf was read from, with what each "${...}" of it gives now; the
 * files that have this text are no @p inputs. */
struct conf *loader_expand_again(const struct conf *conf, struct conf_problems *problems,
                                 struct inputs *inputs);
