/* read.h: one setting of the file becomes the field of its row: a reader for each kind of option.
 */
#pragma once
#include "conf/option.h"

/** Tells its problem and leaves @p field as it was, where @p node is not what the row wants. */
typedef void read_function(const struct filling *filling, const struct option *option,
                           const struct node *node, void *field);

/* read.c: words and numbers */
read_function read_integer, read_duration, read_size, read_flag, read_choice, read_word, read_plain,
    read_secret, read_brokers, read_name, read_source, read_sink;
/* read_more.c: what has a form of its own */
read_function read_address, read_start, read_ttl, read_durable, read_names, read_topics,
    read_commands, read_properties;

/** Expands the string @p node; false where it is none or cannot be expanded, with the problem told.
 * @p name is the setting's in messages. */
bool read_text(const struct filling *filling, const struct node *node, const char *name,
               struct conf_text *text);

/** What to say where a duration is wanted and @p node is none; free() ends it. */
char *read_duration_hint(const struct node *node);

/** The value as a message may show it. */
const char *read_shown(const struct conf_text *text);
