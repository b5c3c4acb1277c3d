/* dlq_letter.c: a dead letter: a record that could not be delivered, as it was, and why. */
#include "record/dlq_letter.h"

#include "base/mem.h"
#include "base/text.h"
#include "record/headers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const names[DLQ_FACTS] = {
#define FACT(id, name, help) [DLQ_FACT_##id] = (name),
#include "record/dlq_letter.def"
#undef FACT
};

static const struct {
    const char *connect, *station, *class;
} stages[STAGE_COUNT] = {
    [STAGE_DECODE] = {"VALUE_CONVERTER", "penstock.decode", "decode"},
    [STAGE_TEMPLATE] = {"TRANSFORMATION", "penstock.template", "template"},
    [STAGE_LIMIT] = {"KAFKA_CONSUME", "penstock.limit", "limit"},
    [STAGE_REDIS] = {"TASK_PUT", "penstock.redis", "reject"},
};

const char *dlq_fact_name(enum dlq_fact fact)
{
    return names[fact];
}

/* --- writing ---------------------------------------------------------------------------------- */

static void explain_place(FILE *out, const struct dlq_letter *letter, enum dlq_fact fact)
{
    const struct record *record = &letter->record;

    switch (fact) {
    case DLQ_FACT_TOPIC:
        fputs(record->topic, out);
        break;
    case DLQ_FACT_PARTITION:
        fprintf(out, "%" PRId32, record->partition);
        break;
    case DLQ_FACT_OFFSET:
        fprintf(out, "%" PRId64, record->offset);
        break;
    default: /* DLQ_FACT_REFERENCE */
        fprintf(out, "%s[%" PRId32 "]@%" PRId64, record->topic, record->partition, record->offset);
        break;
    }
}

/* "WRONGTYPE Operation against ..." as "redis.WRONGTYPE". */
static void explain_exception(FILE *out, const struct dlq_cause *cause)
{
    if (cause->stage == STAGE_REDIS)
        fprintf(out, "redis.%.*s", (int)strcspn(cause->error, " :"), cause->error);
    else
        fputs(stages[cause->stage].station, out);
}

static void explain_failure(FILE *out, const struct dlq_cause *cause, enum dlq_fact fact)
{
    switch (fact) {
    case DLQ_FACT_STAGE:
        fputs(stages[cause->stage].connect, out);
        break;
    case DLQ_FACT_STATION:
        fputs(stages[cause->stage].station, out);
        break;
    case DLQ_FACT_EXCEPTION:
        explain_exception(out, cause);
        break;
    case DLQ_FACT_CLASS:
        fputs(stages[cause->stage].class, out);
        break;
    case DLQ_FACT_COMMAND:
        fwrite(cause->command.data, 1, cause->command.length, out);
        break;
    default: /* DLQ_FACT_MESSAGE, DLQ_FACT_ERROR */
        fputs(cause->error, out);
        break;
    }
}

static void explain_fact(FILE *out, const struct dlq_letter *letter, const struct dlq_cause *cause,
                         enum dlq_fact fact)
{
    switch (fact) {
    case DLQ_FACT_TOPIC:
    case DLQ_FACT_PARTITION:
    case DLQ_FACT_OFFSET:
    case DLQ_FACT_REFERENCE:
        explain_place(out, letter, fact);
        break;
    case DLQ_FACT_CONNECTOR:
    case DLQ_FACT_ROUTE:
        fputs(cause->route, out);
        break;
    case DLQ_FACT_TASK:
        fprintf(out, "%u", cause->worker);
        break;
    case DLQ_FACT_ATTEMPTS:
        fprintf(out, "%u", cause->attempts);
        break;
    case DLQ_FACT_VERSION:
        fputs(PENSTOCK_VERSION, out);
        break;
    default:
        explain_failure(out, cause, fact);
        break;
    }
}

char *dlq_letter_explain(struct dlq_letter *letter, const struct dlq_cause *cause)
{
    size_t ends[DLQ_FACTS], length = 0;
    char *text = NULL;
    FILE *out = open_memstream(&text, &length);

    for (int fact = 0; fact < DLQ_FACTS; fact++) {
        explain_fact(out, letter, cause, (enum dlq_fact)fact);
        fflush(out);
        ends[fact] = length;
    }
    fclose(out);
    for (size_t fact = 0, from = 0; fact < DLQ_FACTS; from = ends[fact++])
        letter->facts[fact] = (struct slice){text + from, ends[fact] - from};
    return text;
}

void dlq_letter_shorten(struct dlq_letter *letter, enum dlq_extent extent)
{
    if (extent == DLQ_WHOLE)
        letter->facts[DLQ_FACT_REFERENCE] = (struct slice){0};
    else
        letter->record.value = (struct slice){0};
    if (extent != DLQ_FACTS_ALONE)
        return;
    letter->record.key = (struct slice){0};
    letter->header_count = 0;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Takes header @p index where it is @p fact. */
static bool read_fact(struct dlq_letter *letter, size_t index, int fact)
{
    struct slice name, value;

    if (!letter->record.headers.at(&letter->record, index, &name, &value) ||
        !slice_is(name, names[fact]))
        return false;
    letter->facts[fact] = value;
    return true;
}

bool dlq_letter_read(const struct record *record, struct dlq_letter *letter)
{
    size_t count = headers_count(record);
    int fact = DLQ_FACT_REFERENCE;

    *letter = (struct dlq_letter){.record = *record};
    if (count && read_fact(letter, count - 1, DLQ_FACT_REFERENCE))
        count--;
    while (fact > 0 && count > 0 && read_fact(letter, count - 1, fact - 1)) {
        fact--;
        count--;
    }
    letter->header_count = count;
    return fact == 0;
}

bool dlq_letter_take_place(struct dlq_letter *letter, char *topic, size_t size)
{
    struct slice name = letter->facts[DLQ_FACT_TOPIC];
    int64_t partition, offset;

    if (!name.length || name.length >= size ||
        !text_integer(letter->facts[DLQ_FACT_PARTITION], &partition) || partition < 0 ||
        partition > INT32_MAX || !text_integer(letter->facts[DLQ_FACT_OFFSET], &offset) ||
        offset < 0)
        return false;
    memcpy(topic, name.data, name.length);
    topic[name.length] = '\0';
    letter->record.topic = topic;
    letter->record.partition = (int32_t)partition;
    letter->record.offset = offset;
    return true;
}
