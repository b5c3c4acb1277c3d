/* stream_ids.h: what the ids of a stream's entries are made of, and what follows at load. */
#pragma once
#include "conf/problems.h"
#include "expr/template.h"
#include "flow/route.h"

/** What the command's ids are. */
enum stream_id stream_id_of(const struct template *command);

/** Says what is to be said of the ids of one route's command that is an XADD. */
void stream_ids_check(const struct route *route, const struct route_command *command,
                      struct conf_origin origin, struct conf_problems *problems);

/** Says which streams several commands write to whose ids do not go together. */
void stream_ids_check_shared(const struct routes *routes, const struct conf *conf,
                             struct conf_problems *problems);
