/* pattern.c: POSIX extended regular expressions over any bytes. */
#include "expr/pattern.h"

#include "base/mem.h"

#include <limits.h>
#include <stdlib.h>

enum { PATTERN_BYTES = 1000, SIZE_LIMIT = 1000 };

struct pattern {
    regex_t whole;  /* with the places of groups */
    regex_t answer; /* yes or no, several times as fast */
};

/* A pattern while its size is reckoned: what regcomp() makes of it, "{n}" and "+" being written
 * out.
 */
struct size {
    size_t before[PATTERN_BYTES + 1]; /* of each group that is open, and of the whole */
    size_t depth;
    size_t last; /* of the atom that a repeat would concern */
};

/* The highest count within "{...}" at @p at, at least 1. */
static size_t repeat_count(const char *at)
{
    size_t highest = 1, count = 0;

    for (at++; *at && *at != '}'; at++) {
        count = *at >= '0' && *at <= '9' ? count * 10 + (size_t)(*at - '0') : 0;
        if (count > SIZE_LIMIT)
            return SIZE_LIMIT + 1;
        highest = count > highest ? count : highest;
    }
    return highest + (at[-1] == ','); /* "{n,}" is n times, then any number */
}

/* The "]" that ends the brackets at @p at, or the end of the text. */
static const char *brackets_end(const char *at)
{
    at += at[1] == '^' ? 2 : 1;
    at += *at == ']';
    while (*at && *at != ']') {
        const char *kind = *at == '[' && at[1] ? strchr(":.=", at[1]) : NULL;
        const char *end = kind ? strstr(at + 2, (char[]){*kind, ']', '\0'}) : NULL;
        at = end ? end + 2 : at + 1;
    }
    return at;
}

static size_t at_most_limit(size_t size)
{
    return size > SIZE_LIMIT ? SIZE_LIMIT + 1 : size;
}

static void size_atom(struct size *size)
{
    size->before[size->depth] = at_most_limit(size->before[size->depth] + size->last);
    size->last = 1;
}

/* Reckons with what is at @p at; the last byte of it. */
static const char *size_step(struct size *size, const char *at)
{
    switch (*at) {
    case '(':
        size_atom(size);
        size->before[++size->depth] = 0;
        return at;
    case ')':
        size_atom(size);
        if (size->depth)
            size->last = size->before[size->depth--];
        return at;
    case '{':
        size->last = at_most_limit(size->last * repeat_count(at));
        return at;
    case '+': /* "a+" is compiled as "aa*" */
        size->last = at_most_limit(size->last * 2);
        return at;
    case '[':
        size_atom(size);
        at = brackets_end(at);
        return *at ? at : at - 1;
    case '\\':
        size_atom(size);
        return at[1] ? at + 1 : at;
    default:
        size_atom(size);
        return at;
    }
}

static bool check_cost(const char *text, struct err *err)
{
    struct size size = {.depth = 0};

    for (const char *at = text; *at; at++) {
        if (*at == '\\' && at[1] >= '1' && at[1] <= '9')
            return err_set(err, ERR_CONFIG, "a pattern may not refer back to its own groups");
        at = size_step(&size, at);
    }
    while (size.depth)
        size_step(&size, ")");
    size_atom(&size);
    return size.before[0] <= SIZE_LIMIT ||
           err_set(err, ERR_CONFIG, "a pattern of more than %d characters, its repeats written out",
                   SIZE_LIMIT);
}

static bool compile(regex_t *regex, const char *text, int flags, struct err *err)
{
    char reason[128];
    int status = regcomp(regex, text, REG_EXTENDED | flags);

    if (!status)
        return true;
    regerror(status, regex, reason, sizeof(reason));
    return err_set(err, ERR_CONFIG, "bad pattern: %s", reason);
}

struct pattern *pattern_new(struct slice text, struct err *err)
{
    struct pattern *pattern = mem_new(struct pattern);
    char *copy = mem_copy(text.data, text.length);
    bool good = false;

    if (text.length > PATTERN_BYTES)
        err_set(err, ERR_CONFIG, "a pattern of more than %d bytes", PATTERN_BYTES);
    else if (strlen(copy) < text.length)
        err_set(err, ERR_CONFIG, "a pattern cannot hold a NUL");
    else if (check_cost(copy, err) && compile(&pattern->whole, copy, 0, err)) {
        good = compile(&pattern->answer, copy, REG_NOSUB, err);
        if (!good)
            regfree(&pattern->whole);
    }
    free(copy);
    if (good)
        return pattern;
    free(pattern);
    return NULL;
}

void pattern_free(struct pattern *pattern)
{
    if (!pattern)
        return;
    regfree(&pattern->whole);
    regfree(&pattern->answer);
    free(pattern);
}

size_t pattern_groups(const struct pattern *pattern)
{
    return pattern->whole.re_nsub;
}

/* REG_STARTEND: the text may hold NULs. The one behind it is for those who do not know the flag, as
 * AddressSanitizer does not. */
static bool find(const regex_t *regex, struct slice text, size_t start, regmatch_t *groups)
{
    if (text.length > INT_MAX)
        return false;
    groups[0].rm_so = (regoff_t)start;
    groups[0].rm_eo = (regoff_t)text.length;
    return regexec(regex, text.data, PATTERN_GROUPS, groups,
                   REG_STARTEND | (start ? REG_NOTBOL : 0)) == 0;
}

bool pattern_matches(const struct pattern *pattern, struct slice text)
{
    regmatch_t groups[PATTERN_GROUPS];

    return find(&pattern->answer, text, 0, groups);
}

bool pattern_find(const struct pattern *pattern, struct slice text, size_t start,
                  regmatch_t groups[PATTERN_GROUPS])
{
    return find(&pattern->whole, text, start, groups);
}
