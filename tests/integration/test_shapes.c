/*
 * test_shapes.c: the shapes of commands.def against a real redis-server.
 *
 * Of each row that the server knows, command lines are made from its shape: what it takes, with
 * each option, and what it should not take: half a pair, a word for a number, an option without
 * its value, two that exclude each other, a word that is none. Our verdict on each must be the
 * server's: what is good is carried out, or refused for what is in the database; what is bad is
 * refused.
 */
#include "suite.h"

#include "base/mem.h"
#include "real_redis_server.h"
#include "redis/commands.h"
#include "redis/shape.h"

#include <ctype.h>
#include <stdlib.h>

enum { WORDS_MAX = 48 };

static struct redis_server *server;

/* A command line while it is made. */
struct line {
    const struct command *row;
    const struct shape *shape;
    char text[512];
    size_t tuples;                /* how often "( )" is written */
    const struct shape_item *odd; /* this item is written wrongly; NULL: none */
    const struct shape_step *cut; /* the last element of this tuple is left out; NULL: none */
    char options[160];            /* written where options stand */
};

static void append(char *text, size_t room, const char *more)
{
    size_t used = strlen(text), length = strlen(more);

    CU_ASSERT_FATAL(used + length < room);
    memcpy(text + used, more, length + 1);
}

static void add(struct line *line, const char *word)
{
    append(line->text, sizeof(line->text), " ");
    append(line->text, sizeof(line->text), word);
}

/* --- what stands for an argument -------------------------------------------------------------- */

static const char *sample_of_type(enum shape_type type)
{
    static const char *const samples[] = {
        [TYPE_ANY] = "a",      [TYPE_INTEGER] = "5", [TYPE_NATURAL] = "5", [TYPE_POSITIVE] = "5",
        [TYPE_NUMBER] = "1.5", [TYPE_BIT] = "1",     [TYPE_ID] = "5-5",    [TYPE_NEWID] = "*",
        [TYPE_BOUND] = "(1.5", [TYPE_LEX] = "[a",    [TYPE_COUNT] = "1",   [TYPE_COUNT0] = "1",
    };

    return samples[type];
}

/* Those of which not every text is one, though the shape does not say so. */
static const char *sample(const struct shape_item *item)
{
    static const struct {
        const char *name, *sample;
    } named[] = {{"script", "return(1)"},
                 {"encoding", "u8"},
                 {"offset", "0"},
                 {"start", "0"},
                 {"min", "0"},
                 {"max", "1"},
                 {"database", "1"},
                 {"sha1", "0000000000000000000000000000000000000000"}};

    for (size_t i = 0; item->type != TYPE_LEX && i < sizeof(named) / sizeof(named[0]); i++)
        if (slice_is(item->text, named[i].name))
            return named[i].sample;
    return sample_of_type(item->type);
}

static void add_item(struct line *line, const struct shape_item *item)
{
    char word[64];

    if (item->kind == ITEM_REST || (item->optional && item->kind == ITEM_WORDS))
        return;
    if (item->kind == ITEM_WORDS)
        snprintf(word, sizeof(word), "%.*s", (int)strcspn(item->text.data, "/ )]"),
                 item->text.data);
    else
        snprintf(word, sizeof(word), "%s", sample(item));
    add(line, item == line->odd ? "x" : word);
}

static void add_items(struct line *line, size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_item(line, &line->shape->items[first + i]);
}

static void add_option(struct line *line, const struct shape_option *option)
{
    char word[64];

    snprintf(word, sizeof(word), "%.*s", SLICE_ARGS(option->word));
    add(line, word);
    add_items(line, option->item, option->count);
}

/* What a command does not go without, though it stands among the options. */
static const char *companion(const struct command *row, const char *options)
{
    if (strcmp(row->name, "GEOSEARCHSTORE") == 0)
        return strstr(options, "FROM") ? "BYRADIUS 1 km"
               : strstr(options, "BY") ? "FROMMEMBER a"
                                       : "FROMMEMBER a BYRADIUS 1 km";
    if (strcmp(row->name, "XTRIM") == 0 && !strstr(options, "MAXLEN") && !strstr(options, "MINID"))
        return "MAXLEN ~ 5";
    if (strcmp(row->name, "ZRANGESTORE") == 0 && strstr(options, "LIMIT"))
        return "BYSCORE";
    if (strcmp(row->name, "XADD") == 0 && strstr(options, "LIMIT"))
        return "MAXLEN ~ 5";
    return "";
}

