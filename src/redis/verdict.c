/*
 * verdict.c: what an answer means for the command that it answers.
 *
 * Redis answers many a command by nil or 0 if it found nothing to do. Mostly that is what was
 * asked for; if it means that the record's value was written nowhere, the record is refused, as
 * if Redis had answered by an error.
 */
#include "redis/verdict.h"

#include "base/text.h"
#include "redis/commands.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

static const struct answer_row rows[] = {
#define ANSWER(command, shape, meaning, from, words, text)                                         \
    {command, ANSWER_##shape, MEANS_##meaning, from, words, text},
#include "redis/answers.def"
#undef ANSWER
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]), COMMANDS_LIMIT = 512 };

const struct answer_row *answer_rows(size_t *count)
{
    *count = ROWS;
    return rows;
}

bool answer_fits(const struct answer_row *row, unsigned kinds)
{
    switch (row->shape) {
    case ANSWER_NEVER:
        return false;
    case ANSWER_NIL:
        return kinds == RESP_NIL;
    case ANSWER_ZERO:
        return kinds == RESP_ZERO;
    case ANSWER_NEGATIVE:
        return kinds == RESP_NEGATIVE;
    case ANSWER_NOTHING:
        return (kinds | RESP_NIL) == (RESP_ARRAY | RESP_NIL);
    case ANSWER_ELEMENT:
        return kinds & RESP_ARRAY && kinds & (RESP_ZERO | RESP_NIL);
    case ANSWER_ELEMENT_NEGATIVE:
        return kinds & RESP_ARRAY && kinds & RESP_NEGATIVE;
    case ANSWER_ANY:
        break;
    }
    return true;
}

/* --- by command ------------------------------------------------------------------------------- */

struct rule {
    bool script;
    uint32_t suspect; /* a bit for each set of kinds that a row calls REFUSED */
};

static struct rule rules[COMMANDS_LIMIT];
static pthread_once_t rules_once = PTHREAD_ONCE_INIT;

static void rule_add(struct rule *rule, const struct answer_row *row)
{
    rule->script |= row->meaning == MEANS_SCRIPT;
    for (unsigned kinds = 0; kinds < RESP_KINDS && row->meaning == MEANS_REFUSED; kinds++)
        rule->suspect |= (uint32_t)answer_fits(row, kinds) << kinds;
}

static void rules_fill(void)
{
    for (size_t i = 0; i < ROWS; i++) {
        const struct command *command = command_find(slice_of(rows[i].command));
        assert(command && command->index < COMMANDS_LIMIT);
        rule_add(&rules[command->index], &rows[i]);
    }
}

static const struct rule *rule_of(uint32_t command)
{
    static const struct rule none;

    pthread_once(&rules_once, rules_fill);
    return command < COMMANDS_LIMIT ? &rules[command] : &none;
}

bool verdict_suspects(uint32_t command, unsigned kinds)
{
    return rule_of(command)->suspect >> kinds & 1;
}

/* --- the command as it was sent --------------------------------------------------------------- */

/* Passes "*3\r\n" or "$3\r\n"; the number in it. */
static size_t take_number(struct slice *bytes)
{
    const char *feed = memchr(bytes->data, '\n', bytes->length);
    size_t number = 0;

    for (const char *digit = bytes->data + 1; digit < feed - 1; digit++)
        number = number * 10 + (size_t)(*digit - '0');
    bytes->length -= (size_t)(feed + 1 - bytes->data);
    bytes->data = feed + 1;
    return number;
}

static bool is_one_of(struct slice argument, const char *words)
{
    for (const char *word = words; *word; word += strspn(word, " ")) {
        size_t length = strcspn(word, " ");
        if (argument.length == length && strncasecmp(argument.data, word, length) == 0)
            return true;
        word += length;
    }
    return false;
}

/* Whether the command states its condition itself. */
static bool states_its_own(const struct answer_row *row, struct slice bytes)
{
    size_t count = take_number(&bytes);

    for (size_t i = 0; *row->words && i < count; i++) {
        size_t length = take_number(&bytes);
        if (i >= row->from && is_one_of((struct slice){bytes.data, length}, row->words))
            return true;
        bytes.data += length + 2;
        bytes.length -= length + 2;
    }
    return false;
}

/* --- verdicts --------------------------------------------------------------------------------- */

/* Inside an array it is too late to try the same again at once: parts are done. */
static enum reply_class verdict_of_error(const struct resp_scanner *scanner, uint32_t command)
{
    enum reply_class class = reply_classify((struct slice){scanner->text, scanner->text_length});

    if (scanner->nested && class != REPLY_REJECT && class != REPLY_CONFIG)
        class = REPLY_UNKNOWN;
    return class == REPLY_UNKNOWN && rule_of(command)->script ? REPLY_REJECT : class;
}

/* As an operator calls it. */
static const char *shape_name(enum answer_shape shape)
{
    static const char *const names[] = {
        [ANSWER_NEVER] = "",
        [ANSWER_NIL] = "nil",
        [ANSWER_ZERO] = "0",
        [ANSWER_NEGATIVE] = "-1",
        [ANSWER_NOTHING] = "an empty list, or one of nils",
        [ANSWER_ELEMENT] = "an element that is 0 or nil",
        [ANSWER_ELEMENT_NEGATIVE] = "an element below 0",
        [ANSWER_ANY] = "any",
    };

    return names[shape];
}

/* The row that refuses this answer; NULL: none does. */
static const struct answer_row *refusing_row(uint32_t command, unsigned kinds, struct slice bytes)
{
    const char *name = command_all(&(size_t){0})[command].name;

    for (const struct answer_row *row = rows; row < rows + ROWS; row++)
        if (row->meaning == MEANS_REFUSED && answer_fits(row, kinds) &&
            strcmp(row->command, name) == 0 && !states_its_own(row, bytes))
            return row;
    return NULL;
}

enum reply_class verdict_of(struct resp_scanner *scanner, uint32_t command, struct slice bytes)
{
    if (scanner->failed)
        return verdict_of_error(scanner, command);
    const struct answer_row *row = refusing_row(command, scanner->kinds, bytes);
    if (!row)
        return REPLY_DONE;
    int length = snprintf(scanner->text, sizeof(scanner->text),
                          "%s answered %s: nothing was written, because %s", row->command,
                          shape_name(row->shape), row->text);
    scanner->text_length = (size_t)length;
    return REPLY_REJECT;
}
