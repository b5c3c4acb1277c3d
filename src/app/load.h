/* load.h: reads a configuration, checks every part of it and compiles it, for every subcommand. */
#pragma once
#include "conf/conf.h"
#include "flow/route.h"

struct inputs;
struct metrics;

struct loaded {
    const char *path; /* of the file */
    struct conf *conf;
    struct routes *routes;
    struct conf_problems *problems; /* warnings may be left */
    struct inputs *inputs;          /* the files that were read */
};

/** The file that -c names, else $PENSTOCK_CONFIG, else /etc/penstock/penstock.conf. */
const char *load_path(const char *option);

/**
 * Loads @p path without a word: its findings are in loaded->problems. load_free() in any case.
 * Returns an exit status: EXIT_OK, EXIT_NOINPUT (and errno) if there is no such file, EXIT_CONFIG
 * if it has mistakes.
 */
int load_silently(const char *path, struct loaded *loaded);

/** The same from the text of @p former, with what each "${...}" of it gives now. */
int load_expand_again(const struct loaded *former, struct loaded *loaded);

/**
 * Loads @p path and writes its findings of severity @p least and worse to stderr; otherwise
 * as load_silently().
 */
int load(const char *path, enum conf_severity least, struct loaded *loaded);

/** All series of the configuration are there from now on. */
void load_name_series(struct metrics *metrics, const struct conf *conf);

void load_free(struct loaded *loaded);
