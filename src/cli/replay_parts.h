/* replay_parts.h: shared by the files of "penstock replay". */
#pragma once
#include "app/load.h"
#include "kafka/ranges.h"

struct replay_request {
    const char *config, *route;
    struct ranges_question question;
    int64_t per_second; /* 0: any number */
    bool dry_run, may_repeat;
    int32_t *partitions; /* the question's */
    size_t partition_room;
    struct range_wish *wishes; /* the question's; they own their topics */
    size_t wish_room;
};

/** Keeps only those routes that the request is about, and finds their one source. The exit status;
 * says why it is not EXIT_OK. */
int replay_choose(const struct replay_request *request, struct loaded *loaded,
                  const struct conf_source **source);

/** Shows what would be replayed. */
int replay_show(const struct loaded *loaded, struct ranges *ranges);

/** Says what the operator should know before it begins. */
void replay_warn(const struct loaded *loaded, const struct ranges *ranges);

/** Replays; the exit status. */
int replay_run(const struct replay_request *request, const struct loaded *loaded,
               const struct conf_source *source, const struct ranges *ranges);
