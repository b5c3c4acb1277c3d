/*
 * commands.c: what penstock knows of Redis' commands.
 *
 * The table is searched when a configuration is loaded, never for a record. A command without a row
 * does not matter to us: it is sent as it is written, and Redis says what it thinks of it.
 */
#include "redis/commands.h"

#include "base/text.h"
#include "redis/shape.h"

#include <string.h>
#include <strings.h>

/* The letters of commands.def. */
#define W          COMMAND_WRITES
#define I          COMMAND_IDEMPOTENT
#define R          COMMAND_REMOVES
#define K          COMMAND_WHOLE_KEY
#define P          COMMAND_TTL_PX
#define T          COMMAND_OWN_TTL
#define S          COMMAND_STORES
#define F          COMMAND_TO_FIRST
#define L          COMMAND_TO_LAST
#define D          COMMAND_REFUSED_TWICE
#define NONE       NULL
#define READS      "only reads"
#define WAITS      "waits for others and holds up what follows"
#define CONNECTION "changes the connection, which is penstock's own"
#define SERVER     "concerns the server as a whole"

enum command_row {
#define COMMAND(...)       COMMAND_ROW(__LINE__)
#define REFUSED(...)       COMMAND_ROW(__LINE__)
#define COMMAND_ROW(line)  COMMAND_ROW_(line)
#define COMMAND_ROW_(line) ROW_##line,
#include "redis/commands.def"
#undef COMMAND
#undef REFUSED
    ROWS
};

static const struct command commands[] = {
#define COMMAND(name, arity, first, last, step, numkeys, flags, undo, shape)                       \
    {name, arity, first, last, step, numkeys, NULL, flags, undo, shape, COMMAND_INDEX(__LINE__)},
#define REFUSED(name, why)                                                                         \
    {name, -1, 0, 0, 0, 0, why, COMMAND_NOT_A_WRITE, NULL, NULL, COMMAND_INDEX(__LINE__)},
#define COMMAND_INDEX(line)  COMMAND_INDEX_(line)
#define COMMAND_INDEX_(line) ROW_##line
#include "redis/commands.def"
#undef COMMAND
#undef REFUSED
};

const struct command *command_find(struct slice name)
{
    for (size_t i = 0; i < ROWS; i++)
        if (strlen(commands[i].name) == name.length &&
            strncasecmp(commands[i].name, name.data, name.length) == 0)
            return &commands[i];
    return NULL;
}

const struct command *command_all(size_t *count)
{
    *count = ROWS;
    return commands;
}

bool command_takes_ttl(const struct command *command)
{
    return (command->flags & COMMAND_WRITES) &&
           !(command->flags & (COMMAND_REMOVES | COMMAND_OWN_TTL));
}

/* --- keys ------------------------------------------------------------------------------------- */

struct key_list {
    size_t *positions;
    size_t limit, count;
};

static void key_add(struct key_list *keys, size_t position)
{
    if (keys->count < keys->limit)
        keys->positions[keys->count] = position;
    keys->count++;
}

/* The keys at fixed places, by COMMAND INFO's three numbers. */
static void keys_placed(const struct command *command, size_t count, struct key_list *keys)
{
    size_t last = command->last_key < 0 ? count + (size_t)command->last_key + 1
                                        : (size_t)command->last_key + 1;

    if (command->first_key == 0)
        return;
    for (size_t i = (size_t)command->first_key; i < last && i < count;
         i += (size_t)command->key_step)
        key_add(keys, i);
}

/* The keys behind an argument that counts them; none if that is not a number of those there. */
static void keys_counted(const struct command *command, const struct slice *arguments, size_t count,
                         struct key_list *keys)
{
    size_t at = (size_t)command->numkeys;
    int64_t number;

    if (at == 0 || at >= count || !text_integer(arguments[at], &number))
        return;
    if (number < 0 || (uint64_t)number > count - at - 1)
        return;
    for (size_t i = 0; i < (size_t)number; i++)
        key_add(keys, at + 1 + i);
}

static bool is_word(struct slice argument, const char *word)
{
    return argument.length == strlen(word) &&
           strncasecmp(argument.data, word, argument.length) == 0;
}

/* The last STORE wins, as in Redis. */
static void keys_stored(const struct command *command, const struct slice *arguments, size_t count,
                        struct key_list *keys)
{
    size_t found = 0;

    if (!(command->flags & COMMAND_STORES))
        return;
    for (size_t i = (size_t)command->first_key + 1; i + 1 < count; i++)
        if (is_word(arguments[i], "STORE") || is_word(arguments[i], "STOREDIST"))
            found = ++i;
    if (found)
        key_add(keys, found);
}

size_t command_keys(const struct command *command, const struct slice *arguments, size_t count,
                    size_t *positions, size_t limit)
{
    struct key_list keys = {.positions = positions, .limit = limit};

    keys_placed(command, count, &keys);
    keys_counted(command, arguments, count, &keys);
    keys_stored(command, arguments, count, &keys);
    return keys.count;
}

