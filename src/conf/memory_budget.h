/* memory_budget.h: how the "memory" of the file is divided. */
#pragma once
#include "conf/conf.h"

struct loader;
struct setting;

/** A record must leave room for its copies: while it is read, and while it waits for Redis. */
void memory_budget_check(const struct loader *loader, const struct setting *root);

/** Sets the effective limits of windows and units: the file's, or their part of "memory" if that is
 * less. */
void memory_budget_bound(struct conf *conf);

/** One worker's part of "memory", over all sources that are read. */
int64_t memory_budget_share(const struct conf *conf);

/** How much may be made of one record, its tree, its texts and its commands: four times
 * "max_record", 1 MiB at least. */
size_t memory_budget_record(int64_t max_record);

/** How many bytes of one record filters and conditions may read: the same, 32 MiB at least, which
 * take some 50 ms. */
size_t memory_budget_reads(int64_t max_record);
