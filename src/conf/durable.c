/* durable.c: how durable a write must be before its offset is committed. */
#include "conf/durable.h"

#include "base/text.h"
#include "conf/read.h"

#include <inttypes.h>
#include <string.h>

enum {
    ARGUMENTS_MAX = 3,
    REPLICAS_MAX = 64,
    TIMEOUT_LEAST_MS = 1, /* 0 means for ever to Redis */
    TIMEOUT_MOST_MS = 60000
};

static const char form[] =
    "must be none, wait(REPLICAS, TIMEOUT) or waitaof(LOCAL, REPLICAS, TIMEOUT)";

static struct slice trim(struct slice text)
{
    while (text.length && text.data[0] == ' ')
        text = (struct slice){text.data + 1, text.length - 1};
    while (text.length && text.data[text.length - 1] == ' ')
        text.length--;
    return text;
}

/* "a, b, c)" to the end; their number, one more than would fit if there are too many; -1: not
 * this form. */
static int split(const char *text, struct slice arguments[ARGUMENTS_MAX])
{
    size_t length = strlen(text);
    int count = 0;

    if (!length || text[length - 1] != ')')
        return -1;
    for (const char *end = text + length - 1; text <= end; count++) {
        size_t part = strcspn(text, ",)");
        if (text + part < end && text[part] == ')')
            return -1;
        if (count == ARGUMENTS_MAX)
            return count + 1;
        arguments[count] = trim((struct slice){text, part});
        text += part + 1;
    }
    return count;
}

static bool read_count(struct slice text, const char *name, int64_t least, int64_t most,
                       int64_t *count, struct err *err)
{
    if (text_integer(text, count) && *count >= least && *count <= most)
        return true;
    return err_set(err, ERR_CONFIG, "needs a whole number from %d to %d as %s", (int)least,
                   (int)most, name);
}

static bool read_timeout(struct slice text, int64_t *timeout_ms, struct err *err)
{
    if (text_duration(text, timeout_ms) && *timeout_ms >= TIMEOUT_LEAST_MS &&
        *timeout_ms <= TIMEOUT_MOST_MS)
        return true;
    return err_set(err, ERR_CONFIG, "needs a duration from 1ms to 60s as TIMEOUT");
}

static bool read_wait(const char *text, struct conf_durable *durable, struct err *err)
{
    struct slice arguments[ARGUMENTS_MAX];

    if (split(text, arguments) != 2)
        return err_set(err, ERR_CONFIG, "must say wait(REPLICAS, TIMEOUT), as wait(1, 500ms)");
    return read_count(arguments[0], "REPLICAS", 1, REPLICAS_MAX, &durable->replicas, err) &&
           read_timeout(arguments[1], &durable->timeout, err);
}

static bool read_waitaof(const char *text, struct conf_durable *durable, struct err *err)
{
    struct slice arguments[ARGUMENTS_MAX];

    if (split(text, arguments) != 3)
        return err_set(err, ERR_CONFIG,
                       "must say waitaof(LOCAL, REPLICAS, TIMEOUT), as waitaof(1, 1, 500ms)");
    if (!read_count(arguments[0], "LOCAL", 0, 1, &durable->local, err) ||
        !read_count(arguments[1], "REPLICAS", 0, REPLICAS_MAX, &durable->replicas, err) ||
        !read_timeout(arguments[2], &durable->timeout, err))
        return false;
    if (!durable->local && !durable->replicas)
        return err_set(err, ERR_CONFIG, "waits for nothing: LOCAL and REPLICAS are both 0");
    return true;
}

bool durable_parse(const char *text, struct conf_durable *durable, struct err *err)
{
    struct conf_durable read = {0};
    bool good;

    if (strcmp(text, "none") == 0) {
        good = true;
    } else if (strncmp(text, "wait(", 5) == 0) {
        read.kind = DURABLE_WAIT;
        good = read_wait(text + 5, &read, err);
    } else if (strncmp(text, "waitaof(", 8) == 0) {
        read.kind = DURABLE_WAITAOF;
        good = read_waitaof(text + 8, &read, err);
    } else {
        return err_set(err, ERR_CONFIG, "%s", form);
    }
    if (good)
        *durable = read;
    return good;
}

void durable_read(const struct loader *loader, const struct option *option,
                  const struct setting *setting, void *field)
{
    struct conf_text text;
    struct err err = {0};

    if (!read_text(loader, setting, option->name, &text) || !text.text[0])
        return;
    if (!durable_parse(text.text, field, &err))
        conf_problem(loader->problems, setting->origin, NULL, "'%s' %s, not '%s'", option->name,
                     err.text, read_shown(&text));
}

void durable_write(const struct option *option, const void *field, bool secrets, FILE *out)
{
    const struct conf_durable *durable = field;

    switch (durable->kind) {
    case DURABLE_NONE:
        fputs("none", out);
        return;
    case DURABLE_WAIT:
        fprintf(out, "wait(%" PRId64 ", ", durable->replicas);
        break;
    case DURABLE_WAITAOF:
        fprintf(out, "waitaof(%" PRId64 ", %" PRId64 ", ", durable->local, durable->replicas);
        break;
    }
    number_write_duration(option, &durable->timeout, secrets, out);
    fputc(')', out);
}
