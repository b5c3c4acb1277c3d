/* checkpoint_ask.c: reads a partition's checkpoint, for tools. */
#include "redis/checkpoint_ask.h"

#include "base/mem.h"
#include "redis/dialogue.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

/* Texts alone: a hash has nothing else. */
static void take(const redisReply *reply, struct checkpoint *checkpoint)
{
    struct slice *items = mem_array(reply->elements, sizeof(*items));

    for (size_t i = 0; i < reply->elements; i++)
        items[i] = (struct slice){reply->element[i]->str, reply->element[i]->len};
    checkpoint_read(checkpoint, items, reply->elements);
    free(items);
}

bool checkpoint_ask(struct dialogue *dialogue, const char *key, struct checkpoint *checkpoint,
                    struct err *err)
{
    const struct slice words[] = {SLICE("HGETALL"), slice_of(key)};
    redisReply *reply = dialogue_ask(dialogue, words, sizeof(words) / sizeof(words[0]), err);
    bool good = reply && reply->type == REDIS_REPLY_ARRAY;

    if (good)
        take(reply, checkpoint);
    else if (reply)
        err_set(err, ERR_RETRY, "%s: %s", key,
                reply->type == REDIS_REPLY_ERROR ? reply->str : "not what HGETALL answers");
    if (reply)
        freeReplyObject(reply);
    return good;
}
