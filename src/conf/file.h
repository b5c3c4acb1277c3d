/* file.h: a libconfig file becomes a tree of settings. */
#pragma once
#include "conf/document.h"
#include "conf/setting.h"

/**
 * Parses the whole text. Origins point to the names of document->files.
 * Errors:  NULL and a problem if it is not libconfig's language.
 */
struct setting *file_parse(const struct document *document, struct conf_problems *problems);
