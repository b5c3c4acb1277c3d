/* library.c: which hiredis penstock was built with. */
#include "redis/library.h"

#include <hiredis/hiredis.h>

#define TEXT_(x) #x
#define TEXT(x)  TEXT_(x)

const char *redis_library_version(void)
{
    return TEXT(HIREDIS_MAJOR) "." TEXT(HIREDIS_MINOR) "." TEXT(HIREDIS_PATCH);
}
