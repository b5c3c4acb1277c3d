/* write.c: a field as text, for a person to read: words, names and lists of them. */
#include "conf/write.h"

#include "base/text.h"
#include "conf/kind.h"

void write_one(const struct conf_text *text, bool secrets, FILE *out)
{
    if (text->text && text->secret && !secrets)
        fputs("***", out);
    else if (text->text)
        text_quote(out, slice_of(text->text));
}

void write_text(const struct option *option, const void *field, bool secrets, FILE *out)
{
    (void)option;
    write_one(field, secrets, out);
}

void write_flag(const struct option *option, const void *field, bool secrets, FILE *out)
{
    (void)option, (void)secrets;
    fputs(*(const bool *)field ? "true" : "false", out);
}

void write_name(const struct option *option, const void *field, bool secrets, FILE *out)
{
    const char *name = *(char *const *)field;

    (void)option, (void)secrets;
    if (name)
        fputs(name, out);
}

void write_source(const struct option *option, const void *field, bool secrets, FILE *out)
{
    const struct conf_source *source = *(struct conf_source *const *)field;

    (void)option, (void)secrets;
    if (source)
        fputs(source->name, out);
}

void write_sink(const struct option *option, const void *field, bool secrets, FILE *out)
{
    const struct conf_sink *sink = *(struct conf_sink *const *)field;

    (void)option, (void)secrets;
    if (sink)
        fputs(sink->name, out);
}

void write_names(const struct option *option, const void *field, bool secrets, FILE *out)
{
    const struct conf_names *names = field;

    (void)option, (void)secrets;
    for (size_t i = 0; i < names->count; i++) {
        fputs(i ? ", " : "", out);
        text_quote(out, slice_of(names->items[i]));
    }
}

void write_topics(const struct option *option, const void *field, bool secrets, FILE *out)
{
    const struct conf_texts *topics = field;

    (void)option;
    for (size_t i = 0; i < topics->count; i++) {
        fputs(i ? ", " : "", out);
        write_one(&topics->items[i], secrets, out);
    }
}
