/* expand.c: "${HOME}", "${file:/run/secrets/redis:-}" in the strings of a configuration. */
#include "conf/expand.h"

#include "base/mem.h"
#include "base/slice.h"
#include "conf/inputs.h"
#include "conf/read_file.h"
#include "conf/redact.h"

#include <ctype.h>
#include <stdlib.h>

struct expansion {
    char *text; /* room for EXPAND_BYTES_MAX and a NUL: it never moves, so no copy of a secret stays
                 */
    size_t length;
    bool secret;
    unsigned depth;
    struct inputs *inputs;
};

/* What stands between "${" and "}". */
struct reference {
    struct slice name;  /* of the variable, file or credential */
    char otherwise;     /* '-', '?', or 0 */
    struct slice other; /* the text behind ":-" or ":?" */
};

static bool expand_into(struct expansion *expansion, struct slice text, struct err *err);

static bool expansion_add(struct expansion *expansion, struct slice text, struct err *err)
{
    if (text.length > EXPAND_BYTES_MAX - expansion->length)
        return err_set(err, ERR_CONFIG, "longer than %d bytes when expanded", EXPAND_BYTES_MAX);
    if (text.length)
        memcpy(expansion->text + expansion->length, text.data, text.length);
    expansion->length += text.length;
    return true;
}

/* Splits at the first ":-" or ":?" behind a name, which holds neither. */
static struct reference reference_split(struct slice inside)
{
    struct reference reference = {.name = inside};

    for (size_t i = 0; i + 1 < inside.length; i++) {
        char sign = inside.data[i + 1];
        if (inside.data[i] != ':' || (sign != '-' && sign != '?'))
            continue;
        reference.name.length = i;
        reference.otherwise = sign;
        reference.other = (struct slice){inside.data + i + 2, inside.length - i - 2};
        break;
    }
    return reference;
}

/* What stands instead of a value that is missing or empty; @p what and @p why are for the message.
 */
static bool expand_other(struct expansion *expansion, const struct reference *reference,
                         const char *why, struct err *err)
{
    if (reference->otherwise == '-')
        return expand_into(expansion, reference->other, err);
    if (reference->otherwise == '?' && reference->other.length)
        return err_set(err, ERR_CONFIG, "${%.*s}: %.*s", SLICE_ARGS(reference->name),
                       SLICE_ARGS(reference->other));
    return err_set(err, ERR_CONFIG, "${%.*s}: %s", SLICE_ARGS(reference->name), why);
}

static bool is_variable_name(struct slice name)
{
    for (size_t i = 0; i < name.length; i++)
        if (name.data[i] != '_' && !isalpha((unsigned char)name.data[i]) &&
            (i == 0 || !isdigit((unsigned char)name.data[i])))
            return false;
    return name.length > 0;
}

static bool expand_variable(struct expansion *expansion, const struct reference *reference,
                            struct err *err)
{
    if (!is_variable_name(reference->name))
        return err_set(err, ERR_CONFIG,
                       "'${%.*s}' names no variable, file: or cred:", SLICE_ARGS(reference->name));
    char *name = mem_copy(reference->name.data, reference->name.length);
    const char *value = getenv(name);
    free(name);
    if (!value)
        return expand_other(expansion, reference, "the variable is not set", err);
    if (!*value && reference->otherwise)
        return expand_other(expansion, reference, "the variable is empty", err);
    expansion->secret = expansion->secret || redact_is_secret_name(reference->name);
    return expansion_add(expansion, slice_of(value), err);
}

static bool expand_file(struct expansion *expansion, const struct reference *reference,
                        const char *path, struct err *err)
{
    struct err reason = {0};
    size_t length;
    bool missing;
    inputs_add(expansion->inputs, path);
    char *text = read_file(path, EXPAND_FILE_BYTES_MAX, &length, &missing, &reason);

    if (!text && missing)
        return expand_other(expansion, reference, reason.text, err);
    if (!text)
        return err_set(err, ERR_CONFIG, "${%.*s}: %s", SLICE_ARGS(reference->name), reason.text);
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        text[--length] = '\0';
    expansion->secret = true;
    bool good = length == 0 && reference->otherwise
                    ? expand_other(expansion, reference, "the file is empty", err)
                    : expansion_add(expansion, (struct slice){text, length}, err);
    explicit_bzero(text, length);
    free(text);
    return good;
}

