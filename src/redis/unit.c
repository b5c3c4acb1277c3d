/* unit.c: consecutive records of one partition that are carried out together. */
#include "redis/unit.h"

#include "base/mem.h"

#include <stdlib.h>

void unit_commit(struct unit *unit, const struct unit_record *record, uint64_t kept, bool noted)
{
    struct queue *queue = &unit->queue;

    if (queue->count > queue->committed || kept || noted) {
        unit->entries = mem_grow(unit->entries, unit->entry_count, &unit->entry_capacity,
                                 sizeof(*unit->entries));
        unit->entries[unit->entry_count++] = (struct unit_entry){*record, queue->count, kept};
    }
    queue_commit(queue);
    if (!unit->records++ || record->offset < unit->begin)
        unit->begin = record->offset;
    if (record->offset < unit->next)
        return;
    unit->next = record->offset + 1;
    unit->leader = record->leader_epoch;
    unit->witness = record->witness;
}

struct session_command unit_command_of(const struct unit *unit, size_t command)
{
    const struct queued *queued = queue_at(&unit->queue, command);

    return (struct session_command){(uint64_t)unit->number << 32 | command, queued->ticket,
                                    queued->length};
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

/* The next error to look at, while the commands are looked through. */
struct refused {
    const struct unit *unit;
    size_t error;
};

static bool was_not_refused(void *context, size_t index, const struct queued *queued)
{
    struct refused *refused = context;
    const struct unit *unit = refused->unit;

    (void)queued;
    if (refused->error == unit->error_count || unit->errors[refused->error].command != index)
        return true;
    refused->error++;
    return false;
}

void unit_remove_refused(struct unit *unit)
{
    struct refused refused = {.unit = unit};

    for (size_t i = 0; i < unit->entry_count; i++)
        unit->entries[i].end -= unit_refused_before(unit, unit->entries[i].end);
    queue_filter(&unit->queue, 0, was_not_refused, &refused);
    unit_forget_errors(unit);
}

void unit_split(struct unit *unit, struct unit *rest)
{
    const struct unit_record first = unit->entries[0].record;
    size_t from = unit->entries[0].end;

    queue_split(&unit->queue, from, &rest->queue);
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
    queue_truncate(&unit->queue, before ? before->end : 0);
    unit->next = cut.offset;
    unit->leader = before ? before->record.leader_epoch : -1;
    unit->witness = (struct checkpoint_witness){0};
    if (before && before->record.offset + 1 == cut.offset)
        unit->witness = before->record.witness;
}

void unit_reset(struct unit *unit, size_t ordinary)
{
    unit_forget_errors(unit);
    queue_restart(&unit->queue, ordinary);
    unit->entry_count = unit->records = 0;
    unit->next = 0;
    unit->closed = false;
    unit->next_unit = NULL;
}

void unit_free(struct unit *unit)
{
    unit_forget_errors(unit);
    queue_free(&unit->queue);
    free(unit->entries);
    free(unit->errors);
    free(unit);
}
