/* unit.c: consecutive records of one partition that are carried out together. */
#include "redis/unit.h"

#include "base/mem.h"
#include "redis/resp.h"

#include <assert.h>
#include <stdlib.h>

enum { LEAST_CAPACITY = 512 };

static void unit_reserve(struct unit *unit, size_t bound)
{
    size_t wanted = unit->capacity ? unit->capacity : (size_t)LEAST_CAPACITY;

    while (wanted - unit->length < bound)
        wanted *= 2;
    if (wanted == unit->capacity)
        return;
    unit->bytes = mem_resize(unit->bytes, wanted);
    unit->capacity = wanted;
}

void unit_put(struct unit *unit, unsigned place, const struct slice *arguments, size_t count,
              uint32_t command, uint32_t ticket)
{
    size_t bound = resp_bound(arguments, count);

    if (unit->capacity - unit->length < bound)
        unit_reserve(unit, bound);
    if (unit->count == unit->command_capacity)
        unit->commands =
            mem_grow(unit->commands, unit->count, &unit->command_capacity, sizeof(*unit->commands));
    char *begin = unit->bytes + unit->length;
    size_t length = (size_t)(resp_encode(begin, arguments, count) - begin);
    assert(length <= UINT32_MAX);
    unit->commands[unit->count++] = (struct unit_command){(uint32_t)length, ticket, command, place};
    unit->length += length;
}

void unit_commit(struct unit *unit, const struct unit_record *record, uint64_t kept, bool noted)
{
    if (unit->count > unit->committed || kept || noted) {
        unit->entries = mem_grow(unit->entries, unit->entry_count, &unit->entry_capacity,
                                 sizeof(*unit->entries));
        unit->entries[unit->entry_count++] = (struct unit_entry){*record, unit->count, kept};
    }
    unit->end = unit->length;
    unit->committed = unit->count;
    if (!unit->records++ || record->offset < unit->begin)
        unit->begin = record->offset;
    if (record->offset < unit->next)
        return;
    unit->next = record->offset + 1;
    unit->leader = record->leader_epoch;
    unit->witness = record->witness;
}

void unit_rollback(struct unit *unit)
{
    unit->length = unit->end;
    unit->count = unit->committed;
}

struct session_command unit_command_of(const struct unit *unit, size_t command)
{
    return (struct session_command){(uint64_t)unit->number << 32 | command,
                                    unit->commands[command].ticket, unit->commands[command].length};
}

struct slice unit_bytes_of(const struct unit *unit, size_t command)
{
    size_t from = 0;

    for (size_t i = 0; i < command; i++)
        from += unit->commands[i].length;
    return (struct slice){unit->bytes + from, unit->commands[command].length};
}

struct unit_entry *unit_entry_of(struct unit *unit, size_t command)
{
    size_t low = 0, high = unit->entry_count - 1;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (unit->entries[middle].end > command)
            high = middle;
        else
            low = middle + 1;
    }
    return &unit->entries[low];
}

void unit_add_error(struct unit *unit, size_t command, enum reply_class class, const char *text)
{
    unit->errors =
        mem_grow(unit->errors, unit->error_count, &unit->error_capacity, sizeof(*unit->errors));
    unit->errors[unit->error_count++] = (struct unit_error){command, class, mem_text(text)};
}

void unit_forget_errors(struct unit *unit)
{
    for (size_t i = 0; i < unit->error_count; i++)
        free(unit->errors[i].text);
    unit->error_count = unit->told = 0;
}

/* How many of the errors concern commands before @p command. */
static size_t unit_refused_before(const struct unit *unit, size_t command)
{
    size_t count = 0;

    while (count < unit->error_count && unit->errors[count].command < command)
        count++;
    return count;
}

