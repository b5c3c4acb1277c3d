/* library.h: which hiredis penstock was built with. */
#pragma once

/** Its version as text, e.g. "0.14.1". */
const char *redis_library_version(void);
