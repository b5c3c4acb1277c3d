/*
 * tombstones.h: what a tombstone removes on a route without "del".
 *
 * It must never take more than its record: the UNLINK that nobody wrote is there only if the
 * file shows that the whole key belongs to the record. docs/explanation/tombstones.md tells users.
 */
#pragma once
#include "conf/problems.h"
#include "flow/route.h"

/** Whether the file says del = "none". */
bool tombstones_pass(const struct conf_route *conf);

/** Sets "unlinks" of each route; if a record's key names what its commands write, and UNLINK of
 * the key could take more, the file must say "del". */
void tombstones_check(struct routes *routes, struct conf_problems *problems);