void unit_remove_refused(struct unit *unit)
{
    size_t kept = 0, kept_end = 0, from = 0, error = 0;

    for (size_t i = 0; i < unit->entry_count; i++)
        unit->entries[i].end -= unit_refused_before(unit, unit->entries[i].end);
    for (size_t i = 0; i < unit->committed; i++) {
        struct unit_command command = unit->commands[i];
        if (error < unit->error_count && unit->errors[error].command == i) {
            error++;
        } else {
            memmove(unit->bytes + kept_end, unit->bytes + from, command.length);
            kept_end += command.length;
            unit->commands[kept++] = command;
        }
        from += command.length;
    }
    unit->count = unit->committed = kept;
    unit->length = unit->end = kept_end;
    unit_forget_errors(unit);
}

/* Moves the commands [@p from, committed) of @p unit, whose bytes begin at @p begin. */
static void unit_move(struct unit *unit, size_t from, size_t begin, struct unit *rest)
{
    size_t count = unit->committed - from;

    rest->length = rest->end = 0;
    unit_reserve(rest, unit->end - begin);
    memcpy(rest->bytes, unit->bytes + begin, unit->end - begin);
    rest->length = rest->end = unit->end - begin;
    if (rest->command_capacity < count) {
        rest->commands = mem_resize(rest->commands, count * sizeof(*rest->commands));
        rest->command_capacity = count;
    }
    memcpy(rest->commands, unit->commands + from, count * sizeof(*rest->commands));
    rest->count = rest->committed = count;
    unit->length = unit->end = begin;
    unit->count = unit->committed = from;
}

void unit_split(struct unit *unit, struct unit *rest)
{
    const struct unit_record first = unit->entries[0].record;
    size_t from = unit->entries[0].end, begin = 0;

    for (size_t i = 0; i < from; i++)
        begin += unit->commands[i].length;
    unit_move(unit, from, begin, rest);
    for (size_t i = 1; i < unit->entry_count; i++) {
        const struct unit_entry *entry = &unit->entries[i];
        rest->entries = mem_grow(rest->entries, rest->entry_count, &rest->entry_capacity,
                                 sizeof(*rest->entries));
        rest->entries[rest->entry_count++] =
            (struct unit_entry){entry->record, entry->end - from, entry->kept};
        if (i == 1 || entry->record.offset < rest->begin)
            rest->begin = entry->record.offset;
    }
    rest->records = unit->records - 1;
    rest->next = unit->next;
    rest->leader = unit->leader;
    rest->witness = unit->witness;
    unit->entry_count = unit->records = 1;
    unit->next = first.offset + 1;
    unit->leader = first.leader_epoch;
    unit->witness = first.witness;
}

void unit_cut(struct unit *unit, size_t entry)
{
    struct unit_record cut = unit->entries[entry].record;
    const struct unit_entry *before = entry ? &unit->entries[entry - 1] : NULL;

    unit->records = unit->entry_count = entry;
    unit->count = unit->committed = before ? before->end : 0;
    unit->length = unit->end = 0;
    for (size_t i = 0; i < unit->count; i++)
        unit->length = unit->end += unit->commands[i].length;
    unit->next = cut.offset;
    unit->leader = before ? before->record.leader_epoch : -1;
    unit->witness = (struct checkpoint_witness){0};
    if (before && before->record.offset + 1 == cut.offset)
        unit->witness = before->record.witness;
}

void unit_reset(struct unit *unit, size_t ordinary)
{
    unit_forget_errors(unit);
    unit->length = unit->count = unit->entry_count = unit->end = unit->committed = 0;
    unit->records = 0;
    unit->next = 0;
    unit->closed = false;
    unit->next_unit = NULL;
    if (unit->capacity <= ordinary)
        return;
    free(unit->bytes);
    unit->bytes = NULL;
    unit->capacity = 0;
}

void unit_free(struct unit *unit)
{
    unit_forget_errors(unit);
    free(unit->bytes);
    free(unit->commands);
    free(unit->entries);
    free(unit->errors);
    free(unit);
}
