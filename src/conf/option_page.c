/* option_page.c: the options as documentation, written from their rows. */
#include "conf/option_page.h"

#include "conf/option.h"

#include <string.h>

static const char introduction[] =
    "# Configuration\n"
    "\n"
    "*This page is written from the rows of `src/conf/options.def`; a test fails when it is "
    "stale.*\n"
    "\n"
    "A configuration is a [libconfig](https://hyperrealm.github.io/libconfig/) file, in the part "
    "of its language\nthat version 1.5 knows. `penstock check -c FILE` reads one and tells every "
    "mistake at once, with the line.\n"
    "\n"
    "## The language\n"
    "\n"
    "- A group is `{ name = value; ... }`, a list `( ..., ... )`, a list of one type `[ ..., ... "
    "]`. "
    "No comma behind the last element.\n"
    "- Names have letters, digits, `_`, `-` and no dots. Strings stand in double quotes; adjacent "
    "ones are joined, `\"SET a \" \"1\"`.\n"
    "  Inside a string `\\\"`, `\\\\`, `\\n`, `\\r`, `\\t`, `\\f` and `\\x41` mean what they do in "
    "C; any "
    "other backslash stays as it is.\n"
    "- A FLAG is `true` or `false`.\n"
    "- Comments are `# ...`, `// ...` and `/* ... */`.\n"
    "- A DURATION is a string with a unit: `\"500ms\"`, `\"5s\"`, `\"2m\"`, `\"24h\"`, `\"7d\"`. A "
    "SIZE is a number of bytes, or\n  a string: `\"512KiB\"`, `\"64MiB\"`, `\"1GiB\"`, "
    "`\"64MB\"`.\n"
    "- A number beyond 32 bits needs an `L` behind it; without one it is an error here, since "
    "libconfig 1.5 would cut it.\n"
    "- `@include \"other.conf\"` on a line of its own puts another file in place. Its path is "
    "taken "
    "from the folder\n  of the file that names it. Includes may include, ten deep; all files "
    "together have at most 4 MiB.\n"
    "\n"
    "## What is filled in\n"
    "\n"
    "Inside strings, after the file was parsed, so that what is filled in can never become another "
    "setting:\n"
    "\n"
    "| text | becomes |\n"
    "|---|---|\n"
    "| `${VAR}` | the variable of the environment; an error where it is not set |\n"
    "| `${VAR:-text}` | the same, or `text` where it is not set or empty; `text` may hold `${...}` "
    "again |\n"
    "| `${VAR:?message}` | the same, or an error with this message |\n"
    "| `${file:/path}` | the content of the file (at most 64 KiB) without the newlines at its end "
    "|\n"
    "| `${file:/path:-text}` | the same, or `text` where there is no such file or it is empty; one "
    "that cannot be read is an error |\n"
    "| `${cred:name}` | the file `$CREDENTIALS_DIRECTORY/name`, as systemd's `LoadCredential=` "
    "gives "
    "it |\n"
    "| `$$` | a dollar sign; a lone one before anything but `{` stays as it is |\n"
    "\n"
    "Then the text is read as its setting wants it: `workers = \"${WORKERS:-2}\";`. `%{...}` is "
    "not "
    "touched: it is filled\nin for every record. A text that came from a file, a credential or a "
    "variable with a name like `REDIS_PASSWORD` is\nnever shown, nor is the value of a setting "
    "with "
    "such a name or the password in a URL.\n"
    "\n"
    "A string setting that is empty is as if it were not there.\n"
    "\n"
    "## What a change costs\n"
    "\n"
    "The column *change* says what begins anew for another value; for a group, what begins anew "
    "when "
    "one is added or\nremoved. `penstock diff OLD NEW` shows it for two files. penstock reads its "
    "configuration at a start only, so today\na restart puts each change into effect.\n"
    "\n"
    "| change | what begins anew |\n"
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
