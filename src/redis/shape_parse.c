/* shape_parse.c: the text of a row of commands.def becomes a shape. */
#include "base/mem.h"
#include "redis/shape.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>

/* A shape while it is read. */
struct parsing {
    struct shape *shape;
    const char *at;
    unsigned bracket; /* the bit of the pair that is read */
};

static const struct {
    const char *name;
    enum shape_type type;
} types[] = {
    {"integer", TYPE_INTEGER}, {"natural", TYPE_NATURAL}, {"positive", TYPE_POSITIVE},
    {"number", TYPE_NUMBER},   {"bit", TYPE_BIT},         {"id", TYPE_ID},
    {"newid", TYPE_NEWID},     {"bound", TYPE_BOUND},     {"lex", TYPE_LEX},
    {"count", TYPE_COUNT},     {"count0", TYPE_COUNT0},
};

static bool takes(struct parsing *parsing, const char *text)
{
    size_t length = strlen(text);

    if (strncmp(parsing->at, text, length) != 0)
        return false;
    parsing->at += length;
    return true;
}

static struct slice read_while(struct parsing *parsing, const char *more)
{
    struct slice text = {parsing->at, 0};

    while (isalnum((unsigned char)*parsing->at) || (*parsing->at && strchr(more, *parsing->at)))
        parsing->at++;
    text.length = (size_t)(parsing->at - text.data);
    assert(text.length);
    return text;
}

static enum shape_type read_type(struct parsing *parsing)
{
    struct slice name = read_while(parsing, "");

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (slice_is(name, types[i].name))
            return types[i].type;
    assert(false && "commands.def names a type that there is not");
    return TYPE_ANY;
}

static void read_item(struct parsing *parsing)
{
    struct shape *shape = parsing->shape;
    struct shape_item item = {.kind = ITEM_REST};

    if (!takes(parsing, "...")) {
        bool words = isupper((unsigned char)*parsing->at) || *parsing->at == '=';
        item.kind = words ? ITEM_WORDS : ITEM_ARGUMENT;
        item.text = read_while(parsing, words ? "/=~" : "-");
        if (takes(parsing, ":"))
            item.type = read_type(parsing);
        item.optional = takes(parsing, "?");
        item.counted = takes(parsing, "#");
    }
    shape->items =
        mem_grow(shape->items, shape->item_count, &shape->item_room, sizeof(*shape->items));
    shape->items[shape->item_count++] = item;
}

static struct shape_step *add_step(struct shape *shape, enum shape_step_kind kind, size_t first)
{
    shape->steps =
        mem_grow(shape->steps, shape->step_count, &shape->step_room, sizeof(*shape->steps));
    shape->steps[shape->step_count] = (struct shape_step){.kind = kind, .first = first};
    return &shape->steps[shape->step_count++];
}

static void read_tuple(struct parsing *parsing)
{
    struct shape *shape = parsing->shape;
    struct shape_step *step = add_step(shape, STEP_TUPLE, shape->item_count);

    do {
        read_item(parsing);
        step->count++;
    } while (takes(parsing, " "));
    assert(*parsing->at == ')');
    parsing->at++;
    step->never = takes(parsing, "*");
}

/* The option of that word among those of the step; a new one if there is none. */
static struct shape_option *option_of(struct shape *shape, struct shape_step *step,
                                      struct slice word)
{
    for (size_t i = step->first; i < shape->option_count; i++)
        if (slice_equal(shape->options[i].word, word))
            return &shape->options[i];
    shape->options =
        mem_grow(shape->options, shape->option_count, &shape->option_room, sizeof(*shape->options));
    shape->options[shape->option_count] = (struct shape_option){.word = word};
    step->count++;
    return &shape->options[shape->option_count++];
}

static void read_bracket(struct parsing *parsing, struct shape_step *step)
{
    struct shape *shape = parsing->shape;

    parsing->bracket = parsing->bracket ? parsing->bracket << 1 : 1;
    do {
        struct slice word = read_while(parsing, "");
        struct shape_option *option = option_of(shape, step, word);
        option->brackets |= parsing->bracket;
        option->item = option->count ? option->item : shape->item_count;
        for (; takes(parsing, " "); option->count++)
            read_item(parsing);
    } while (takes(parsing, "|"));
    assert(*parsing->at == ']');
    parsing->at++;
}

/* Brackets side by side are one step. */
static void read_options(struct parsing *parsing)
{
    struct shape_step *step = add_step(parsing->shape, STEP_OPTIONS, parsing->shape->option_count);

    do
        read_bracket(parsing, step);
    while (takes(parsing, " ["));
}

static void read_step(struct parsing *parsing)
{
    if (takes(parsing, "[")) {
        read_options(parsing);
    } else if (takes(parsing, "(")) {
        read_tuple(parsing);
    } else {
        add_step(parsing->shape, STEP_ITEM, parsing->shape->item_count)->count = 1;
        read_item(parsing);
    }
}

struct shape *shape_new(const char *text)
{
    struct parsing parsing = {.shape = mem_new(struct shape), .at = text};

    do
        read_step(&parsing);
    while (takes(&parsing, " "));
    assert(!*parsing.at);
    return parsing.shape;
}

void shape_free(struct shape *shape)
{
    if (!shape)
        return;
    free(shape->items);
    free(shape->options);
    free(shape->steps);
    free(shape);
}

/* --- as people read it ------------------------------------------------------------------------ */

/* Where the text goes, and how it writes "or". */
struct writing {
    FILE *out;
    const char *bar;
};

static void write_bytes(const struct writing *writing, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] == '/' || text[i] == '|')
            fputs(writing->bar, writing->out);
        else
            fputc(text[i], writing->out);
}

/* "name:type?" as "[name]", "name#" as "name [name ...]". */
static void write_word(const struct writing *writing, const char *text, size_t length)
{
    size_t name = strcspn(text, ":?#");
    char last = text[length - 1];

    name = name < length ? name : length;
    fputs(last == '?' ? "[" : "", writing->out);
    write_bytes(writing, text, name);
    fputs(last == '?' ? "]" : "", writing->out);
    if (last != '#')
        return;
    fputs(" [", writing->out);
    write_bytes(writing, text, name);
    fputs(" ...]", writing->out);
}

/* The words of @p text up to @p end, with what stands between them. */
static const char *write_words(const struct writing *writing, const char *text, char end)
{
    while (*text && *text != end) {
        size_t length = strcspn(text, " ()[]|");
        if (length)
            write_word(writing, text, length);
        else
            write_bytes(writing, text, 1);
        text += length ? length : 1;
    }
    return text;
}

void shape_write(FILE *out, const char *text, const char *bar)
{
    const struct writing writing = {out, bar};

    while (*(text = write_words(&writing, text, '('))) {
        const char *end = strchr(text, ')');
        if (end[1] != '*') {
            write_words(&writing, text + 1, ')');
            fputc(' ', out);
        }
        fputc('[', out);
        write_words(&writing, text + 1, ')');
        fputs(" ...]", out);
        text = end + 1 + (end[1] == '*');
    }
}
