/* pattern.c: POSIX extended regular expressions over any bytes. */
#include "expr/pattern.h"

#include "base/mem.h"

#include <limits.h>
#include <stdlib.h>

struct pattern {
    regex_t whole;  /* with the places of groups */
    regex_t answer; /* yes or no, several times as fast */
};

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
    else if (pattern_check_cost(copy, err) && compile(&pattern->whole, copy, 0, err)) {
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