size_t command_written_keys(const struct command *command, const struct slice *arguments,
                            size_t count, size_t *positions, size_t limit)
{
    struct key_list keys = {.positions = positions, .limit = limit};

    if (!(command->flags & COMMAND_WRITES))
        return 0;
    if (command->flags & COMMAND_STORES)
        keys_stored(command, arguments, count, &keys);
    else if (command->flags & COMMAND_TO_FIRST && (size_t)command->first_key < count)
        key_add(&keys, (size_t)command->first_key);
    else if (command->flags & COMMAND_TO_LAST && (size_t)command->last_key < count)
        key_add(&keys, (size_t)command->last_key);
    else if (!(command->flags & (COMMAND_TO_FIRST | COMMAND_TO_LAST)))
        return command_keys(command, arguments, count, positions, limit);
    return keys.count;
}

/* --- the reference page ----------------------------------------------------------------------- */

static void write_keys(FILE *out, const struct command *command)
{
    const char *between = "";

    if (command->first_key) {
        fprintf(out, command->last_key == command->first_key ? "%d" : "%d to ", command->first_key);
        if (command->last_key < 0)
            fputs("the last", out);
        else if (command->last_key != command->first_key)
            fprintf(out, "%d", command->last_key);
        if (command->key_step > 1)
            fprintf(out, ", each %d", command->key_step);
        between = "; ";
    }
    if (command->numkeys) {
        fprintf(out, "%sas many as argument %d says", between, command->numkeys);
        between = "; ";
    }
    if (command->flags & COMMAND_STORES)
        fprintf(out, "%sbehind `STORE`", between);
    if (!command->first_key && !command->numkeys)
        fputs("none", out);
}

static const char *ttl_text(const struct command *command)
{
    if (command->flags & COMMAND_TTL_PX)
        return "`PX` in the command";
    if (command->flags & COMMAND_OWN_TTL)
        return "none: it sets its own";
    if (!command_takes_ttl(command))
        return "none";
    if (command->flags & (COMMAND_TO_FIRST | COMMAND_TO_LAST | COMMAND_STORES))
        return "`PEXPIRE` of the destination";
    return "`PEXPIRE` after it";
}

static const char *repeat_text(const struct command *command)
{
    if (command->flags & COMMAND_IDEMPOTENT)
        return "yes";
    return command->flags & COMMAND_REFUSED_TWICE ? "no: may be refused" : "no";
}

static void write_allowed(FILE *out)
{
    fputs("| command | keys | idempotent | `ttl` | what a record wrote is deleted by |\n"
          "|---|---|---|---|---|\n",
          out);
    for (size_t i = 0; i < ROWS; i++) {
        const struct command *command = &commands[i];
        if (command->refused)
            continue;
        fprintf(out, "| `%s ", command->name);
        shape_write(out, command->shape, "\\|");
        fputs("` | ", out);
        write_keys(out, command);
        fprintf(out, " | %s | %s | %s%s%s |\n", repeat_text(command), ttl_text(command),
                command->undo ? "`" : "", command->undo ? command->undo : "",
                command->undo ? "`" : "");
    }
}

static void write_refused(FILE *out)
{
    const char *why = NULL;

    for (size_t i = 0; i < ROWS; i++) {
        if (!commands[i].refused)
            continue;
        if (!why || strcmp(why, commands[i].refused) != 0) {
            why = commands[i].refused;
            fprintf(out, "\n- %s:", why);
        }
        fprintf(out, " `%s`", commands[i].name);
    }
    fputc('\n', out);
}

void command_write_reference(FILE *out)
{
    fputs("# Redis commands\n\n"
          "Generated from `src/redis/commands.def`; a test fails when this page is stale.\n\n"
          "A route may use any Redis command that writes. For the commands below penstock knows "
          "their arguments and the order of\nthese, where their keys are, and what happens if "
          "they run twice. It sends a command that is not listed as you write it.\n\n"
          "penstock checks a command when it reads the file, and the values from a record before "
          "it sends them: if a text is\nnot the number that it should be, or half of a pair is "
          "missing, that is a "
          "record error. Words such as `NX` or `EX` must be in the file: a field\ncannot give "
          "them. For an option that penstock does not know it prints a warning, because a newer "
          "server may know it.\n\n"
          "- *keys*: the numbers of the arguments that are keys; the first after the name is 1.\n"
          "- *idempotent*: if the command runs twice, in the same order, the state is the same, "
          "except that times to live begin again.\n  After a crash or a lost connection commands "
          "may run twice (`delivery = \"at_least_once\"`).\n"
          "- *`ttl`*: how penstock sets the `ttl` of a route.\n"
          "- *what a record wrote is deleted by*: the command that you can write as `del` for "
          "tombstones, with the arguments of the\n  command itself. "
          "[Tombstones](../explanation/tombstones.md) describes when you need no `del`.\n\n",
          out);
    write_allowed(out);
    fputs("\n## Refused in a route, because it\n", out);
    write_refused(out);
}
