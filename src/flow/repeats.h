/*
 * repeats.h: what carrying out a command twice would do.
 *
 * At least once, a record is read again after a crash. Most commands do not mind; INCRBY, RPUSH or
 * PUBLISH do. An XADD whose id the record makes ("%{$offset}-1") is refused by Redis the second
 * time.
 */
#pragma once
#include "base/slice.h"
#include "conf/problems.h"
#include "expr/template.h"
#include "flow/route.h"

/** The first command of the route whose repetition would show, as the file writes its name; data
 * NULL: there is none. */
struct slice repeats_shown(const struct route *route);

/** Warns of commands whose repetition shows, on a route that may repeat them. */
void repeats_check(const struct route *route, struct conf_problems *problems);
