/* explained_text.c: prints what a route makes of one record, for a person. */
#include "base/text.h"
#include "cli/explained.h"
#include "cli/shown.h"

static void write_route(const struct explained *explained, FILE *out)
{
    const struct conf_route *conf = explained->route->conf;

    fprintf(out, "route %s  %s:%u   ", conf->name, conf->origin.file, conf->origin.line);
    for (size_t i = 0; i < conf->topics.count; i++)
        fprintf(out, "%s%s", i ? ", " : "", shown_text(&conf->topics.items[i]));
    fprintf(out, " -> %s  %s\n", conf->to->name, explained_delivery(explained));
}

/* If the record could not be decoded, the error says enough. */
static void write_fields(const struct explained *explained, FILE *out)
{
    bool decoded = !explained->failed || explained->stage != STAGE_DECODE;

    fputs("  reads     ", out);
    for (size_t i = 0; i < explained->field_count; i++)
        fprintf(out, "%s%s%s", i ? " " : "", explained->fields[i].name,
                explained->fields[i].found || !decoded ? "" : "(missing)");
    fprintf(out, "%s  (%s)\n", explained->field_count ? "" : "nothing",
            explained->route->value_decoder.codec->name);
}

/* The fields that "%{*}" leaves out, with their types. */
static void write_left(const struct explained *explained, FILE *out)
{
    for (size_t i = 0; i < explained->left_count; i++) {
        const struct explained_left *left = &explained->left[i];
        fputs(i ? ", " : "  left out  ", out);
        text_quote(out, left->name);
        fprintf(out, " (%s)", left->type);
    }
    if (explained->left_count)
        fputs(": %{*} writes texts, numbers, true and false\n", out);
}

static void write_arrays(const struct explained *explained, FILE *out)
{
    for (size_t i = 0; i < explained->array_count; i++) {
        const struct explained_array *array = &explained->arrays[i];
        fprintf(out, "  note      %s is an array: %s gets its JSON text as one %s\n", array->name,
                array->command, array->argument);
    }
}

static void write_conditions(const struct explained *explained, FILE *out)
{
    for (size_t i = 0; i < explained->condition_count; i++) {
        const struct explained_condition *condition = &explained->conditions[i];
        fprintf(out, "  when      %s  %s\n", condition->text,
                !condition->evaluated ? "not evaluated: a tombstone has no value"
                : condition->holds    ? "true"
                                      : "false");
    }
}

static void write_commands(const struct explained *explained, FILE *out)
{
    for (size_t i = 0; i < explained->command_count; i++) {
        fputs("  command   ", out);
        shown_words(out, explained->commands[i].arguments, explained->commands[i].count);
        fputc('\n', out);
    }
    if (!explained->command_count)
        return;
    fputs("  keys      ", out);
    shown_words(out, explained->keys, explained->key_count);
    fputs(explained->key_count ? "\n" : "none\n", out);
}

static void write_outcome(const struct explained *explained, FILE *out)
{
    static const char *const texts[] = {
        [EXPLAINED_FILTERED] = "filtered: no command runs: ",
        [EXPLAINED_DROPPED] = "the record is dropped and counted",
        [EXPLAINED_DEAD_LETTERED] = "the record goes to the dlq",
        [EXPLAINED_HELD] = "penstock holds the partition at this record",
        [EXPLAINED_NOT_TAKEN] = "not read: ",
    };

    if (explained->failed)
        fprintf(out, "  error     %s\n", explained->error);
    if (explained->outcome != EXPLAINED_WRITTEN)
        fprintf(out, "  outcome   %s%s\n", texts[explained->outcome],
                explained->why ? explained->why : "");
}

void explained_write_text(const struct explained *explained, FILE *out)
{
    write_route(explained, out);
    if (explained->outcome != EXPLAINED_NOT_TAKEN)
        write_fields(explained, out);
    write_left(explained, out);
    write_arrays(explained, out);
    write_conditions(explained, out);
    write_commands(explained, out);
    write_outcome(explained, out);
}
