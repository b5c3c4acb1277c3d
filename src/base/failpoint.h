/*
 * failpoint.h: named places at which a test ends the process.
 *
 *      PENSTOCK_FAILPOINT=after-send:120 penstock run      SIGKILL at the 120th pass
 *
 * They exist only in builds with PENSTOCK_FAILPOINTS (the preset "faults"); in others FAILPOINT()
 * does nothing.
 */
#pragma once
#include "base/err.h"

#ifdef PENSTOCK_FAILPOINTS

enum failpoint {
#define FAILPOINT_ROW(name, when) FAILPOINT_##name,
#include "base/failpoints.def"
#undef FAILPOINT_ROW
    FAILPOINT_COUNT
};

/** Reads PENSTOCK_FAILPOINT; a wrong one ends the process with EX_USAGE, so that no test waits for
 * a kill that cannot come. If it is set, also to "", a clean exit reports how often each place was
 * passed. */
void failpoint_start(void);

/** Accepts "NAME:N[,NAME:N]..."; false if it is not such a text. */
bool failpoint_set(const char *text, struct err *err);

/** Any thread. */
void failpoint_pass(enum failpoint point);

#define FAILPOINT_START() failpoint_start()
#define FAILPOINT(name)   failpoint_pass(FAILPOINT_##name)
#else
#define FAILPOINT_START() ((void)0)
#define FAILPOINT(name)   ((void)0)
#endif