static void add_options(struct line *line)
{
    const char *more = companion(line->row, line->options);

    if (*more)
        add(line, more);
    if (strstr(line->options, "ANY"))
        add(line, "COUNT 1");
    if (line->options[0])
        add(line, line->options);
}

static void make(struct line *line)
{
    snprintf(line->text, sizeof(line->text), "%s", line->row->name);
    for (size_t i = 0; i < line->shape->step_count; i++) {
        const struct shape_step *step = &line->shape->steps[i];
        if (step->kind == STEP_OPTIONS)
            add_options(line);
        else if (step->kind == STEP_ITEM)
            add_items(line, step->first, step->count);
        for (size_t j = 0; step->kind == STEP_TUPLE && j < line->tuples; j++)
            add_items(line, step->first,
                      step->count - (step == line->cut && j + 1 == line->tuples));
    }
}

/* --- the two verdicts ------------------------------------------------------------------------- */

static enum shape_verdict our_verdict(const struct line *line)
{
    struct slice words[WORDS_MAX];
    struct shape_problem problem;
    char room[512];
    size_t count = 0;

    strcpy(room, line->text);
    for (char *rest = room, *word; (word = strtok_r(rest, " ", &rest)) && count < WORDS_MAX;)
        words[count++] = slice_of(word);
    return shape_match(line->shape, words, count, NULL, &problem);
}

/* Refused for what is in the database, and not for how it is written. */
static bool is_about_data(const char *reply)
{
    static const char *const words[] = {
        "no such key",         "NOGROUP",
        "index out of range",  "NOSCRIPT",
        "DUMP payload",        "Function not found",
        "requires the key",    "could not decode",
        "same object",         "source and destination objects",
        "Elements must exist",
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strstr(reply, words[i]))
            return true;
    return false;
}

/* Some look at their arguments only if there is something to change. */
static void prepare(const char *name)
{
    redis_ask(server, "FLUSHALL");
    if (strcmp(name, "GETEX") == 0)
        redis_ask(server, "SET a a");
    if (strcmp(name, "GEORADIUSBYMEMBER") == 0)
        redis_ask(server, "GEOADD a 1 1 a");
    if (strcmp(name, "XDEL") == 0 || strcmp(name, "XACK") == 0)
        redis_ask(server, "XGROUP CREATE a a 0 MKSTREAM");
}

static void check(struct line *line, bool good)
{
    char reply[256];

    make(line);
    prepare(line->row->name);
    snprintf(reply, sizeof(reply), "%s", redis_ask(server, line->text));
    bool error = reply[0] == '-' && isupper((unsigned char)reply[1]);
    bool ours = our_verdict(line) == SHAPE_GOOD;
    if (ours != good || (good ? error && !is_about_data(reply) : !error))
        fprintf(stderr, "\n%s: we say %s, the server %s", line->text, ours ? "good" : "bad", reply);
    CU_ASSERT_EQUAL(ours, good);
    CU_ASSERT(good ? !error || is_about_data(reply) : error);
}

/* --- each row --------------------------------------------------------------------------------- */

