/* shown.c: commands as you type them in redis-cli. */
#include "cli/shown.h"

#include "base/text.h"

const char *shown_text(const struct conf_text *text)
{
    return text->secret && text->text ? SHOWN_SECRET : text->text;
}

static bool commands_are_secret(const struct conf_commands *commands)
{
    for (size_t i = 0; i < commands->count; i++)
        if (commands->items[i].cmd.secret || commands->items[i].when.secret)
            return true;
    return false;
}

bool shown_topics_are_secret(const struct conf_route *conf)
{
    for (size_t i = 0; i < conf->topics.count; i++)
        if (conf->topics.items[i].secret)
            return true;
    return false;
}

bool shown_route_is_secret(const struct conf_route *conf)
{
    return conf->when.secret || conf->ttl.secret || shown_topics_are_secret(conf) ||
           commands_are_secret(&conf->do_) || commands_are_secret(&conf->del);
}

bool shown_is_secret(const struct conf_route *conf, const struct rendered *rendered)
{
    /* the UNLINK of a tombstone has the key of the one write */
    const struct conf_text *text = rendered->text ? rendered->text : &conf->do_.items[0].cmd;

    return text->secret || conf->ttl.secret || shown_topics_are_secret(conf);
}

struct slice shown_argument(const struct rendered *rendered, size_t index, bool secret)
{
    bool known = index == 0 && rendered->command;

    return secret && !known ? SLICE(SHOWN_SECRET) : rendered->arguments[index];
}

void shown_words(FILE *out, const struct slice *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fputs(i ? " " : "", out);
        text_quote(out, words[i]);
    }
}

void shown_command(const char *lead, const struct conf_route *conf, const struct rendered *rendered)
{
    bool secret = shown_is_secret(conf, rendered);

    fputs(lead, stdout);
    for (size_t i = 0; i < rendered->count; i++) {
        struct slice word = shown_argument(rendered, i, secret);
        fputs(i ? " " : "", stdout);
        shown_words(stdout, &word, 1);
    }
    putchar('\n');
}
