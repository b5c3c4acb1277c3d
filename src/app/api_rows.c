/* api_rows.c: the JSON objects of the API, from the rows of api.def. */
#include "app/api_rows.h"

static const struct api_object objects[] = {
#define OBJECT(object, text) {#object, text},
#define MEMBER(...)
#include "app/api.def"
};

static const struct api_member members[] = {
#define OBJECT(...)
#define MEMBER(object, name, type, of, help) {#object, #name, TYPE_##type, #of, help},
#include "app/api.def"
};

const struct api_object *api_objects(size_t *count)
{
    *count = sizeof(objects) / sizeof(objects[0]);
    return objects;
}

const struct api_member *api_members(size_t *count)
{
    *count = sizeof(members) / sizeof(members[0]);
    return members;
}
