/* path.h: "vehicle.tags[0].id", compiled once and followed in every record. */
#pragma once
#include "base/err.h"
#include "base/slice.h"

struct path;
struct value;

/**
 * Compiles @p text: names separated by dots, [N] for elements, ["any name"] or ['any name'] for
 * names with odd characters. Errors:  NULL; err->text says what was expected at which column of @p
 * text (the first is 1).
 */
struct path *path_new(struct slice text, struct err *err);

void path_free(struct path *path);

/** What stands at the path; NULL if anything on the way is missing. */
const struct value *path_find(const struct path *path, const struct value *root);
