/*
 * test_cost.c: what one record may cost, whatever it holds.
 *
 * Every filter, operator and command is tried with the records that were thought of as bad for any
 * of them, each as large as max_record allows. A new row of filters.def, commands.def or enum
 * condition_kind without a line here fails.
 */
#include "suite.h"

#include "conf/memory_budget.h"
#include "expr/condition_node.h"
#include "expr/filter.h"
#include "flow/route.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOW_BUILD
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLOW_BUILD
#endif
#endif

/* Time is counted in passes: how often a plain hash could have gone over the record meanwhile,
 * which is the same on a slow or a busy machine. Some 6 of them are 50 ms for the default of
 * max_record, 8 MiB, on a server of 2024; twice that is what fails. replace() takes 1 MiB at most,
 * and has longer. */
enum {
#ifdef SLOW_BUILD
    MAX_RECORD = 16 * 1024, /* what it finds is not the time */
#else
    MAX_RECORD = 256 * 1024,
#endif
    PASSES = 12,
    REPLACE_PASSES = 8 * PASSES,
    MOST_PASSES = 32 * PASSES, /* what 8 MiB may take, here for many filters over a 32nd of it */
    TRIES = 30,                /* of which the best counts */
    SLACK = 256 * 1024 /* what any record may take: chunks of the arena that are not full, lists */
};

/* --- records ---------------------------------------------------------------------------------- */

/* @p count times @p part between @p first and @p last. */
static struct slice repeat(const char *first, const char *part, const char *last)
{
    size_t length = strlen(part), ends = strlen(first) + strlen(last);
    size_t count = (MAX_RECORD - ends) / length;
    char *text = malloc(ends + count * length + 1), *at = stpcpy(text, first);

    for (size_t i = 0; i < count; i++)
        at = stpcpy(at, part);
    at = stpcpy(at, last);
    return (struct slice){text, (size_t)(at - text)};
}

static struct slice numbered(const char *format)
{
    char *text = malloc(MAX_RECORD + 1), *at = text;

    *at++ = '{';
    for (int i = 0; at - text < MAX_RECORD - 40; i++) {
        at += sprintf(at, "%s", i ? "," : "");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        at += sprintf(at, format, i);
#pragma GCC diagnostic pop
    }
    *at++ = '}';
    return (struct slice){text, (size_t)(at - text)};
}

static const struct {
    const char *first, *part, *last;
} records[] = {
    {"{\"x\":\"", "a", "\"}"},
    {"{\"x\":\"", "a", "b\"}"},
    {"{\"x\":\"", "axz", "\"}"},
    {"{\"x\":\"", "\\u0041", "\"}"},
    {"{\"x\":\"", "\\n", "\"}"},
    {"{\"x\":\"", "\\\"", "\"}"},
    {"{\"x\":\"", " ", "\"}"},
    {"{\"x\":\"", "\xC3\xA9", "\"}"},
    {"{\"x\":\"", "1", "\"}"},
    {"{\"x\":\"0.", "0", "1\"}"},
    {"{\"x\":\"2026-01-01T00:00:00.", "1", "Z\"}"},
    {"{\"x\":", "1", "}"},
    {"{\"x\":1", "0", "}"},
    {"{\"x\":0.", "9", "}"},
    {"{\"x\":1e", "9", "}"},
    {"{\"x\":[0", ",0", "]}"},
    {"{\"x\":[0", ",1234567890123456789012345", "]}"},
    {"{\"x\":[0", ",\"a\"", "],\"y\":\"\\u0061b\"}"},
    {"{\"x\":[0", ",\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"", "]}"},
    {"{\"x\":[0", ",{\"x\":[[[[]]]]}", "]}"},
    {"{\"x\":{\"a\":0", ",\"b\":0", "}}"},
    {"{\"x\":0", ",\"x\":0", "}"},
    {"{\"x\":0", ",\"\\u0061\":0", "}"},
    {"{\"x\":0", ",\"b\":\"\\u0061\\u0061\\u0061\"", "}"},
    {"", "\x01", ""},
    {"", "[", ""},
    {"{\"x\":\"", "\\ud83d\\ude00", "\"}"},
};

