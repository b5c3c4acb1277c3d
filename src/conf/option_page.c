/* option_page.c: the options as documentation, written from their rows. */
#include "conf/option_page.h"

#include "conf/option.h"

#include <string.h>

static const char introduction[] =
    "# Configuration\n"
    "\n"
    "*This page is generated from `src/conf/options.def`; a test fails when it is stale.*\n"
    "\n"
    "A configuration is a [libconfig](https://hyperrealm.github.io/libconfig/) file, in the syntax "
    "of version 1.5.\n"
    "`penstock check FILE` lists every mistake at once, with its line.\n"
    "\n"
    "## The language\n"
    "\n"
    "- A group is `{ name = value; ... }`, a list `( ..., ... )`, a list of one type `[ ..., ... "
    "]`. No comma after the last element.\n"
    "- Names have letters, digits, `_`, `-` and no dots. Strings are in double quotes; adjacent "
    "ones are joined, `\"SET a \" \"1\"`.\n"
    "  Inside a string `\\\"`, `\\\\`, `\\n`, `\\r`, `\\t`, `\\f` and `\\x41` mean what they mean "
    "in C; any other backslash is a backslash.\n"
    "- A FLAG is `true` or `false`.\n"
    "- Comments are `# ...`, `// ...` and `/* ... */`.\n"
    "- A DURATION is a string with a unit: `\"500ms\"`, `\"5s\"`, `\"2m\"`, `\"24h\"`, `\"7d\"`. A "
    "SIZE is a number of bytes, or\n"
    "  a string: `\"512KiB\"`, `\"64MiB\"`, `\"1GiB\"`, `\"64MB\"`.\n"
    "- A number beyond 32 bits needs an `L` after it; without the `L` it is an error, because "
    "libconfig 1.5 would cut it.\n"
    "- `@include \"other.conf\"` on a line of its own inserts another file. Its path is relative "
    "to the folder of the file\n"
    "  that includes it. Includes may be nested, ten deep; all files together have at most 4 MiB.\n"
    "\n"
    "## Variables and secret files\n"
    "\n"
    "penstock replaces these inside strings, after it has parsed the file, so a replacement can "
    "never become another setting:\n"
    "\n"
    "| text | becomes |\n"
    "|---|---|\n"
    "| `${VAR}` | the environment variable; an error if it is not set |\n"
    "| `${VAR:-text}` | the same, or `text` if it is not set or empty; `text` may hold `${...}` "
    "again |\n"
    "| `${VAR:?message}` | the same, or an error with this message |\n"
    "| `${file:/path}` | the content of the file (at most 64 KiB) without the newlines at its end "
    "|\n"
    "| `${file:/path:-text}` | the same, or `text` if there is no such file or it is empty; a file "
    "that cannot be read is an error |\n"
    "| `${cred:name}` | the file `$CREDENTIALS_DIRECTORY/name`, as systemd's `LoadCredential=` "
    "provides it |\n"
    "| `$$` | a dollar sign; a `$` before anything but `{` stays as it is |\n"
    "\n"
    "Then penstock reads the text as the setting's kind: `workers = \"${WORKERS:-2}\";`. It does "
    "not touch `%{...}`, which it\n"
    "replaces for every record. It never shows a text from a file, a credential or a variable with "
    "a name like\n"
    "`REDIS_PASSWORD`, the value of a setting with such a name, or the password in a URL.\n"
    "\n"
    "If a string setting is empty, it counts as not set.\n"
    "\n"
    "## What a change costs\n"
    "\n"
    "*Change* says what starts again if the value changes; for a group, if one is added or "
    "removed.\n"
    "`penstock diff OLD NEW` shows it for two files. penstock reads its configuration only at the "
    "start, so today each\n"
    "change needs a restart.\n"
    "\n"
    "| change | what starts again |\n"
    "|---|---|\n";

/* With separator "|": "stop|skip". */
static void write_words(const char *const *words, const char *separator, FILE *out)
{
    for (size_t i = 0; words[i]; i++)
        fprintf(out, "%s%s", i ? separator : "", words[i]);
}

static const char *const *words_of(const struct option *option)
{
    return option->section ? NULL : kinds[option->kind].words;
}

static const char *word_of(const struct option *option)
{
    return option->section ? "GROUP" : kinds[option->kind].word;
}

static void write_default(const struct option *option, FILE *out)
{
    if (option->default_text == option_required)
        fputs("required", out);
    else if (option->default_text)
        fprintf(out, "`%s`", option->default_text);
}

static void write_range(const struct option *option, FILE *out)
{
    if (words_of(option)) {
        fputc('`', out);
        write_words(words_of(option), "`, `", out);
        fputc('`', out);
    } else if (option->least && option->least[0] && strcmp(option->least, option->most) == 0) {
        fputs(option->least, out);
    } else if (option->least && option->least[0]) {
        fprintf(out, "%s to %s", option->least, option->most);
    }
}

/* A help text inside a table: '|' would end the column. */
static void write_help(const char *help, FILE *out)
{
    for (const char *c = help; *c; c++) {
        if (*c == '|')
            fputc('\\', out);
        fputc(*c, out);
    }
}

static void write_row(const struct option *option, FILE *out)
{
    fprintf(out, "| `%s` | %s | ", option->name, word_of(option));
    write_default(option, out);
    fputs(" | ", out);
    write_range(option, out);
    fprintf(out, " | %s | ", option_changes[option->change].word);
    write_help(option->help, out);
    fputs(option->inherited ? " May stand in `defaults`. |\n" : " |\n", out);
}

static void write_group(enum option_group group, FILE *out)
{
    const struct option_group_text *text = option_group_text(group);
    size_t count;
    const struct option *options = option_all(&count);

    fprintf(out, "\n## %s\n\n%s\n\n", text->title, text->text);
    if (text->where[0])
        fprintf(out, "```\n%s\n```\n\n", text->where);
    fputs("| name | kind | default | range | change | |\n|---|---|---|---|---|---|\n", out);
    for (size_t i = 0; i < count; i++)
        if (options[i].group == group)
            write_row(&options[i], out);
}

void option_page_write(FILE *out)
{
    fputs(introduction, out);
    for (int change = CHANGE_LIVE; change < OPTION_CHANGE_COUNT; change++)
        fprintf(out, "| %s | %s |\n", option_changes[change].word, option_changes[change].text);
    for (int group = 0; group < OPTION_GROUPS; group++)
        write_group((enum option_group)group, out);
}

static void write_option(const struct option *option, FILE *out)
{
    if (option->group != GROUP_top)
        fprintf(out, "%s.", option_group_text(option->group)->name);
    fprintf(out, "%s ", option->name);
    if (words_of(option))
        write_words(words_of(option), "|", out);
    else
        fputs(word_of(option), out);
    fputc(' ', out);
    if (option->default_text == option_required)
        fputs("required  ", out);
    else if (option->default_text)
        fprintf(out, "default \"%s\"  ", option->default_text);
    if (option->change != CHANGE_NEVER)
        fprintf(out, "change %s  ", option_changes[option->change].word);
    fprintf(out, "%s\n", option->help);
}

void option_page_list(FILE *out)
{
    size_t count;
    const struct option *options = option_all(&count);

    for (size_t i = 0; i < count; i++)
        write_option(&options[i], out);
}