/* Words that only newer servers know; and BYLEX, with which two arguments are of another type. */
static bool is_new(struct slice word)
{
    static const char *const words[] = {"IFEQ",     "IFNE",      "IFDEQ", "IFDNE",
                                        "KEEPREF",  "DELREF",    "ACKED", "IDMP",
                                        "IDMPAUTO", "BYPOLYGON", "BYLEX"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (slice_is(word, words[i]))
            return true;
    return false;
}

static void set_option(struct line *line, const struct shape_option *option)
{
    struct line part = {.shape = line->shape, .odd = line->odd};

    add_option(&part, option);
    line->options[0] = '\0';
    append(line->options, sizeof(line->options), part.text + 1);
}

static void try_tuples(const struct line *plain)
{
    for (size_t i = 0; i < plain->shape->step_count; i++) {
        const struct shape_step *step = &plain->shape->steps[i];
        struct line line = *plain;
        if (step->kind != STEP_TUPLE)
            continue;
        line.tuples = 3;
        check(&line, true);
        line.cut = step;
        if (step->count > 1)
            check(&line, false);
    }
}

/* A word for each number. */
static void try_types(const struct line *plain)
{
    for (size_t i = 0; i < plain->shape->item_count; i++) {
        struct line line = *plain;
        line.odd = &plain->shape->items[i];
        if (line.odd->type == TYPE_ANY)
            continue;
        for (size_t j = 0; j < plain->shape->option_count; j++) {
            const struct shape_option *option = &plain->shape->options[j];
            if (i >= option->item && i < option->item + option->count)
                set_option(&line, option);
        }
        if (!is_new((struct slice){line.options, strcspn(line.options, " ")}))
            check(&line, false);
    }
}

/* Without its last value. */
static void try_cut_option(const struct line *plain, const struct shape_option *option)
{
    struct line line = *plain;

    set_option(&line, option);
    char *last = strrchr(line.options, ' ');
    bool ends = plain->shape->steps[plain->shape->step_count - 1].kind == STEP_OPTIONS;
    if (!last || !ends)
        return;
    *last = '\0';
    check(&line, false);
}

static void try_pair(const struct line *plain, const struct shape_option *one,
                     const struct shape_option *other)
{
    struct line line = *plain, more = *plain;

    if (!(one->brackets & other->brackets) || is_new(other->word))
        return;
    set_option(&line, one);
    set_option(&more, other);
    append(line.options, sizeof(line.options), " ");
    append(line.options, sizeof(line.options), more.options);
    check(&line, false);
}

static void try_options(const struct line *plain)
{
    const struct shape *shape = plain->shape;

    for (size_t i = 0; i < shape->option_count; i++) {
        const struct shape_option *option = &shape->options[i];
        struct line line = *plain;
        if (is_new(option->word))
            continue;
        set_option(&line, option);
        check(&line, true);
        try_cut_option(plain, option);
        for (size_t j = 0; j < i; j++)
            if (!is_new(shape->options[j].word))
                try_pair(plain, option, &shape->options[j]);
    }
    if (shape->steps[shape->step_count - 1].kind == STEP_OPTIONS) {
        struct line line = *plain;
        strcpy(line.options, "SOON");
        check(&line, false);
    }
}

/* There is nothing to try: "key ...". */
static bool takes_anything(const char *shape)
{
    return strcmp(shape + strlen(shape) - 3, "...") == 0;
}

static void each_row(void (*visit)(const struct line *plain))
{
    size_t count, tried = 0;
    const struct command *rows = command_all(&count);

    for (size_t i = 0; i < count; i++) {
        if (rows[i].refused || takes_anything(rows[i].shape) ||
            strcmp(redis_ask(server, "COMMAND INFO %s", rows[i].name), "[(nil)]") == 0)
            continue;
        struct shape *shape = shape_new(rows[i].shape);
        const struct line plain = {.row = &rows[i], .shape = shape, .tuples = 1};
        visit(&plain);
        shape_free(shape);
        tried++;
    }
    CU_ASSERT(tried > 80);
}

static void try_plain(const struct line *plain)
{
    struct line line = *plain;

    check(&line, true);
}

static void the_server_takes_what_has_the_shape(void)
{
    each_row(try_plain);
}

static void the_server_refuses_half_a_tuple(void)
{
    each_row(try_tuples);
}

static void the_server_refuses_a_word_for_a_number(void)
{
    each_row(try_types);
}

static void the_server_takes_each_option_and_refuses_what_is_none(void)
{
    each_row(try_options);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(the_server_takes_what_has_the_shape),
        TEST(the_server_refuses_half_a_tuple),
        TEST(the_server_refuses_a_word_for_a_number),
        TEST(the_server_takes_each_option_and_refuses_what_is_none),
    };

    server = redis_server_start(NULL);
    int status = SUITE("shapes", tests);
    redis_server_free(server);
    return status;
}