enum { RECORDS = sizeof(records) / sizeof(records[0]), NUMBERED = 2 };

static struct slice values[RECORDS + NUMBERED];

static void make_values(void)
{
    for (size_t i = 0; i < RECORDS; i++)
        values[i] = repeat(records[i].first, records[i].part, records[i].last);
    values[RECORDS] = numbered("\"field_%d\":%1$d");
    values[RECORDS + 1] = numbered("\"f\\u0069eld_%d\":\"%1$d\"");
}

static void free_values(void)
{
    for (size_t i = 0; i < RECORDS + NUMBERED; i++)
        free((char *)values[i].data);
}

/* --- a route ---------------------------------------------------------------------------------- */

static struct conf_command command;
static struct conf_text topic = {.text = "t"};
static struct conf_source source;
static struct conf_sink sink = {.connections = 1};
static struct conf_route route_conf;
static struct conf conf;

/* NULL if the file would be refused. */
static struct routes *route_of(const char *cmd, const char *when, const char *ttl)
{
    struct conf_problems *problems = conf_problems_new();
    struct routes *routes;
    bool good;

    command = (struct conf_command){.cmd = {.text = cmd}, .when = {.text = when}};
    route_conf = (struct conf_route){.name = "r",
                                     .from = &source,
                                     .to = &sink,
                                     .topics = {.items = &topic, .count = 1},
                                     .format = {.text = "json"},
                                     .ttl = {.text = ttl},
                                     .do_ = {.items = &command, .count = 1}};
    conf = (struct conf){.sources = &source,
                         .source_count = 1,
                         .sinks = &sink,
                         .sink_count = 1,
                         .routes = &route_conf,
                         .route_count = 1};
    routes = routes_new(&conf, problems);
    good = conf_problems_count(problems) == 0;
    conf_problems_free(problems);
    if (good)
        return routes;
    routes_free(routes);
    return NULL;
}

static double now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static uint32_t hash;

static double pass_us(struct slice value)
{
    double start = now_us();

    hash = 2166136261; /* FNV-1a: each byte waits for the one before */
    for (size_t i = 0; i < value.length; i++)
        hash = (hash ^ (unsigned char)value.data[i]) * 16777619;
    return (now_us() - start) * (double)MAX_RECORD / (double)value.length;
}

