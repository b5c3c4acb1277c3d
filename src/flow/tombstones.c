/*
 * tombstones.c: what a tombstone removes on a route without "del".
 *
 *      SET ride:%{$key} ...                         the key is the record's: UNLINK
 *      HSET orders:%{$key.customer} %{$key.order}   one field of a hash of many: the file says HDEL
 *      SET ride:%{id} ..., XADD log * ...           the record's key names nothing: passed by
 */
#include "flow/tombstones.h"

#include "base/mem.h"
#include "flow/keyspace.h"
#include "flow/written.h"

#include <stdlib.h>
#include <strings.h>

bool tombstones_pass(const struct conf_route *conf)
{
    const struct conf_command *command = conf->del.items;

    return conf->del.count == 1 && !command->when.text && command->cmd.text &&
           strcasecmp(command->cmd.text, "none") == 0;
}

/* Whether the record's key is in what names the thing that the command writes. */
static bool names_by_key(const struct written *written)
{
    const char *undo = written->command->command->undo;
    struct slice word = written_undo_word(&undo);

    while ((word = written_undo_word(&undo)).length)
        for (size_t i = 1; i < written_count(written); i++)
            if (written_is(written, i, word) &&
                written_argument(written, i)->reads & (READS_KEY_INSIDE | READS_KEY_BYTES))
                return true;
    return false;
}

/* --- whether the whole key is the record's ---------------------------------------------------- */

static bool takes_several_topics(const struct conf_route *conf)
{
    return conf->topics.count != 1 ||
           (conf->topics.items[0].text && conf->topics.items[0].text[0] == '^');
}

/* Why a key may be another record's, too; NULL: it is not. free() it. */
static char *shared_key(const struct route *route, const struct written *written)
{
    struct made_of made = written_made_of(written_key(written));
    const char *shown = made.part && !written->text->secret ? made.part->text : "***";

    if (made.more)
        return mem_text("its Redis key is made of more than the record's key");
    if (!made.key && !made.part)
        return mem_text("its Redis key is not the record's key");
    if (!made.key && made.part->filter_count)
        return mem_format("%s may be the same for several record keys", shown);
    if (!made.key)
        return mem_format("%s may be only a part of the record's key", shown);
    if (takes_several_topics(route->conf) && !made.topic)
        return mem_text("its topics share the Redis keys, which could hold %{$topic}");
    return NULL;
}

/* JSON: "." and "$" are the whole document. */
static bool writes_whole(const struct written *written)
{
    if (!(written->command->command->flags & COMMAND_WHOLE_KEY))
        return false;
    for (size_t i = 1; i < written_count(written); i++)
        if (written_is(written, i, SLICE("path")))
            return slice_is(written_argument(written, i)->constant, "$") ||
                   slice_is(written_argument(written, i)->constant, ".");
    return true;
}

/* Why UNLINK of the key could take more than the record; NULL: it could not. free() it. */
static char *unlink_fault(const struct route *route, const struct keyspace *keyspace,
                          const struct written *written)
{
    const struct route *other;
    char *shared;

    if (route->writes.count != 1)
        return mem_text("it has several commands");
    if (!writes_whole(written))
        return mem_format("%s writes only a part of what its key holds",
                          written->command->command->name);
    if ((shared = shared_key(route, written)))
        return shared;
    other = keyspace_other(keyspace, route, written_key(written));
    return other ? mem_format("route '%s' may write the same Redis keys", other->conf->name) : NULL;
}

/* --- what the file could say ------------------------------------------------------------------ */

/* Writes the argument as the file has it; false if a tombstone cannot fill it in, or if it
 * would need quotes. */
static bool write_argument(FILE *out, const struct argument *argument)
{
    if (argument->reads & (READS_VALUE_INSIDE | READS_VALUE_BYTES))
        return false;
    for (size_t i = 0; i < argument->count; i++) {
        const struct part *part = &argument->parts[i];
        struct slice text = part->placeholder ? slice_of(part->placeholder->text) : part->literal;
        for (size_t j = 0; j < text.length; j++)
            if (text.data[j] <= ' ' || strchr("\"\\", text.data[j]) ||
                (!part->placeholder && strchr("'%", text.data[j])))
                return false;
        fwrite(text.data, 1, text.length, out);
    }
    return argument->count > 1 || argument->parts[0].placeholder ||
           argument->parts[0].literal.length;
}

/* All arguments of that name. */
static bool write_named(FILE *out, const struct written *written, struct slice name)
{
    bool any = false;

    for (size_t i = 1; i < written_count(written); i++) {
        if (!written_is(written, i, name))
            continue;
        fputc(' ', out);
        if (!write_argument(out, written_argument(written, i)))
            return false;
        any = true;
    }
    return any;
}

static bool write_undo(FILE *out, const struct written *written, const char *undo)
{
    struct slice word = written_undo_word(&undo);
    bool good = true;

    fprintf(out, "%.*s", SLICE_ARGS(word));
    while (good && (word = written_undo_word(&undo)).length)
        good = write_named(out, written, word);
    return good;
}

/* "HDEL orders:%{$key.customer} %{$key.order}"; NULL if none can be written. free() it. */
static char *proposed_by(const struct written *written, const char *undo)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    bool good = !written->text->secret && write_undo(out, written, undo);

    fclose(out);
    if (good)
        return text;
    free(text);
    return NULL;
}

/* Of several keys, each with parts of its own, one command does not take all of them back. */
static char *proposal(const struct written *written)
{
    const struct command *row = written->command->command;
    const struct argument *key = written_key(written);
    bool parts = strcmp(row->undo, "UNLINK key") != 0;
    char *text = parts && row->key_step > 1 ? NULL : proposed_by(written, row->undo);

    if (!text && key && written_made_of(key).key && !written_made_of(key).more)
        text = proposed_by(written, "UNLINK key");
    return text;
}

static void tell(const struct route *route, const struct written *written, const char *why,
                 struct conf_problems *problems)
{
    char *text = proposal(written);
    const char *undo = written->command->command->undo;
    char *hint = text ? mem_format("such as del = \"%s\"; or del = \"none\" for nothing", text)
                      : mem_format("del = \"...\" with a command such as %.*s; or del = \"none\" "
                                   "for nothing",
                                   (int)strcspn(undo, " "), undo);

    conf_problem(problems, written->text->origin, hint,
                 "route '%s' must say with del what a tombstone removes: %s", route->conf->name,
                 why);
    free(hint);
    free(text);
}

/* --- the whole -------------------------------------------------------------------------------- */

/* Whether the command was found good, and writes what a tombstone could take back. */
static bool is_undoable(const struct route_command *command)
{
    return command->template && command->command && command->command->undo;
}

static void check_route(struct route *route, const struct keyspace *keyspace,
                        struct conf_problems *problems)
{
    bool told = false;

    for (size_t i = 0; i < route->writes.count && !told; i++) {
        if (!is_undoable(&route->writes.items[i]))
            continue;
        struct written written = written_of(route, i);
        if (written_key(&written) && names_by_key(&written)) {
            char *why = unlink_fault(route, keyspace, &written);
            route->unlinks = !why;
            told = why;
            if (why)
                tell(route, &written, why, problems);
            free(why);
        }
        written_clear(&written);
    }
}

void tombstones_check(struct routes *routes, struct conf_problems *problems)
{
    struct keyspace *keyspace = keyspace_new(routes);

    for (size_t i = 0; i < routes->count; i++)
        if (!routes->items[i].conf->del.count && !routes->items[i].conf->del.refused)
            check_route(&routes->items[i], keyspace, problems);
    keyspace_free(keyspace);
}
