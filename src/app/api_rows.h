/* api_rows.h: the JSON objects of the API, from the rows of api.def. */
#pragma once
#include <stddef.h>

enum api_type {
    TYPE_TEXT,
    TYPE_TEXT_OR_NULL,
    TYPE_TEXT_OR_NONE,
    TYPE_LEVEL,
    TYPE_INTEGER,
    TYPE_INTEGER_OR_NULL,
    TYPE_NUMBER_OR_NULL,
    TYPE_FLAG,
    TYPE_TEXTS,
    TYPE_LIST,
    TYPE_ONE,
    TYPE_MAP
};

struct api_member {
    const char *object, *name;
    enum api_type type;
    const char *of; /* the object of TYPE_LIST and TYPE_ONE; else "NONE" */
    const char *help;
};

struct api_object {
    const char *name, *text;
};

const struct api_object *api_objects(size_t *count);

/** Those of all objects, in the order of api.def. */
const struct api_member *api_members(size_t *count);