static size_t memory_in_use(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

/* Renders the record; the time of it, and the memory that it holds at its end with its commands. */
static double render(const struct routes *routes, struct slice value, size_t *memory)
{
    struct record record = {.key = SLICE("k"), .value = value, .topic = "t"};
    struct arena arena = {.limit = memory_budget_record(MAX_RECORD),
                          .read_limit = memory_budget_reads(MAX_RECORD)};
    struct scope scope = scope_of(&record, &arena, 0);
    struct rendering rendering = {0};
    size_t before = memory_in_use();
    double start = now_us(), taken;
    enum stage stage;
    struct err err;
    bool good =
        route_render_record(&routes->items[0], &scope, MAX_RECORD, &rendering, NULL, &stage, &err);

    taken = now_us() - start;
    *memory = memory_in_use() - before;
    for (size_t i = 0; good && i < rendering.count; i++)
        for (size_t j = 0; j < rendering.items[i].count; j++)
            *memory += rendering.items[i].arguments[j].length;
    arena_free(&arena);
    free(rendering.items);
    return taken;
}

static void check(const struct routes *routes, const char *what, struct slice value, double most)
{
    double best = 0;
    size_t memory;

    for (int i = 0; i < TRIES && (i == 0 || best > most); i++) {
        double taken = render(routes, value, &memory) / pass_us(value);
        if (i == 0 || taken < best)
            best = taken;
    }
#ifndef SLOW_BUILD
    if (best > most) {
        fprintf(stderr, "\n%.40s on %.30s...%.10s: %.1f passes over %zu bytes\n", what, value.data,
                value.data + value.length - 10, best, value.length);
        CU_FAIL("it takes too long");
    }
#endif
    if (memory > memory_budget_record(MAX_RECORD) + SLACK) {
        fprintf(stderr, "\n%.40s on %.30s: %zu bytes of memory\n", what, value.data, memory);
        CU_FAIL("it takes too much memory");
    }
}

static void try_all(const char *cmd, const char *when, double most)
{
    struct routes *routes = route_of(cmd, when, NULL);

    if (!routes) {
        fprintf(stderr, "\n%s, %s: refused\n", cmd, when ? when : "");
        CU_FAIL("the route does not compile");
        return;
    }
    for (size_t i = 0; i < RECORDS + NUMBERED; i++)
        check(routes, when ? when : cmd, values[i], most);
    routes_free(routes);
}

/* --- filters ---------------------------------------------------------------------------------- */

static const char *const placeholders[] = {
    "%{y|default('x')}",
    "%{x|json}",
    "%{$value|json}",
    "%{x|raw}",
    "%{x|upper}",
    "%{x|lower}",
    "%{x|trim}",
    "%{x|int}",
    "%{x|round(100)}",
    "%{x|strftime('%F')}",
    "%{x|epoch}",
    "%{x|substr(1000000000)}",
    "%{x|substr(-1000000000)}",
    "%{x|replace('[a-z]+@', '')}",
    "%{x|replace('.', '')}",
    "%{x|replace('a|1', '<\\0\\0>')}",
    "%{x|replace('(.)(.)(.)', '\\3\\2\\1')}",
    "%{x|replace('x.{20}y', '')}",
    "%{x|replace('(\\w+|\\s+|.)+?', '-')}",
    "%{*|json}",
    "%{x[1000000]|default('')}",
};

static void every_filter_is_tried(void)
{
    size_t count;
    const struct filter *filters = filter_all(&count);

    for (size_t i = 0; i < count; i++) {
        char name[64];
        bool there = false;
        snprintf(name, sizeof(name), "|%s", filters[i].name);
        for (size_t j = 0; j < sizeof(placeholders) / sizeof(placeholders[0]); j++)
            there |= strstr(placeholders[j], name) != NULL;
        if (!there)
            fprintf(stderr, "\n%s has no line in placeholders[]\n", filters[i].name);
        CU_ASSERT_TRUE(there);
    }
}

static void no_filter_takes_long_or_much(void)
{
    char cmd[128];

    for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++) {
        snprintf(cmd, sizeof(cmd), "SET k %s", placeholders[i]);
        try_all(cmd, NULL, strstr(placeholders[i], "replace") ? REPLACE_PASSES : PASSES);
    }
}

static void no_template_multiplies_a_record(void)
{
    try_all(
        "SADD k %{$value} %{$value} %{$value} %{$value} %{$value} %{$value} %{$value} %{$value}",
        NULL, MOST_PASSES);
    try_all("SET k %{x}%{x}%{x}%{x}%{x}%{x}%{x}%{x}%{x}%{x}", NULL, MOST_PASSES);
    try_all("SET k %{$value|upper|lower|upper|lower|upper|lower|upper|lower|upper|lower|upper}",
            NULL, MOST_PASSES);
    try_all(
        "SADD k %{x|int} %{x|int} %{x|int} %{x|int} %{x|int} %{x|int} %{x|int} %{x|int} %{x|int}",
        NULL, MOST_PASSES);
    try_all(
        "SET k %{$value|replace('.','aaaaaaaaaaaaaaaa')|replace('.','aaaaaaaaaaaaaaaaaaaaaaaaa')}",
        NULL, MOST_PASSES);
}

