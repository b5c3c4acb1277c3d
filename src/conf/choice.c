/* choice.c: options that take one of some words. */
#include "base/mem.h"
#include "base/text.h"
#include "conf/read.h"

#include <stdlib.h>
#include <string.h>

static size_t count_words(const char *const *words)
{
    size_t count = 0;

    while (words[count])
        count++;
    return count;
}

/* "a, b or c"; free() frees it. */
static char *list_words(const char *const *words, size_t count)
{
    char *text = mem_text(words[0]);

    for (size_t i = 1; i < count; i++) {
        char *longer = mem_format("%s%s%s", text, i + 1 == count ? " or " : ", ", words[i]);
        free(text);
        text = longer;
    }
    return text;
}

static void refuse(const struct loader *loader, const struct option *option,
                   const struct conf_text *text)
{
    const char *const *words = kinds[option->kind].words;
    size_t count = count_words(words);
    const char *nearest = text_nearest(slice_of(text->text), (const char **)words, count);
    char *hint = nearest ? mem_format("did you mean '%s'?", nearest) : NULL;
    char *list = list_words(words, count);

    conf_problem(loader->problems, text->origin, hint, "'%s' must be %s, not '%s'", option->name,
                 list, read_shown(text));
    free(list);
    free(hint);
}

/* The index of the kind's word that the string is; -1 and a problem if it is not one of them. */
static int find_word(const struct loader *loader, const struct option *option,
                     const struct setting *setting, struct conf_text *text)
{
    const char *const *words = kinds[option->kind].words;

    if (!read_text(loader, setting, option->name, text))
        return -1;
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], text->text) == 0)
            return i;
    refuse(loader, option, text);
    return -1;
}

/* The constants of a row of choices.def are the indexes of its words. */
void choice_read(const struct loader *loader, const struct option *option,
                 const struct setting *setting, void *field)
{
    struct conf_text text;
    int index = find_word(loader, option, setting, &text);

    if (index >= 0)
        memcpy(field, &index, sizeof(index));
}

void choice_read_text(const struct loader *loader, const struct option *option,
                      const struct setting *setting, void *field)
{
    struct conf_text text;

    if (find_word(loader, option, setting, &text) >= 0)
        *(struct conf_text *)field = text;
    else
        ((struct conf_text *)field)->refused = true;
}

void choice_write(const struct option *option, const void *field, bool secrets, FILE *out)
{
    int index;

    (void)secrets;
    memcpy(&index, field, sizeof(index));
    fputs(kinds[option->kind].words[index], out);
}
