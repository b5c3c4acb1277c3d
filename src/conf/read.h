/* read.h: one setting of the file becomes the field of its row: a reader for each kind of option.
 */
#pragma once
#include "conf/option.h"

/** On a value that the row does not want, reports it and leaves @p field unchanged. */
typedef void read_function(const struct loader *loader, const struct option *option,
                           const struct setting *setting, void *field);

read_function read_integer, read_duration, read_size, read_flag, read_choice, read_word, read_plain,
    read_secret, read_name, read_source, read_sink, read_names, read_address, read_ttl,
    brokers_read, start_read, durable_read, topic_read, commands_read, properties_read;

/** Expands the string @p setting; false and a problem if it is not a string or cannot be expanded.
 * @p name is what messages call it. */
bool read_text(const struct loader *loader, const struct setting *setting, const char *name,
               struct conf_text *text);

/** The hint if a duration is wanted and @p setting is not one; free() frees it. */
char *read_duration_hint(const struct setting *setting);

/** The value as a message may show it. */
const char *read_shown(const struct conf_text *text);
