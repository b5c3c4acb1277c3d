/* verdict_page.c: the reference page of all answers (docs/reference/replies.md). */
#include "redis/verdict.h"

#include <string.h>

static const char *const shape_words[] = {
    [ANSWER_NEVER] = "any",
    [ANSWER_NIL] = "nil",
    [ANSWER_ZERO] = "0",
    [ANSWER_NEGATIVE] = "-1",
    [ANSWER_NOTHING] = "an empty list, or one of nils",
    [ANSWER_ELEMENT] = "an element 0 or nil",
    [ANSWER_ELEMENT_NEGATIVE] = "an element below 0",
    [ANSWER_ANY] = "any",
};

static const char *const meaning_words[] = {
    [MEANS_DONE] = "done",
    [MEANS_IDLE] = "done: nothing to do",
    [MEANS_OWN] = "done: its own condition",
    [MEANS_SCRIPT] = "done: the script's own",
    [MEANS_REFUSED] = "**refused**",
};

static const char about[] =
    "# Redis' answers\n\n"
    "Generated from `src/redis/reply.def`, `reply_classes.def` and `answers.def`; a test fails "
    "when this page is stale.\n\n"
    "What penstock does when Redis, or a proxy in front of it, answers a command. The tables below "
    "give the meaning\nof each answer, and the servers that were seen to give it.\n\n"
    "| the answer means | what penstock does |\n|---|---|\n";

static const char behind[] =
    "\n"
    "For an exactly-once route the same tables apply to each element of EXEC's answer, and to each "
    "refusal while commands\nare queued. If another list (`TS.MADD`, `BF.MADD`) has an element "
    "that "
    "is an error, the whole record is refused if the\nrecord is at fault; any other error there is "
    "\"unknown\", because the command cannot be retried at once.\n"
    "For a script (`EVAL`, `EVALSHA`, `FCALL`) an error word that the table lacks is the script's "
    "own: \"refused\".\n\n"
    "## Errors\n\n"
    "The first row that matches decides. `...` stands for anything, `N` for a number. If no row "
    "matches an error that begins\nwith `ERR`, penstock looks it up again without `ERR`, because a "
    "proxy may have added it.\n"
    "*Seen at*: \"all\" means redis 6.2.14, 7.0.15 and 8.0.2, valkey 8.1.8 and 9.1.2; the modules "
    "are "
    "RedisJSON 2.8.3,\nRedisBloom 2.8.2, RedisTimeSeries 1.12.2. \"all but redis 6.2\": that "
    "version lacks the command, or the answer was not provoked there. \"source\", \"report\" and "
    "\"manual\": read there, not provoked.\n\n"
    "| error | means | seen at | example |\n|---|---|---|---|\n";

static const char between[] =
    "\n## Answers that are not errors\n\n"
    "Some commands answer nil or 0 if they found nothing to do. The rule: if a command brings a "
    "value, none of it is in Redis\nafterwards, and the command states no condition for that, then "
    "the record is refused. A command that removes what does\nnot exist is done. Any answer that "
    "is "
    "not listed means done, and so does every answer of a command that is not listed.\n\n"
    "| command | answer | means | because |\n|---|---|---|---|\n";

/* "The ... argument" */
static void write_pattern(FILE *out, const char *pattern)
{
    for (; *pattern; pattern++) {
        if (*pattern == '*')
            fputs("...", out);
        else if (*pattern == '#')
            fputc('N', out);
        else
            fputc(*pattern, out);
    }
}

/* A code span may hold the mark that ends it if its own is longer. */
static const char *mark_for(const char *text)
{
    return strchr(text, '`') ? "`` " : "`";
}

static void write_error(FILE *out, const struct reply_row *row)
{
    bool any = strcmp(row->word, "*") == 0;
    const char *mark = mark_for(row->text), *other = mark_for(row->example);

    fprintf(out, "| %s%s%s", mark, any ? "" : row->word, any || !*row->text ? "" : " ");
    write_pattern(out, row->text);
    fprintf(out, "%s | %s | %s | %s%s%s |\n", strlen(mark) > 1 ? " ``" : "`",
            reply_meanings[row->class].word, row->servers, other, row->example,
            strlen(other) > 1 ? " ``" : "`");
}

static void write_answer(FILE *out, const struct answer_row *row)
{
    bool plain = row->shape == ANSWER_NEVER && !*row->text;

    fprintf(out, "| `%s` | %s | %s | ", row->command, shape_words[row->shape],
            meaning_words[row->meaning]);
    fputs(plain ? "the command has run" : row->text, out);
    if (*row->words)
        fprintf(out, "; with one of `%s`: done, its own condition", row->words);
    fputs(" |\n", out);
}

void verdict_write_reference(FILE *out)
{
    size_t errors, answers;
    const struct reply_row *error = reply_rows(&errors);
    const struct answer_row *answer = answer_rows(&answers);

    fputs(about, out);
    for (size_t i = 0; i < REPLY_CLASSES; i++)
        fprintf(out, "| %s | %s |\n", reply_meanings[i].word, reply_meanings[i].text);
    fputs(behind, out);
    for (size_t i = 0; i < errors; i++)
        write_error(out, &error[i]);
    fputs(between, out);
    for (size_t i = 0; i < answers; i++)
        write_answer(out, &answer[i]);
}
