/*
 * checkpoint.c: what Redis keeps of a partition beside its data.
 *
 * The group stands in braces, so that all keys of a group have one slot in a Redis Cluster. Between
 * the colons and braces of the key stands nothing that could be taken for one of them: two
 * partitions of different names never share a key.
 */
#include "redis/checkpoint.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { QUOTED_BYTES = 32, GAP_BYTES = 24 + 64 * 3, GAPS_LIMIT = 1 << 20 };

/* --- keys ------------------------------------------------------------------------------------- */

/* Writes @p text with %XX for what must not stand there; returns its end. */
static char *checkpoint_escape(char *out, const char *text, const char *special)
{
    static const char digits[] = "0123456789ABCDEF";

    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte > ' ' && byte < 0x7f && byte != '%' && !strchr(special, byte)) {
            *out++ = (char)byte;
            continue;
        }
        *out++ = '%';
        *out++ = digits[byte >> 4];
        *out++ = digits[byte & 15];
    }
    *out = '\0';
    return out;
}

static char *checkpoint_make_key(const char *prefix, const char *group, const char *topic,
                                 int32_t partition, const char *suffix)
{
    char *text = mem_alloc(3 * (strlen(prefix) + strlen(group) + strlen(topic)) + 32);
    char *out = checkpoint_escape(text, prefix, "{}");

    *out++ = ':';
    *out++ = '{';
    out = checkpoint_escape(out, group, "{}");
    *out++ = '}';
    *out++ = ':';
    out = checkpoint_escape(out, topic, "{}:");
    sprintf(out, ":%d%s", partition, suffix);
    return text;
}

char *checkpoint_key(const char *prefix, const char *group, const char *topic, int32_t partition)
{
    return checkpoint_make_key(prefix, group, topic, partition, "");
}

char *checkpoint_epoch_key(const char *prefix, const char *group, const char *topic,
                           int32_t partition)
{
    return checkpoint_make_key(prefix, group, topic, partition, ":epoch");
}

/* --- tokens ----------------------------------------------------------------------------------- */

static bool checkpoint_read_hex(struct slice text, uint64_t *number)
{
    uint64_t value = 0;

    if (text.length != 16)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        char digit = text.data[i];
        if (digit >= '0' && digit <= '9')
            value = value << 4 | (uint64_t)(digit - '0');
        else if (digit >= 'a' && digit <= 'f')
            value = value << 4 | (uint64_t)(digit - 'a' + 10);
        else
            return false;
    }
    *number = value;
    return true;
}

/* Splits at the first @p separator; false if there is none. */
static bool checkpoint_split(struct slice text, char separator, struct slice *left,
                             struct slice *right)
{
    const char *found = text.length ? memchr(text.data, separator, text.length) : NULL;

    if (!found)
        return false;
    *left = (struct slice){text.data, (size_t)(found - text.data)};
    *right = (struct slice){found + 1, text.length - left->length - 1};
    return true;
}

size_t checkpoint_write_token(struct checkpoint_token token, char text[CHECKPOINT_TOKEN_BYTES])
{
    return (size_t)snprintf(text, CHECKPOINT_TOKEN_BYTES, "%lld:%016llx", (long long)token.number,
                            (unsigned long long)token.random);
}

bool checkpoint_read_token(struct slice text, struct checkpoint_token *token)
{
    struct slice number, random;
    struct checkpoint_token read;

    if (!checkpoint_split(text, ':', &number, &random) || !text_integer(number, &read.number) ||
        read.number < 1 || !checkpoint_read_hex(random, &read.random))
        return false;
    *token = read;
    return true;
}

/* --- writing ---------------------------------------------------------------------------------- */

char *checkpoint_write_gaps(const struct checkpoint_gap *gaps, size_t count)
{
    char *text = mem_alloc(count * GAP_BYTES + 1), *out = text;

    for (size_t i = 0; i < count; i++) {
        const char *separator = "";
        out += sprintf(out, "%s%lld:", i ? ";" : "", (long long)gaps[i].offset);
        if (gaps[i].commands == CHECKPOINT_WHOLE) {
            *out++ = '*';
            continue;
        }
        for (unsigned place = 0; place <= CHECKPOINT_LAST_PLACE; place++) {
            if (!(gaps[i].commands & checkpoint_bit(place)))
                continue;
            out += sprintf(out, "%s%u", separator, place);
            separator = ",";
        }
    }
    *out = '\0';
    return text;
}

