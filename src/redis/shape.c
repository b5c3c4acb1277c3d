/* shape.c: the arguments of one command against the shape of its row. */
#include "redis/shape.h"

#include "base/text.h"

#include <stdarg.h>
#include <strings.h>

/* Arguments while they are compared. */
struct matching {
    const struct shape *shape;
    const struct slice *arguments;
    size_t count, at;
    const struct shape_item **items;
    struct shape_problem *problem;
    int64_t counted; /* what the last count says; -1: that stands in a placeholder */
    bool open;       /* it depends on a placeholder */
};

static enum shape_verdict say(struct matching *matching, enum shape_verdict verdict,
                              const char *format, ...) __attribute__((format(printf, 3, 4)));

static enum shape_verdict say(struct matching *matching, enum shape_verdict verdict,
                              const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(matching->problem->text, sizeof(matching->problem->text), format, arguments);
    va_end(arguments);
    matching->problem->at = matching->at;
    matching->problem->wrong = false;
    return verdict;
}

/* Of an argument that is there and should be another. */
static enum shape_verdict say_wrong(struct matching *matching, struct slice name,
                                    const char *wanted)
{
    say(matching, SHAPE_BAD, "%.*s must be %s", SLICE_ARGS(name), wanted);
    matching->problem->wrong = true;
    return SHAPE_BAD;
}

static bool at_end(const struct matching *matching)
{
    return matching->at >= matching->count;
}

static bool at_placeholder(const struct matching *matching)
{
    return !matching->arguments[matching->at].data;
}

static bool is_word(struct slice argument, struct slice word)
{
    return argument.length == word.length &&
           strncasecmp(argument.data, word.data, word.length) == 0;
}

/* Whether @p argument is one of "LEFT/RIGHT". */
static bool is_one_of(struct slice argument, struct slice words)
{
    while (words.length) {
        const char *slash = memchr(words.data, '/', words.length);
        size_t length = slash ? (size_t)(slash - words.data) : words.length;
        if (is_word(argument, (struct slice){words.data, length}))
            return true;
        length += slash != NULL;
        words = (struct slice){words.data + length, words.length - length};
    }
    return false;
}

/* The argument is that item; NULL: a word. */
static void take(struct matching *matching, const struct shape_item *item)
{
    if (matching->items)
        matching->items[matching->at] = item;
    matching->at++;
}

static enum shape_verdict match_words(struct matching *matching, const struct shape_item *item)
{
    if (!at_end(matching) && !at_placeholder(matching) &&
        is_one_of(matching->arguments[matching->at], item->text)) {
        take(matching, NULL);
        return SHAPE_GOOD;
    }
    if (item->optional)
        return SHAPE_GOOD;
    if (at_end(matching) || !at_placeholder(matching))
        return say(matching, SHAPE_BAD, "argument %zu must be %.*s", matching->at,
                   SLICE_ARGS(item->text));
    matching->open = true;
    take(matching, NULL);
    return SHAPE_GOOD;
}

static enum shape_verdict match_value(struct matching *matching, const struct shape_item *item)
{
    struct slice argument;

    if (at_end(matching))
        return say(matching, SHAPE_BAD, "%.*s is missing", SLICE_ARGS(item->text));
    argument = matching->arguments[matching->at];
    if (item->type == TYPE_COUNT || item->type == TYPE_COUNT0)
        matching->counted = -1;
    if (item->type != TYPE_ANY && at_placeholder(matching))
        matching->open = true;
    else if (item->type != TYPE_ANY && !shape_type_takes(item->type, argument))
        return say_wrong(matching, item->text, shape_type_text(item->type));
    else if (item->type == TYPE_COUNT || item->type == TYPE_COUNT0)
        text_integer(argument, &matching->counted);
    take(matching, item);
    return SHAPE_GOOD;
}

/* As many as were counted; if that is not known, what follows is not known either. */
static enum shape_verdict match_counted(struct matching *matching, const struct shape_item *item)
{
    if (matching->counted < 0) {
        matching->at = matching->count;
        return SHAPE_OPEN;
    }
    if ((uint64_t)matching->counted > matching->count - matching->at)
        return say(matching, SHAPE_BAD, "there are fewer of %.*s than are counted",
                   SLICE_ARGS(item->text));
    for (int64_t i = 0; i < matching->counted; i++) {
        enum shape_verdict verdict = match_value(matching, item);
        if (verdict != SHAPE_GOOD)
            return verdict;
    }
    return SHAPE_GOOD;
}

static enum shape_verdict match_item(struct matching *matching, const struct shape_item *item)
{
    switch (item->kind) {
    case ITEM_REST:
        matching->at = matching->count;
        return SHAPE_GOOD;
    case ITEM_WORDS:
        return match_words(matching, item);
    case ITEM_ARGUMENT:
        break;
    }
    if (item->counted)
        return match_counted(matching, item);
    return item->optional && at_end(matching) ? SHAPE_GOOD : match_value(matching, item);
}

static enum shape_verdict match_items(struct matching *matching, size_t first, size_t count)
{
    enum shape_verdict verdict = SHAPE_GOOD;

    for (size_t i = 0; i < count && verdict == SHAPE_GOOD; i++)
        verdict = match_item(matching, &matching->shape->items[first + i]);
    return verdict;
}

/* --- options ---------------------------------------------------------------------------------- */

static const struct shape_option *find_option(const struct shape *shape,
                                              const struct shape_step *step, struct slice argument)
{
    for (size_t i = 0; i < step->count; i++)
        if (is_word(argument, shape->options[step->first + i].word))
            return &shape->options[step->first + i];
    return NULL;
}

