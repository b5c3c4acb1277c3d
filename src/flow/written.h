/* written.h: what the arguments of a route's command are, by the shape of its row. */
#pragma once
#include "expr/command_line.h"
#include "flow/route.h"
#include "redis/shape.h"

struct written {
    const struct route_command *command; /* one that commands.def knows */
    const struct conf_text *text;
    struct shape *shape;
    const struct shape_item **items; /* as many as the template's arguments; NULL: a word */
};

/** Command @p index of the route's "do", whose template and row there are. */
struct written written_of(const struct route *route, size_t index);

void written_clear(struct written *written);

/** How many arguments, the name among them, and each of them. */
size_t written_count(const struct written *written);
const struct argument *written_argument(const struct written *written, size_t index);

/** Whether argument @p index is called so: "key", "member". */
bool written_is(const struct written *written, size_t index, struct slice name);

/** The first argument called "key"; NULL: none is. */
const struct argument *written_key(const struct written *written);

/** The next word of a row's "undo", such as "HDEL key field"; its length is 0 behind the last. */
struct slice written_undo_word(const char **undo);

/** What a key is made of. */
struct made_of {
    bool key, topic, more;          /* the whole key; the topic; what is neither key nor topic */
    const struct placeholder *part; /* a field of the key, or the key behind a filter; NULL: none */
};

struct made_of written_made_of(const struct argument *key);