/* --- conditions ------------------------------------------------------------------------------- */

static const char *const conditions[] = {
    [CONDITION_LITERAL] = "true",
    [CONDITION_REFERENCE] = "x",
    [CONDITION_LIST] = "x in [1, 'a', 10e500000, y, 'aaaaaaa', -1]",
    [CONDITION_NOT] = "!(x == 'a')",
    [CONDITION_AND] = "x != 'a' && x != 1",
    [CONDITION_OR] = "x == x || x == 1e999999",
    [CONDITION_COMPARE] = "x < x",
    [CONDITION_IN] = "y in x",
    [CONDITION_HAS] = "has(x[100000])",
    [CONDITION_SIZE] = "size(x) > 1000000000",
    [CONDITION_STARTS_WITH] = "x.startsWith(x)",
    [CONDITION_ENDS_WITH] = "x.endsWith(x)",
    [CONDITION_CONTAINS] = "x.contains('aaaaaaaaaaaaaaab')",
    [CONDITION_MATCHES] = "x.matches('x.{20}y')",
};

/* @p count times @p part, with @p between. */
static char *chain(const char *part, const char *between, int count)
{
    char *text = malloc((strlen(part) + strlen(between)) * (size_t)count + 1), *at = text;

    for (int i = 0; i < count; i++)
        at = stpcpy(stpcpy(at, i ? between : ""), part);
    return text;
}

static void no_chain_of_conditions_takes_long_or_much(void)
{
    static const char *const parts[] = {
        "x == 'b'",     "x in z",        "x.contains('b')", "size(x) == 1", "x.matches('x.{20}y')",
        "has(x[1000])", "x == 10e100000"};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        char *when = chain(parts[i], " || ", 200);
        try_all("SET k v", when, 2 * MOST_PASSES);
        free(when);
    }
}

static void no_condition_takes_long_or_much(void)
{
    for (size_t i = 0; i <= CONDITION_MATCHES; i++) {
        CU_ASSERT_PTR_NOT_NULL_FATAL(conditions[i]);
        try_all("SET k v", conditions[i], PASSES);
    }
    try_all("SET k v", "$value.matches('^.*x.{20}y$')", PASSES);
    try_all("SET k v", "x.matches('(a+a+)+b')", PASSES);
    try_all("SET k v",
            "x.contains('a' ) && x.contains('zz') || x.contains('zzz') || x.endsWith('b')", PASSES);
}

/* --- commands --------------------------------------------------------------------------------- */

static const char *const tails[] = {"%{*}",     "k %{*}",   "k %{x}",          "%{x}",
                                    "k f %{x}", "k 0 %{x}", "k %{x} %{x} %{x}"};

/* Every command that may take many arguments or a long one, as far as its shape lets it. */
static void no_command_takes_long_or_much(void)
{
    size_t count, tried = 0;
    const struct command *rows = command_all(&count);

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < sizeof(tails) / sizeof(tails[0]); j++) {
            char cmd[128];
            snprintf(cmd, sizeof(cmd), "%s %s", rows[i].name, tails[j]);
            struct routes *routes = route_of(cmd, NULL, "1h");
            if (!routes)
                routes = route_of(cmd, NULL, NULL);
            for (size_t k = RECORDS - 1; routes && k < RECORDS + NUMBERED; k++, tried++)
                check(routes, cmd, values[k], PASSES);
            routes_free(routes);
        }
    CU_ASSERT_TRUE(tried > 200);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(every_filter_is_tried),
        TEST(no_filter_takes_long_or_much),
        TEST(no_template_multiplies_a_record),
        TEST(no_condition_takes_long_or_much),
        TEST(no_chain_of_conditions_takes_long_or_much),
        TEST(no_command_takes_long_or_much),
    };
    int status;

    make_values();
    status = SUITE("cost", tests);
    free_values();
    return status;
}
