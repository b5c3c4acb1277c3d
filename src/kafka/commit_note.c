/* commit_note.c: what a commit says beside its offset, as its metadata. */
#include "kafka/commit_note.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>

size_t commit_note_write(const struct commit_note *note, char text[COMMIT_NOTE_BYTES])
{
    char log[IDENTITY_BYTES], record[WITNESS_BYTES] = "", began[48] = "";

    identity_write(&note->log, log);
    if (note->record.offset >= 0)
        witness_write(&note->record, record);
    if (note->began_ms >= 0)
        snprintf(began, sizeof(began), " began=%" PRId64 ":%" PRId32, note->began_ms,
                 note->partitions);
    return (size_t)snprintf(text, COMMIT_NOTE_BYTES, "%sat=%" PRId64 "%s%s%s%s%s%s",
                            note->start ? "start " : "", note->offset,
                            note->another ? " another" : "", log[0] ? " log=" : "", log,
                            record[0] ? " record=" : "", record, began);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Whether @p word begins with @p name, which ends with "="; then *value is what follows. */
static bool takes_value(struct slice word, struct slice name, struct slice *value)
{
    if (word.length < name.length || memcmp(word.data, name.data, name.length) != 0)
        return false;
    *value = (struct slice){word.data + name.length, word.length - name.length};
    return true;
}

static void read_began(struct commit_note *note, struct slice text)
{
    const char *colon = text.length ? memchr(text.data, ':', text.length) : NULL;
    size_t length = colon ? (size_t)(colon - text.data) : text.length;
    int64_t began_ms, partitions;

    if (!colon || !text_integer((struct slice){text.data, length}, &began_ms) || began_ms < 0 ||
        !text_integer((struct slice){colon + 1, text.length - length - 1}, &partitions) ||
        partitions < 0 || partitions > INT32_MAX)
        return;
    note->began_ms = began_ms;
    note->partitions = (int32_t)partitions;
}

static void read_word(struct commit_note *note, struct slice word)
{
    struct slice value;

    if (slice_is(word, "start"))
        note->start = true;
    else if (slice_is(word, "another"))
        note->another = true;
    else if (takes_value(word, SLICE("at="), &value))
        note->offset = text_integer(value, &note->offset) ? note->offset : -1;
    else if (takes_value(word, SLICE("log="), &value))
        note->log = identity_read(value);
    else if (takes_value(word, SLICE("record="), &value))
        note->record = witness_read(value);
    else if (takes_value(word, SLICE("began="), &value))
        read_began(note, value);
}

static struct commit_note nothing(void)
{
    return (struct commit_note){.offset = -1, .record = WITNESS_NONE, .began_ms = -1};
}

struct commit_note commit_note_read(struct slice text, int64_t offset)
{
    struct commit_note note = nothing(), kept = nothing();
    bool old = slice_is(text, "start"); /* all that older versions said */

    while (text.length) {
        const char *blank = memchr(text.data, ' ', text.length);
        size_t length = blank ? (size_t)(blank - text.data) : text.length;
        read_word(&note, (struct slice){text.data, length});
        text.data += length + (blank != NULL);
        text.length -= length + (blank != NULL);
    }
    if (note.offset == offset && offset >= 0)
        return note;
    kept.start = old;
    kept.began_ms = note.began_ms;
    kept.partitions = note.partitions;
    return kept;
}
