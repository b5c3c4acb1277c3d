/*
 * decode.c: what it costs to make an HSET of five fields out of a JSON record of 310 bytes and 16
 * fields, and what jansson and hiredis need for the same.
 *
 *      bench_decode [penstock|jansson [RECORDS]]
 *
 * Without arguments both sides run in turns on the same records, and the medians of the rounds are
 * printed. With a side it alone runs, for callgrind:
 *      valgrind --tool=callgrind --toggle-collect=penstock_side bench_decode penstock 2000
 *
 * jansson's side is spared what its numbers would need to become text again.
 */
#include "base/mem.h"
#include "codec/codec.h"
#include "expr/template.h"
#include "redis/resp.h"

#include <hiredis.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    RECORDS = 512,
    ROUNDS = 15,
    FIELDS = 5,
    BATCHES = 20,
    BATCHES_JANSSON = 2,
    COMMAND_BYTES = 4096
};

static const char *const names[FIELDS] = {"city", "lat", "lon", "status", "vehicle.plate"};
static const char command_text[] = "HSET driver:%{driver_id} city %{city} lat %{lat} lon %{lon} "
                                   "status %{status} vehicle.plate %{vehicle.plate}";

static struct slice records[RECORDS];
static struct template *template;
static struct decoder json;
static struct arena arena;

void penstock_side(struct slice record);
void jansson_side(struct slice record);

static void make_records(void)
{
    static const char *const cities[] = {"berlin", "lisboa", "zurich", "warsaw"};

    for (unsigned i = 0; i < RECORDS; i++) {
        char *text = mem_format(
            "{\"event_id\":\"evt-%010u\",\"type\":\"driver.location\",\"driver_id\":\"drv-%06u\","
            "\"city\":\"%s\",\"status\":\"%s\",\"vehicle\":{\"type\":\"sedan\",\"plate\":\"B-PS "
            "%04u\"},\"lat\":%.6f,\"lon\":%.6f,\"speed\":%.1f,\"heading\":%u,\"accuracy\":%.1f,"
            "\"battery\":%u,\"trip_id\":%s,\"online\":%s,\"seq\":%u,\"ts\":%" PRIu64 "}",
            i * 7919, i * 31 % 100000, cities[i % 4], i % 3 ? "available" : "on_trip",
            i * 17 % 10000, 48.0 + i * 0.0071, 8.0 + i * 0.0137, i * 0.25, i * 7 % 360,
            2.0 + i % 20 * 0.3, i % 100, i % 5 ? "null" : "4711", i % 7 ? "true" : "false",
            100000 + i * 13, UINT64_C(1700000000000) + i * 977);
        records[i] = slice_of(text);
    }
}

__attribute__((noinline)) void penstock_side(struct slice bytes)
{
    static char command[COMMAND_BYTES];
    struct record record = {.value = bytes};
    struct scope scope = scope_of(&record, &arena, 0);
    struct slice *arguments;
    size_t count;

    scope.value_decoder = scope.key_decoder = &json;
    if (!template_render(template, &scope, &arguments, &count, NULL) ||
        resp_bound(arguments, count) > sizeof(command))
        abort();
    resp_encode(command, arguments, count);
}

static const char *text_of(const json_t *root, const char *name, size_t *length)
{
    const json_t *value = json_object_get(root, name);

    if (json_is_string(value)) {
        *length = json_string_length(value);
        return json_string_value(value);
    }
    if (!json_is_number(value))
        abort();
    *length = 9;
    return "48.123456";
}

__attribute__((noinline)) void jansson_side(struct slice record)
{
    char key[64];
    const char *arguments[2 + 2 * FIELDS] = {"HSET", key};
    size_t lengths[2 + 2 * FIELDS] = {4};
    json_t *root = json_loadb(record.data, record.length, 0, NULL);
    const char *driver = text_of(root, "driver_id", &lengths[1]);
    char *command;

    lengths[1] = (size_t)snprintf(key, sizeof(key), "driver:%s", driver);

    for (int i = 0; i < FIELDS; i++) {
        const char *dot = strchr(names[i], '.');

        arguments[2 + 2 * i] = names[i];
        lengths[2 + 2 * i] = strlen(names[i]);
        arguments[3 + 2 * i] = text_of(dot ? json_object_get(root, "vehicle") : root,
                                       dot ? dot + 1 : names[i], &lengths[3 + 2 * i]);
    }
    if (redisFormatCommandArgv(&command, 2 + 2 * FIELDS, arguments, lengths) < 0)
        abort();
    redisFreeCommand(command);
    json_decref(root);
}

/* Nanoseconds of this thread's CPU a record. */
static double measure(void (*side)(struct slice record), int batches)
{
    struct timespec from, to;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    for (int i = 0; i < batches; i++) {
        for (int j = 0; j < RECORDS; j++)
            side(records[j]);
        arena_reset(&arena);
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    return ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) /
           batches / RECORDS;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void both_sides(void)
{
    double penstock[ROUNDS], jansson[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        penstock[i] = measure(penstock_side, BATCHES);
        jansson[i] = measure(jansson_side, BATCHES_JANSSON);
    }
    qsort(penstock, ROUNDS, sizeof(penstock[0]), compare);
    qsort(jansson, ROUNDS, sizeof(jansson[0]), compare);
    printf("decode_render_ns %.0f\n", penstock[ROUNDS / 2]);
    printf("decode_jansson_ns %.0f\n", jansson[ROUNDS / 2]);
    printf("decode_ratio %.3f\n", penstock[ROUNDS / 2] / jansson[ROUNDS / 2]);
}

static void one_side(const char *name, int count)
{
    bool penstock = strcmp(name, "penstock") == 0;

    for (int i = 0; i < count; i++) {
        if (penstock)
            penstock_side(records[i % RECORDS]);
        else
            jansson_side(records[i % RECORDS]);
        if (i % RECORDS == RECORDS - 1)
            arena_reset(&arena);
    }
    printf("%s: %d records\n", penstock ? "penstock" : "jansson", count);
}

int main(int argc, char **argv)
{
    make_records();
    json.codec = codec_find("json");
    template = template_new(command_text, true, NULL);
    if (argc > 1)
        one_side(argv[1], argc > 2 ? atoi(argv[2]) : RECORDS);
    else
        both_sides();
    template_free(template);
    for (int i = 0; i < RECORDS; i++)
        free((void *)(uintptr_t)records[i].data);
    arena_free(&arena);
    return 0;
}