static bool expand_credential(struct expansion *expansion, const struct reference *reference,
                              struct slice name, struct err *err)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");

    if (name.length == 0 || memchr(name.data, '/', name.length) || slice_is(name, "..") ||
        slice_is(name, "."))
        return err_set(err, ERR_CONFIG, "'${%.*s}' is no name of a credential",
                       SLICE_ARGS(reference->name));
    if (!folder || !*folder)
        return expand_other(expansion, reference, "CREDENTIALS_DIRECTORY is not set", err);
    char *path = mem_format("%s/%.*s", folder, SLICE_ARGS(name));
    bool good = expand_file(expansion, reference, path, err);
    free(path);
    return good;
}

/* What stands between the braces, filled in. */
static bool expand_reference(struct expansion *expansion, struct slice inside, struct err *err)
{
    static const char file[] = "file:", credential[] = "cred:";
    struct reference reference = reference_split(inside);
    struct slice name = reference.name;

    if (name.length > 5 && memcmp(name.data, file, 5) == 0) {
        char *path = mem_copy(name.data + 5, name.length - 5);
        bool good = expand_file(expansion, &reference, path, err);
        free(path);
        return good;
    }
    if (name.length >= 5 && memcmp(name.data, credential, 5) == 0)
        return expand_credential(expansion, &reference,
                                 (struct slice){name.data + 5, name.length - 5}, err);
    return expand_variable(expansion, &reference, err);
}

/* The length of what stands between "${" and its "}", inner ones and those of "%{field}" counted;
 * false if none closes it. */
static bool reference_length(struct slice text, size_t *length)
{
    unsigned open = 1;

    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '{' && i > 0 && strchr("$%", text.data[i - 1]))
            open++;
        if (text.data[i] == '}' && --open == 0) {
            *length = i;
            return true;
        }
    }
    return false;
}

static bool expand_step(struct expansion *expansion, struct slice *text, struct err *err)
{
    const char *dollar = memchr(text->data, '$', text->length);
    size_t plain = dollar ? (size_t)(dollar - text->data) : text->length, used = plain, inside;

    if (!expansion_add(expansion, (struct slice){text->data, plain}, err))
        return false;
    struct slice rest = {text->data + plain, text->length - plain};
    if (rest.length > 1 && rest.data[1] == '{') {
        if (!reference_length((struct slice){rest.data + 2, rest.length - 2}, &inside))
            return err_set(err, ERR_CONFIG, "'${' without its '}'");
        if (!expand_reference(expansion, (struct slice){rest.data + 2, inside}, err))
            return false;
        used += inside + 3;
    } else if (rest.length > 0) {
        if (!expansion_add(expansion, SLICE("$"), err))
            return false;
        used += rest.length > 1 && rest.data[1] == '$' ? 2 : 1;
    }
    *text = (struct slice){text->data + used, text->length - used};
    return true;
}

static bool expand_into(struct expansion *expansion, struct slice text, struct err *err)
{
    if (expansion->depth == EXPAND_DEPTH_MAX)
        return err_set(err, ERR_CONFIG, "'${' nested more than %d deep", EXPAND_DEPTH_MAX);
    expansion->depth++;
    while (text.length > 0)
        if (!expand_step(expansion, &text, err))
            return false;
    expansion->depth--;
    return true;
}

char *expand(const char *text, struct inputs *inputs, bool *secret, struct err *err)
{
    struct expansion expansion = {.inputs = inputs};
    char *expanded = NULL;

    if (!strchr(text, '$'))
        return mem_text(text);
    expansion.text = mem_resize(NULL, EXPAND_BYTES_MAX + 1); /* as it is: it is large */
    if (expand_into(&expansion, slice_of(text), err)) {
        expanded = mem_copy(expansion.text, expansion.length);
        *secret = *secret || expansion.secret;
    }
    explicit_bzero(expansion.text, expansion.length);
    free(expansion.text);
    return expanded;
}
