/* api.h: what the pages of the API share. */
#pragma once
#include "app/endpoints.h"
#include "base/json_writer.h"
#include "conf/conf.h"
#include "metrics/snapshot.h"

/** Begins a JSON document as the answer; json_write_close() ends it. */
struct json_writer api_begin(struct http_answer *answer);

/** The route of this name; NULL: there is none. */
const struct conf_route *api_route(const struct conf *conf, const char *name);

/** The sums of a route or sink; NULL: there are none yet. */
const void *api_counts(const struct snapshot *snapshot, enum slot_kind kind, const char *name);

/** A count as it is kept. */
void api_write_count(struct json_writer *json, const char *name, uint64_t count);

/** A whole number of a sample; null if it is not known. */
void api_write_whole(struct json_writer *json, const char *name, double number);

/** What became of records: the object Records. */
void api_write_records(struct json_writer *json, const struct route_counters *counters);

/** The value of a setting as one would write it, without secrets; null if it is not set. */
void api_write_setting(struct json_writer *json, const char *name, const struct conf_text *text);
