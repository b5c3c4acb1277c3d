/* test_commands.c: commands.def against what a real redis-server says of its commands. */
#include "suite.h"

#include "base/slice.h"
#include "real_redis_server.h"
#include "redis/commands.h"

#include <ctype.h>
#include <stdlib.h>

/* One command by COMMAND INFO. */
struct live {
    char name[64];
    int arity, first_key, last_key, key_step;
    char flags[256];
};

static struct redis_server *server;

/* Reads "[[set -3 [write denyoom] 1 1 1 ...". */
static bool read_live(const char *name, struct live *live)
{
    const char *text = redis_ask(server, "COMMAND INFO %s", name);

    return sscanf(text, "[[%63s %d [%255[^]]] %d %d %d", live->name, &live->arity, live->flags,
                  &live->first_key, &live->last_key, &live->key_step) == 6;
}

static bool is_live_flag(const struct live *live, const char *flag)
{
    return strstr(live->flags, flag) != NULL;
}

static void check(bool holds, const char *name, const char *what)
{
    if (!holds)
        fprintf(stderr, "\n%s: %s", name, what);
    CU_ASSERT(holds);
}

/* Calls @p visit for each command that the server lists, in upper case. */
static void each_live_command(void (*visit)(const char *name))
{
    char *list = strdup(redis_ask(server, "COMMAND LIST")), *rest = list;

    for (char *name; (name = strtok_r(rest, "[] ", &rest));) {
        for (char *letter = name; *letter; letter++)
            *letter = (char)toupper((unsigned char)*letter);
        if (!strchr(name, '|'))
            visit(name);
    }
    free(list);
}

static void check_is_known(const char *name)
{
    check(command_find(slice_of(name)) != NULL, name, "has no row");
}

static void every_command_of_the_server_has_a_row(void)
{
    each_live_command(check_is_known);
}

/* Of a container such as XGROUP the row tells of the subcommands with a key. */
static void check_row(const char *name)
{
    const struct command *row = command_find(slice_of(name));
    struct live live = {0};

    if (!row || row->refused)
        return;
    check(read_live(strcmp(name, "XGROUP") == 0 ? "XGROUP|DESTROY" : name, &live), name,
          "has no COMMAND INFO");
    if (strcmp(name, "XGROUP") == 0)
        live.arity = -live.arity; /* the shortest of its subcommands */
    check(row->arity == live.arity || is_live_flag(&live, "module"), name, "has another arity");
    check(row->first_key == live.first_key && row->last_key == live.last_key &&
              row->key_step == live.key_step,
          name, "has its keys elsewhere");
    check((row->numkeys != 0 || (row->flags & COMMAND_STORES) != 0) ==
              is_live_flag(&live, "movablekeys"),
          name, "has movable keys or has none");
    check(!(row->flags & COMMAND_WRITES) || is_live_flag(&live, "write") || row->numkeys, name,
          "does not write");
}

static void arity_and_keys_are_as_the_server_says(void)
{
    each_live_command(check_row);
}

static void check_refusal(const char *name)
{
    const struct command *row = command_find(slice_of(name));
    struct live live = {0};

    if (!row || !read_live(name, &live))
        return;
    if (is_live_flag(&live, "readonly"))
        check(row->refused != NULL, name, "only reads and is not refused");
    if (is_live_flag(&live, "blocking") || is_live_flag(&live, "admin"))
        check(row->refused != NULL, name, "blocks or administers and is not refused");
    if (row->refused && strcmp(row->refused, "only reads") == 0)
        check(!is_live_flag(&live, "write"), name, "writes and is refused as reading");
}

static void what_reads_blocks_or_administers_is_refused(void)
{
    each_live_command(check_refusal);
}

/* Splits at spaces; the words live in @p room. */
static size_t split(const char *line, char *room, struct slice *words)
{
    size_t count = 0;

    strcpy(room, line);
    for (char *rest = room, *word; (word = strtok_r(rest, " ", &rest));)
        words[count++] = slice_of(word);
    return count;
}

/* The keys by the table, as redis_ask() shows COMMAND GETKEYS' answer. */
static void keys_by_table(const char *line, char *text, size_t size)
{
    struct slice words[16];
    size_t positions[16], used = 1;
    char room[128];
    size_t count = split(line, room, words);
    size_t found = command_keys(command_find(words[0]), words, count, positions, 16);

    strcpy(text, "[");
    for (size_t i = 0; i < found; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%.*s", i ? " " : "",
                                 SLICE_ARGS(words[positions[i]]));
    snprintf(text + used, size - used, "]");
}

static void keys_are_those_of_command_getkeys(void)
{
    static const char *const lines[] = {"SET a 1",
                                        "MSET a 1 b 2",
                                        "UNLINK a b c",
                                        "BITOP AND d a b",
                                        "ZUNIONSTORE d 2 a b",
                                        "ZINTERSTORE d 1 a WEIGHTS 2",
                                        "EVAL s 2 a b c",
                                        "EVALSHA s 1 a",
                                        "FCALL f 3 a b c",
                                        "LMPOP 2 a b LEFT",
                                        "ZMPOP 1 a MIN",
                                        "SORT a",
                                        "SORT a STORE d",
                                        "SORT a STORE d STORE e",
                                        "GEORADIUS a 1 2 3 km STORE d",
                                        "XADD s * f v",
                                        "XGROUP CREATE s g $",
                                        "GEOSEARCHSTORE d s FROMMEMBER m BYRADIUS 1 km",
                                        "ZRANGESTORE d s 0 1",
                                        "COPY a b",
                                        "PFMERGE d a b",
                                        "SMOVE a b m",
                                        "RESTORE a 0 x"};

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char wanted[256], question[160];
        snprintf(question, sizeof(question), "COMMAND GETKEYS %s", lines[i]);
        keys_by_table(lines[i], wanted, sizeof(wanted));
        ASSERT_TEXT(redis_ask(server, question), wanted);
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(every_command_of_the_server_has_a_row),
        TEST(arity_and_keys_are_as_the_server_says),
        TEST(what_reads_blocks_or_administers_is_refused),
        TEST(keys_are_those_of_command_getkeys),
    };

    server = redis_server_start(NULL);
    int status = SUITE("commands", tests);
    redis_server_free(server);
    return status;
}
