/* file.h: a libconfig file becomes a tree of nodes. */
#pragma once
#include "conf/document.h"
#include "conf/node.h"

/**
 * Parses the whole text. Origins point to the names of document->files.
 * Errors:  NULL where it is not libconfig's language, with the problem told.
 */
struct node *file_parse(const struct document *document, struct conf_problems *problems);
