/* file.h: a libconfig file becomes a tree of nodes. */
#pragma once
#include "conf/document.h"
#include "conf/node.h"

enum { FILE_DEPTH_MAX = 16 }; /* a group in a group in ...; nothing of the language needs as many */

/**
 * Parses the whole text. Origins point to the names of document->files.
 * Errors:  NULL where libconfig does not take it, with the problem told.
 */
struct node *file_parse(const struct document *document, struct conf_problems *problems);
