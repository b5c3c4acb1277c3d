/*
 * repeats.h: what carrying out a command twice would do.
 *
 * At least once, a record is read again after a crash. Most commands do not mind; INCRBY, RPUSH or
 * PUBLISH do. An XADD whose id is made of the offset ("%{$offset}-1") is refused by Redis the
 * second time.
 */
#pragma once
#include "base/slice.h"
#include "conf/problems.h"
#include "expr/template.h"
#include "flow/route.h"

/** Whether the command is an XADD whose id is the offset and a sequence number: "%{$offset}-1". */
bool repeats_offset_id(const struct template *command);

/** Whether @p line is Redis' refusal of a stream id that is not above the stream's last. */
bool repeats_is_old_id(const char *line);

/** Warns of commands whose repetition shows, on a route that may repeat them. */
void repeats_check(const struct route *route, struct conf_problems *problems);