static void checkpoint_add(struct checkpoint_fields *fields, const char *name, struct slice value)
{
    fields->items[fields->count++] = slice_of(name);
    fields->items[fields->count++] = value;
}

/* Appends a value to @p fields; @p used of its text are taken. */
__attribute__((format(printf, 4, 5))) static void checkpoint_print(struct checkpoint_fields *fields,
                                                                   size_t *used, const char *name,
                                                                   const char *format, ...)
{
    char *text = fields->text + *used;
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(text, sizeof(fields->text) - *used, format, arguments);
    va_end(arguments);
    checkpoint_add(fields, name, (struct slice){text, (size_t)length});
    *used += (size_t)length + 1;
}

static long long checkpoint_length(size_t length)
{
    return length == SIZE_MAX ? -1 : (long long)length;
}

void checkpoint_write(const struct checkpoint *checkpoint, struct slice gaps,
                      struct checkpoint_fields *fields)
{
    const struct checkpoint_witness *witness = &checkpoint->witness;
    size_t used = 0;

    fields->count = 0;
    checkpoint_print(fields, &used, "v", "%d", CHECKPOINT_VERSION);
    checkpoint_print(fields, &used, "next", "%lld", (long long)checkpoint->next);
    checkpoint_print(fields, &used, "settled", "%lld", (long long)checkpoint->settled);
    checkpoint_print(fields, &used, "epoch", "%lld", (long long)checkpoint->epoch);
    checkpoint_print(fields, &used, "unit", "%lld", (long long)checkpoint->unit);
    checkpoint_print(fields, &used, "leader", "%lld", (long long)checkpoint->leader);
    checkpoint_print(fields, &used, "routes", "%016llx", (unsigned long long)checkpoint->routes);
    if (witness->known)
        checkpoint_print(fields, &used, "witness", "%lld:%lld:%lld",
                         (long long)witness->timestamp_ms, checkpoint_length(witness->key_length),
                         checkpoint_length(witness->value_length));
    else
        checkpoint_add(fields, "witness", SLICE(""));
    if (checkpoint->log[0])
        checkpoint_add(fields, "log", slice_of(checkpoint->log));
    if (gaps.data)
        checkpoint_add(fields, "holes", gaps);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Says what is wrong with a field, once; always false. */
static bool checkpoint_fail(struct checkpoint *checkpoint, const char *field, struct slice value,
                            const char *what)
{
    char quoted[QUOTED_BYTES];
    size_t length = value.length < sizeof(quoted) - 1 ? value.length : sizeof(quoted) - 1;

    for (size_t i = 0; i < length; i++)
        quoted[i] = (char)(value.data[i] >= ' ' && value.data[i] < 0x7f ? value.data[i] : '?');
    quoted[length] = '\0';
    if (!checkpoint->error[0])
        snprintf(checkpoint->error, sizeof(checkpoint->error), "its field \"%s\" is \"%s\"%s%s",
                 field, quoted, length < value.length ? "... " : " ", what);
    return false;
}

static struct slice checkpoint_find(const struct slice *items, size_t count, const char *field)
{
    for (size_t i = 0; i + 1 < count; i += 2)
        if (slice_is(items[i], field))
            return items[i + 1];
    return (struct slice){NULL, 0};
}

static bool checkpoint_read_number(struct checkpoint *checkpoint, const struct slice *items,
                                   size_t count, const char *field, int64_t least, int64_t *number)
{
    struct slice text = checkpoint_find(items, count, field);

    if (!text.data)
        return checkpoint_fail(checkpoint, field, text, "(it is missing)");
    if (!text_integer(text, number) || *number < least)
        return checkpoint_fail(checkpoint, field, text, "and not such a number");
    return true;
}

static bool checkpoint_read_length(struct slice text, size_t *length)
{
    int64_t number;

    if (!text_integer(text, &number) || number < -1)
        return false;
    *length = number < 0 ? SIZE_MAX : (size_t)number;
    return true;
}

static bool checkpoint_read_witness(struct checkpoint *checkpoint, struct slice text)
{
    struct checkpoint_witness *witness = &checkpoint->witness;
    struct slice timestamp, rest, key, value;

    if (!text.length)
        return true;
    witness->known = checkpoint_split(text, ':', &timestamp, &rest) &&
                     checkpoint_split(rest, ':', &key, &value) &&
                     text_integer(timestamp, &witness->timestamp_ms) &&
                     witness->timestamp_ms >= -1 &&
                     checkpoint_read_length(key, &witness->key_length) &&
                     checkpoint_read_length(value, &witness->value_length);
    return witness->known || checkpoint_fail(checkpoint, "witness", text,
                                             "and not TIMESTAMP:KEY LENGTH:VALUE LENGTH");
}

static bool checkpoint_read_places(struct slice text, uint64_t *commands)
{
    *commands = 0;
    if (slice_is(text, "*")) {
        *commands = CHECKPOINT_WHOLE;
        return true;
    }
    for (bool more = true; more;) {
        struct slice place = text, rest = {NULL, 0};
        int64_t number;
        more = checkpoint_split(text, ',', &place, &rest);
        if (!text_integer(place, &number) || number < 0 || number > CHECKPOINT_LAST_PLACE)
            return false;
        *commands |= checkpoint_bit((unsigned)number);
        text = rest;
    }
    return true;
}

/* "OFFSET:PLACE,PLACE" behind the gap @p before, -1: none. */
static bool checkpoint_read_gap(struct slice text, int64_t before, int64_t next,
                                struct checkpoint_gap *gap)
{
    struct slice offset, places;

