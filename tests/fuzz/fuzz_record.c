/*
 * fuzz_record.c: any key, value and header on routes with spreads, conditions, filters and a ttl,
 * told as text and as JSON.
 *
 * The first byte chooses the route; 0xff, which no UTF-8 holds, parts key, header and value.
 */
#include "base/arena.h"
#include "codec/json.h"
#include "conf_of_text.h"
#include "explained_text.h"
#include "record/headers.h"

#include <assert.h>
#include <stdlib.h>

enum { MAX_RECORD = 1 << 16, ROUTES = 6 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] =
    "version = 1;"
    "sources = { main = { brokers = \"k:9092\"; group = \"g\"; }; };"
    "sinks = { live = { url = \"redis://h\"; }; };"
    "defaults = { from = \"main\"; to = \"live\"; format = \"json\"; on_error = \"skip\"; };"
    "routes = ("
    "{ name = \"0\"; topics = \"t\"; do = \"HSET k:%{$key} %{*}\"; ttl = \"1h\"; del = \"UNLINK "
    "k:%{$key}\"; },"
    "{ name = \"1\"; topics = \"t\"; do = \"MSET %{*}\"; ttl = \"%{$header.ttl|default('5s')}\"; "
    "del = \"UNLINK k\"; },"
    "{ name = \"2\"; topics = \"t\"; when = \"has(a) && (a in ['x', 'y'] || size(b) > 2)\";"
    "  do = \"SET k:%{a|lower}:%{b[0].c} %{*|json}\"; del = \"UNLINK k\"; },"
    "{ name = \"3\"; topics = \"t\"; do = ( { when = \"a.matches('^x+y')\"; cmd = \"ZADD z "
    "%{n|round(2)} %{a|replace('x','%')}\"; },"
    "  { cmd = \"XADD s * v %{$value} k %{$key.id} h %{$header['a b']|default('')}\"; } ); all = "
    "true; del = \"UNLINK k\"; },"
    "{ name = \"4\"; topics = \"t\"; format = \"raw\"; do = \"SET k:%{$key|substr(0,4)} "
    "%{$value|substr(1)|upper}\"; del = \"UNLINK k\"; },"
    "{ name = \"5\"; topics = \"t\"; do = \"SET k:%{$key.id|json} %{n|int}\"; del = \"UNLINK "
    "k:%{$key.id|json}\"; }"
    ");";

static struct conf *conf; /* as long as the process */
static struct conf_problems *problems;
static struct routes *routes;

static void load(void)
{
    problems = conf_problems_new();
    conf = conf_of_text(problems, "%s", text);
    routes = routes_new(conf, problems);
    conf_problems_write(problems, CONF_ERROR, stderr);
    assert(conf_problems_count(problems) == 0 && routes->count == ROUTES);
}

/* What is before the next 0xff. */
static struct slice cut(struct slice *rest)
{
    const char *mark = memchr(rest->data, 0xff, rest->length);
    size_t length = mark ? (size_t)(mark - rest->data) : rest->length;
    struct slice part = {rest->data, length};

    length += mark != NULL;
    *rest = (struct slice){rest->data + length, rest->length - length};
    return part;
}

static void tell(const struct explained *explained)
{
    static struct arena arena;
    struct err err = {ERR_NONE, ""};
    char *json = explained_text(explained, explained_write_json);

    assert(json_decode((struct slice){json, strlen(json) - 1}, &arena, &err));
    arena_reset(&arena);
    free(json);
    free(explained_text(explained, explained_write_text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct explained explained;

    if (!routes)
        load();
    if (size < 2)
        return 0;
    char *bytes = memcpy(malloc(size - 1), data + 1, size - 1);
    struct slice rest = {bytes, size - 1}, key = cut(&rest), name = cut(&rest), value = cut(&rest);
    const struct header header = {name, value};
    const struct headers headers = {&header, 1};
    struct record record = {.key = data[0] & 128 ? (struct slice){0} : key,
                            .value = data[0] & 64 ? (struct slice){0} : rest,
                            .topic = "t",
                            .timestamp_ms = 1700000000000,
                            .headers = headers_of(&headers)};
    explained_make(&explained, &routes->items[data[0] % ROUTES], &record, MAX_RECORD);
    assert(!explained.failed || explained.error[0]);
    tell(&explained);
    explained_clear(&explained);
    free(bytes);
    return 0;
}
