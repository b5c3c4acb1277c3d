/* ctl_text.c: what penstock ctl prints for a person. */
#include "cli/ctl_text.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/figures.h"
#include "codec/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;

/* --- reading ---------------------------------------------------------------------------------- */

static const struct value *read_object(struct slice json)
{
    struct err err;
    const struct value *value = json_decode(json, &arena, &err);

    return value && value->type == VALUE_OBJECT ? value : NULL;
}

static const struct value *member(const struct value *object, const char *name)
{
    return object && object->type == VALUE_OBJECT ? value_member(object, slice_of(name)) : NULL;
}

/* "-" for what is null or not there. */
static const char *text_of(const struct value *value)
{
    struct err err;

    if (!value || value->type == VALUE_NULL)
        return "-";
    struct slice text = value_text(value, &arena, &err);
    return text.data ? arena_copy(&arena, text.data, text.length) : "-";
}

static const char *text_at(const struct value *object, const char *name)
{
    return text_of(member(object, name));
}

static bool is_true(const struct value *object, const char *name)
{
    const struct value *value = member(object, name);

    return value && value->type == VALUE_TRUE;
}

static double number_at(const struct value *object, const char *name)
{
    const struct value *value = member(object, name);

    return value && value->type == VALUE_NUMBER ? strtod(text_of(value), NULL) : -1;
}

static const char *count_at(const struct value *object, const char *name)
{
    char text[FIGURE_BYTES];

    figure_count(text, number_at(object, name));
    return arena_copy(&arena, text, strlen(text));
}

static const char *seconds_at(const struct value *object, const char *name)
{
    double seconds = number_at(object, name);
    char text[FIGURE_BYTES];

    figure_duration(text, seconds < 0 ? -1 : (int64_t)(seconds * 1000));
    return arena_copy(&arena, text, strlen(text));
}

/* --- tables ----------------------------------------------------------------------------------- */

enum { COLUMNS = 9 };

struct column {
    const char *title;
    bool number; /* aligned to the right */
};

struct table {
    const struct column *columns;
    size_t column_count;
    const char *(*rows)[COLUMNS];
    size_t count, capacity;
};

static const char **table_row(struct table *table)
{
    table->rows = mem_grow(table->rows, table->count, &table->capacity, sizeof(*table->rows));
    return table->rows[table->count++];
}

static void print_cells(const struct table *table, const int *widths, const char *const *cells)
{
    for (size_t i = 0; i < table->column_count; i++) {
        bool last = i + 1 == table->column_count;
        int width = table->columns[i].number ? widths[i] : last ? 0 : -widths[i];
        printf("%s%*s", i ? "  " : "", width, cells[i]);
    }
    putchar('\n');
}

static void table_print(struct table *table)
{
    const char *titles[COLUMNS];
    int widths[COLUMNS];

    for (size_t i = 0; i < table->column_count; i++) {
        titles[i] = table->columns[i].title;
        widths[i] = (int)strlen(titles[i]);
        for (size_t j = 0; j < table->count; j++)
            if ((int)strlen(table->rows[j][i]) > widths[i])
                widths[i] = (int)strlen(table->rows[j][i]);
    }
    print_cells(table, widths, titles);
    for (size_t j = 0; j < table->count; j++)
        print_cells(table, widths, table->rows[j]);
    free(table->rows);
}

/* --- the answers ------------------------------------------------------------------------------ */

static const char *join(const struct value *list)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    const struct value *item = list ? value_first(list) : NULL;

    for (uint32_t i = 0; list && i < list->count; i++, item = value_next(item))
        fprintf(out, "%s%s", i ? "," : "", text_of(item));
    fclose(out);
    const char *joined = arena_copy(&arena, text, length);
    free(text);
    return joined;
}

static bool is_list(const struct value *value)
{
    return value && value->type == VALUE_ARRAY;
}

static void print_lines(const char *head, const struct value *list)
{
    const struct value *item = is_list(list) ? value_first(list) : NULL;

    for (uint32_t i = 0; item && i < list->count; i++, item = value_next(item))
        printf("%s%s\n", head, text_of(item));
}