    return checkpoint_split(text, ':', &offset, &places) && text_integer(offset, &gap->offset) &&
           gap->offset > before && gap->offset < next &&
           checkpoint_read_places(places, &gap->commands);
}

static bool checkpoint_read_gaps(struct checkpoint *checkpoint, struct slice text)
{
    struct slice all = text;
    int64_t before = -1;
    size_t capacity = 0;

    for (bool more = text.length > 0; more;) {
        struct slice gap = text, rest = {NULL, 0};
        more = checkpoint_split(text, ';', &gap, &rest);
        checkpoint->gaps =
            mem_grow(checkpoint->gaps, checkpoint->gap_count, &capacity, sizeof(*checkpoint->gaps));
        struct checkpoint_gap *read = &checkpoint->gaps[checkpoint->gap_count];
        if (checkpoint->gap_count == GAPS_LIMIT ||
            !checkpoint_read_gap(gap, before, checkpoint->next, read))
            return checkpoint_fail(checkpoint, "holes", all,
                                   "and not OFFSET:PLACE,...;... with rising offsets below next");
        checkpoint->gap_count++;
        before = read->offset;
        text = rest;
    }
    return true;
}

/* One that is too long is not known; nor was it to versions that wrote none. */
static void checkpoint_read_log(struct checkpoint *checkpoint, struct slice text)
{
    if (text.length < sizeof(checkpoint->log) && text.length)
        memcpy(checkpoint->log, text.data, text.length);
}

static bool checkpoint_read_fields(struct checkpoint *checkpoint, const struct slice *items,
                                   size_t count)
{
    struct slice routes = checkpoint_find(items, count, "routes");
    int64_t version;

    if (!checkpoint_read_number(checkpoint, items, count, "v", 1, &version))
        return false;
    if (version != CHECKPOINT_VERSION)
        return checkpoint_fail(checkpoint, "v", checkpoint_find(items, count, "v"),
                               "and this penstock knows version 1 alone");
    if (!checkpoint_read_number(checkpoint, items, count, "next", 0, &checkpoint->next) ||
        !checkpoint_read_number(checkpoint, items, count, "settled", 0, &checkpoint->settled) ||
        !checkpoint_read_number(checkpoint, items, count, "epoch", 1, &checkpoint->epoch) ||
        !checkpoint_read_number(checkpoint, items, count, "unit", 1, &checkpoint->unit) ||
        !checkpoint_read_number(checkpoint, items, count, "leader", -1, &checkpoint->leader))
        return false;
    if (checkpoint->settled > checkpoint->next)
        return checkpoint_fail(checkpoint, "settled", checkpoint_find(items, count, "settled"),
                               "and above next");
    if (!checkpoint_read_hex(routes, &checkpoint->routes))
        return checkpoint_fail(checkpoint, "routes", routes, "and not 16 hexadecimal digits");
    checkpoint_read_log(checkpoint, checkpoint_find(items, count, "log"));
    return checkpoint_read_witness(checkpoint, checkpoint_find(items, count, "witness")) &&
           checkpoint_read_gaps(checkpoint, checkpoint_find(items, count, "holes"));
}

void checkpoint_read(struct checkpoint *checkpoint, const struct slice *items, size_t count)
{
    *checkpoint = (struct checkpoint){.found = count > 0};
    checkpoint->readable = checkpoint->found && checkpoint_read_fields(checkpoint, items, count);
}

void checkpoint_free(struct checkpoint *checkpoint)
{
    free(checkpoint->gaps);
    *checkpoint = (struct checkpoint){0};
}
