/*
 * fuzz_pattern.c: any pattern on any text: pattern, a line end, text. Both automata agree whether
 * there is a match, and matches follow each other.
 */
#include "expr/pattern.h"

#include <assert.h>
#include <string.h>

enum { TEXT_MOST = 8192 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The matches lie within the text, one behind the other; whether there is one. */
static bool walk(const struct pattern *pattern, struct slice text)
{
    static struct pattern_search search;
    static uint64_t marks[TEXT_MOST / PATTERN_BLOCK + 1];
    bool found = pattern_search(&search, pattern, text, marks);
    int64_t at = 0;

    while (found && at <= (int64_t)text.length && pattern_next(&search, (size_t)at)) {
        const struct pattern_group *whole = &search.groups[0];
        assert(whole->first >= at && whole->end >= whole->first);
        assert(whole->end <= (int64_t)text.length);
        for (int i = 1; i < PATTERN_GROUPS; i++)
            assert(search.groups[i].end <= whole->end);
        at = whole->end + (whole->end == whole->first);
    }
    return found;
}

static void compare(struct slice text, struct slice searched, enum pattern_unit unit)
{
    struct err err = {ERR_NONE, ""};
    struct pattern *one = pattern_new(text, unit, PATTERN_MATCHES, &err);
    struct pattern *all = pattern_new(text, unit, PATTERN_REPLACES, NULL);

    assert((one == NULL) == (err.kind == ERR_CONFIG));
    if (one && all)
        assert(pattern_matches(one, searched) == walk(all, searched));
    pattern_free(one);
    pattern_free(all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *end = memchr(text, '\n', size);
    struct slice pattern = {text, end ? (size_t)(end - text) : size};
    struct slice searched = {end ? end + 1 : "", end ? size - pattern.length - 1 : 0};

    if (searched.length > TEXT_MOST)
        searched.length = TEXT_MOST;
    compare(pattern, searched, PATTERN_TEXT);
    compare(pattern, searched, PATTERN_RAW);
    return 0;
}