/* An option taken before that shares brackets with @p option; NULL: none. */
static const struct shape_option *find_excluded(const struct shape *shape,
                                                const struct shape_step *step, unsigned taken,
                                                const struct shape_option *option)
{
    for (size_t i = 0; i < step->count; i++) {
        const struct shape_option *other = &shape->options[step->first + i];
        if (other != option && taken & 1u << i && other->brackets & option->brackets)
            return other;
    }
    return NULL;
}

static enum shape_verdict match_option(struct matching *matching, const struct shape_step *step,
                                       const struct shape_option *option, unsigned *taken)
{
    const struct shape *shape = matching->shape;
    const struct shape_option *other = find_excluded(shape, step, *taken, option);

    if (other)
        return say(matching, SHAPE_BAD, "%.*s and %.*s exclude each other", SLICE_ARGS(other->word),
                   SLICE_ARGS(option->word));
    *taken |= 1u << (option - &shape->options[step->first]);
    take(matching, NULL);
    if (at_end(matching) && option->count && !shape->items[option->item].optional)
        return say(matching, SHAPE_BAD, "%.*s lacks its %.*s", SLICE_ARGS(option->word),
                   SLICE_ARGS(shape->items[option->item].text));
    return match_items(matching, option->item, option->count);
}

static enum shape_verdict match_options(struct matching *matching, const struct shape_step *step,
                                        bool last)
{
    enum shape_verdict verdict = SHAPE_GOOD;
    unsigned taken = 0;

    while (!at_end(matching) && verdict == SHAPE_GOOD) {
        struct slice argument = matching->arguments[matching->at];
        const struct shape_option *option =
            argument.data ? find_option(matching->shape, step, argument) : NULL;
        if (option)
            verdict = match_option(matching, step, option, &taken);
        else if (!last)
            break;
        else if (!argument.data)
            verdict = say(matching, SHAPE_BAD,
                          "argument %zu must be an option such as %.*s, written out in the file",
                          matching->at, SLICE_ARGS(matching->shape->options[step->first].word));
        else
            verdict = say(matching, SHAPE_UNKNOWN, "argument %zu is no option that penstock knows",
                          matching->at);
    }
    return verdict;
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool is_step_option(const struct matching *matching, const struct shape_step *step)
{
    struct slice argument = matching->arguments[matching->at];

    return step && step->kind == STEP_OPTIONS && argument.data &&
           find_option(matching->shape, step, argument);
}

static enum shape_verdict half_tuple(struct matching *matching, const struct shape_step *step,
                                     size_t given)
{
    const struct shape_item *items = &matching->shape->items[step->first];
    char names[96];
    size_t used = 0;

    for (size_t i = 0; i < step->count; i++)
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%.*s", i ? " " : "",
                                 SLICE_ARGS(items[i].text));
    return say(matching, SHAPE_BAD, "'%s' come together, and the last lacks its %.*s", names,
               SLICE_ARGS(items[given].text));
}

static enum shape_verdict match_tuple(struct matching *matching, const struct shape_step *step,
                                      const struct shape_step *next)
{
    size_t begin = matching->at;

    while (!at_end(matching) && !is_step_option(matching, next)) {
        if (step->count > matching->count - matching->at)
            return half_tuple(matching, step, matching->count - matching->at);
        enum shape_verdict verdict = match_items(matching, step->first, step->count);
        if (verdict != SHAPE_GOOD)
            return verdict;
    }
    if (matching->at == begin && !step->never)
        return say(matching, SHAPE_BAD, "%.*s is missing",
                   SLICE_ARGS(matching->shape->items[step->first].text));
    return SHAPE_GOOD;
}

static enum shape_verdict match_step(struct matching *matching, size_t index)
{
    const struct shape *shape = matching->shape;
    const struct shape_step *step = &shape->steps[index];
    bool last = index + 1 == shape->step_count;

    switch (step->kind) {
    case STEP_OPTIONS:
        return match_options(matching, step, last);
    case STEP_TUPLE:
        return match_tuple(matching, step, last ? NULL : step + 1);
    case STEP_ITEM:
        break;
    }
    return match_items(matching, step->first, step->count);
}

enum shape_verdict shape_match(const struct shape *shape, const struct slice *arguments,
                               size_t count, const struct shape_item **items,
                               struct shape_problem *problem)
{
    struct matching matching = {.shape = shape,
                                .arguments = arguments,
                                .count = count,
                                .at = 1,
                                .items = items,
                                .problem = problem,
                                .counted = -1};
    enum shape_verdict verdict = SHAPE_GOOD;

    for (size_t i = 0; items && i < count; i++)
        items[i] = NULL;
    for (size_t i = 0; i < shape->step_count && verdict == SHAPE_GOOD; i++)
        verdict = match_step(&matching, i);
    if (verdict == SHAPE_GOOD && !at_end(&matching))
        verdict = say(&matching, SHAPE_BAD, "argument %zu is one too many", matching.at);
    return verdict == SHAPE_GOOD && matching.open ? SHAPE_OPEN : verdict;
}

bool shape_repeats_one(const struct shape *shape, struct slice name)
{
    for (size_t i = 0; i < shape->step_count; i++)
        if (shape->steps[i].kind == STEP_TUPLE && shape->steps[i].count == 1 &&
            slice_equal(shape->items[shape->steps[i].first].text, name))
            return true;
    return false;
}
