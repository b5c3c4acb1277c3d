/* dlq_text.c: prints a dead letter for a person. */
#include "base/text.h"
#include "cli/dlq_parts.h"
#include "cli/shown.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { ERROR_SHOWN = 100 };

static void print_time(int64_t timestamp_ms)
{
    time_t seconds = (time_t)(timestamp_ms / 1000);
    struct tm parts;
    char text[32] = "-";

    if (timestamp_ms >= 0 && gmtime_r(&seconds, &parts))
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
    fputs(text, stdout);
}

/* A fact as one line of printable text. */
static void print_fact(const struct dlq_letter *letter, enum dlq_fact fact, size_t limit)
{
    struct slice text = letter->facts[fact];
    bool cut = text.length > limit;

    text_show(stdout, (struct slice){text.data, cut ? limit : text.length});
    fputs(cut ? "..." : "", stdout);
}

void dlq_text_line(const struct dlq_item *item)
{
    const struct dlq_letter *facts = &item->letter;

    if (!item->sound) {
        printf("%s  not a letter: %s\n", item->id, item->why.text);
        return;
    }
    printf("%s  ", item->id);
    print_time(facts->record.timestamp_ms);
    fputs("  ", stdout);
    print_fact(facts, DLQ_FACT_ROUTE, ERROR_SHOWN);
    printf("  %s[%" PRId32 "]@%" PRId64 "  ", item->topic, facts->record.partition,
           facts->record.offset);
    print_fact(facts, DLQ_FACT_ERROR, ERROR_SHOWN);
    printf("%s%s\n", facts->facts[DLQ_FACT_REFERENCE].data ? "  (by reference)" : "",
           item->done ? "  (sent)" : "");
}

static void show_bytes(const char *name, struct slice bytes)
{
    printf("  %-9s ", name);
    if (bytes.data)
        text_quote(stdout, bytes);
    puts(bytes.data ? "" : "null");
}

static void show_headers(const struct record *record)
{
    struct slice name, value;

    for (size_t i = 0; record->headers.at && record->headers.at(record, i, &name, &value); i++) {
        fputs("  header    ", stdout);
        text_quote(stdout, name);
        fputs(" = ", stdout);
        if (value.data)
            text_quote(stdout, value);
        puts(value.data ? "" : "null");
    }
}

static void show_facts(const struct dlq_letter *letter)
{
    for (int fact = 0; fact < DLQ_FACTS; fact++) {
        if (!letter->facts[fact].data)
            continue;
        printf("  fact      %s = ", dlq_fact_name((enum dlq_fact)fact));
        print_fact(letter, (enum dlq_fact)fact, SIZE_MAX);
        putchar('\n');
    }
}

static void show_now(const struct dlq_now *now)
{
    if (!now->rendered)
        printf("  now       %s\n", now->err.text);
    else if (!now->rendering.count)
        puts("  now       filtered: no command runs");
    for (size_t i = 0; now->rendered && i < now->rendering.count; i++)
        shown_command("  now       ", now->route->conf, &now->rendering.items[i]);
}

void dlq_text(const struct dlq_item *item, const struct dlq_now *now)
{
    dlq_text_line(item);
    if (!item->sound)
        return;
    show_facts(&item->letter);
    if (now->has_record) {
        show_bytes("key", now->record.key);
        show_bytes("value", now->record.value);
        show_headers(&now->record);
    }
    show_now(now);
}