bool ctl_print_status(struct slice json)
{
    const struct value *status = read_object(json);
    const struct value *records = member(status, "records");
    char up[FIGURE_BYTES];

    if (!member(status, "ready"))
        return false;
    figure_duration(up, (int64_t)(number_at(status, "time_ms") - number_at(status, "started_ms")));
    printf("%s\n", is_true(status, "ready") ? "ready" : "not ready");
    print_lines("  ", member(status, "reasons"));
    printf("process     penstock %s, pid %s, for %s\n", text_at(status, "version"),
           text_at(status, "pid"), up);
    printf("file        %s%s\n", text_at(member(status, "configuration"), "file"),
           is_true(member(status, "configuration"), "restart_needed")
               ? ", with changes that need a restart"
               : "");
    printf("partitions  %s, %s held, %s paused\n", text_at(status, "partitions"),
           text_at(status, "held"), text_at(status, "paused"));
    printf("behind      %s record%s, %s\n", count_at(status, "lag_records"),
           number_at(status, "lag_records") == 1 ? "" : "s", seconds_at(status, "lag_seconds"));
    printf("records     %s written, %s filtered, %s dropped, %s dead-lettered, %s in flight\n",
           count_at(records, "written"), count_at(records, "filtered"),
           count_at(records, "dropped"), count_at(records, "dead_lettered"),
           count_at(records, "in_flight"));
    return true;
}

bool ctl_print_routes(struct slice json)
{
    static const struct column columns[] = {
        {"ROUTE", false},  {"STATE", false},  {"FROM", false},  {"TO", false},    {"WRITTEN", true},
        {"DROPPED", true}, {"LETTERS", true}, {"FLIGHT", true}, {"TOPICS", false}};
    struct table table = {columns, sizeof(columns) / sizeof(columns[0]), NULL, 0, 0};
    const struct value *list = member(read_object(json), "routes");
    const struct value *route = is_list(list) ? value_first(list) : NULL;

    for (uint32_t i = 0; route && i < list->count; i++, route = value_next(route)) {
        const struct value *records = member(route, "records");
        const char **row = table_row(&table);
        row[0] = text_at(route, "name");
        row[1] = is_true(route, "paused") ? "paused" : "running";
        row[2] = text_at(route, "from");
        row[3] = text_at(route, "to");
        row[4] = count_at(records, "written");
        row[5] = count_at(records, "dropped");
        row[6] = count_at(records, "dead_lettered");
        row[7] = count_at(records, "in_flight");
        row[8] = join(member(route, "topics"));
    }
    if (is_list(list))
        table_print(&table);
    return is_list(list);
}

static const char *state_of(const struct value *partition)
{
    if (!is_true(partition, "assigned"))
        return "elsewhere";
    if (is_true(partition, "held"))
        return is_true(partition, "paused") ? "held,paused" : "held";
    return is_true(partition, "paused") ? "paused" : "running";
}

bool ctl_print_partitions(struct slice json)
{
    static const struct column columns[] = {
        {"TOPIC", false},   {"PARTITION", true}, {"STATE", false},
        {"POSITION", true}, {"COMMITTED", true}, {"END", true},
        {"LAG", true},      {"BEHIND", true},    {"REASON", false}};
    struct table table = {columns, sizeof(columns) / sizeof(columns[0]), NULL, 0, 0};
    const struct value *list = member(read_object(json), "partitions");
    const struct value *partition = is_list(list) ? value_first(list) : NULL;

    for (uint32_t i = 0; partition && i < list->count; i++, partition = value_next(partition)) {
        const char **row = table_row(&table);
        const char *reason = text_at(partition, "reason");
        row[0] = text_at(partition, "topic");
        row[1] = text_at(partition, "partition");
        row[2] = state_of(partition);
        row[3] = text_at(partition, "position");
        row[4] = text_at(partition, "committed");
        row[5] = text_at(partition, "end");
        row[6] = text_at(partition, "lag_records");
        row[7] = seconds_at(partition, "lag_seconds");
        row[8] = strcmp(reason, "-") == 0 ? "" : reason;
    }
    if (is_list(list))
        table_print(&table);
    return is_list(list);
}

bool ctl_print_reload(struct slice json)
{
    const struct value *reload = read_object(json);

    if (!ctl_print_message(json))
        return false;
    print_lines("  ", member(reload, "changes"));
    print_lines("  needs a restart: ", member(reload, "restart"));
    return true;
}

bool ctl_print_message(struct slice json)
{
    const struct value *message = member(read_object(json), "message");

    if (message)
        puts(text_of(message));
    return message;
}

void ctl_print_refusal(struct slice json)
{
    const struct value *refusal = read_object(json);
    const struct value *mistakes = member(refusal, "mistakes");
    const struct value *item = is_list(mistakes) ? value_first(mistakes) : NULL;

    fprintf(stderr, "penstock ctl: %s\n", text_at(refusal, "message"));
    for (uint32_t i = 0; item && i < mistakes->count; i++, item = value_next(item))
        fprintf(stderr, "%s\n", text_of(item));
}
