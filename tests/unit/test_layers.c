/*
 * test_layers.c: includes go one way, each library has its one folder, and a value's text its one
 * door.
 *
 * The order is style.md's: base < conf, metrics < record < codec, expr, transform < kafka, redis <
 * flow < app, cli. A folder includes itself and what lies below it; app and cli are one layer, and
 * expr reads what codec decodes.
 */
#include "suite.h"

#include <ctype.h>
#include <fts.h>
#include <stdlib.h>

struct layer {
    const char *folder;
    int height;
};

static const struct layer layers[] = {
    {"base", 0},      {"conf", 1},  {"metrics", 1}, {"record", 2}, {"codec", 3}, {"expr", 4},
    {"transform", 5}, {"kafka", 6}, {"redis", 6},   {"flow", 7},   {"app", 8},   {"cli", 8},
};

enum { LAYERS = sizeof(layers) / sizeof(layers[0]), TOP = 8 };

/* The one place that may include a library's headers. */
struct owner {
    const char *header; /* begins with */
    const char *place;  /* a folder with its slash, or a file */
};

static const struct owner owners[] = {
    {"librdkafka/", "kafka/"},   {"rdkafka", "kafka/"},  {"hiredis", "redis/"},
    {"openssl/evp", "base/"},    {"openssl/", "redis/"}, {"libconfig", "conf/file.c"},
    {"regex.h", "conf/topic.c"},
};

/* The height of the folder at the front of @p path; -1 where it is none of the layers. */
static int height_of(const char *path)
{
    for (size_t i = 0; i < LAYERS; i++) {
        size_t length = strlen(layers[i].folder);
        if (strncmp(path, layers[i].folder, length) == 0 && path[length] == '/')
            return layers[i].height;
    }
    return -1;
}

static bool is_same_folder(const char *one, const char *other)
{
    size_t length = strcspn(one, "/");

    return length == strcspn(other, "/") && strncmp(one, other, length) == 0;
}

/* The one table that is read from below: an option takes the names of the formats, which are rows
 * of codec/ and of which conf/ may know nothing else. */
static bool is_table_of_names(const char *file, const char *header)
{
    return strcmp(file, "conf/kind.c") == 0 && strcmp(header, "codec/codecs.def") == 0;
}

/* Whether @p file, a path below src/, may say #include "@p header". */
static bool may_include_own(const char *file, const char *header)
{
    int from = strcmp(file, "main.c") == 0 ? TOP + 1 : height_of(file), to = height_of(header);

    if (from < 0 || to < 0)
        return false;
    return to < from || is_same_folder(file, header) || (from == TOP && to == TOP) ||
           is_table_of_names(file, header);
}

/* Whether @p file may say #include <@p header>. */
static bool may_include_library(const char *file, const char *header)
{
    for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++)
        if (strncmp(header, owners[i].header, strlen(owners[i].header)) == 0)
            return strncmp(file, owners[i].place, strlen(owners[i].place)) == 0;
    return true;
}

/* Whether the line reads or writes the member @p name of a struct. */
static bool names_member(const char *line, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = strstr(line, name); at; at = strstr(at + length, name))
        if (at > line && (at[-1] == '.' || at[-1] == '>') && !isalnum((unsigned char)at[length]) &&
            at[length] != '_' && at[length] != '(')
            return true;
    return false;
}

/* The text of a node of the tree is asked by value_text() and its like: it may have none yet. */
static bool may_touch_node(const char *file, const char *line)
{
    return strncmp(file, "record/", strlen("record/")) == 0 || !names_member(line, "raw");
}

/* What a record may become on its way is read from scope.h's view of it. */
static bool may_touch_record(const char *file, const char *line)
{
    static const char *const viewed[] = {"record->key", "record->value", "record->topic",
                                         "record->timestamp_ms"};

    if (strncmp(file, "expr/", strlen("expr/")) != 0 || strcmp(file, "expr/scope.h") == 0)
        return true;
    for (size_t i = 0; i < sizeof(viewed) / sizeof(viewed[0]); i++)
        if (strstr(line, viewed[i]))
            return false;
    return true;
}

/* Checks one line of @p file. */
static bool is_line_fine(const char *file, const char *line)
{
    char header[256];

    if (!may_touch_node(file, line) || !may_touch_record(file, line))
        return false;
    if (sscanf(line, " # include \"%255[^\"]\"", header) == 1)
        return may_include_own(file, header) && may_include_library(file, header);
    if (sscanf(line, " # include <%255[^>]>", header) == 1)
        return may_include_library(file, header);
    return true;
}

/* The lines of @p file, a path below src/, that include what they must not. */
static unsigned count_wrong_lines(const char *path, const char *file)
{
    FILE *in = fopen(path, "r");
    char line[1024];
    unsigned wrong = 0, number = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    while (fgets(line, sizeof(line), in)) {
        number++;
        if (is_line_fine(file, line))
            continue;
        fprintf(stderr, "\nsrc/%s:%u: runs the wrong way, or past value_text() or the view: %s",
                file, number, line);
        wrong++;
    }
    fclose(in);
    return wrong;
}

static bool is_source(const FTSENT *entry)
{
    const char *ending = strrchr(entry->fts_name, '.');

    return entry->fts_info == FTS_F && ending &&
           (strcmp(ending, ".c") == 0 || strcmp(ending, ".h") == 0 || strcmp(ending, ".def") == 0);
}

static void every_include_of_src_goes_down(void)
{
    char root[] = SOURCE_DIR "/src";
    FTS *tree = fts_open((char *const[]){root, NULL}, FTS_PHYSICAL, NULL);
    unsigned files = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
    for (FTSENT *entry; (entry = fts_read(tree));)
        if (is_source(entry)) {
            files++;
            CU_ASSERT_EQUAL(count_wrong_lines(entry->fts_path, entry->fts_path + sizeof(root)), 0);
        }
    fts_close(tree);
    CU_ASSERT(files > 50);
}

static void an_include_that_goes_up_is_seen(void)
{
    CU_ASSERT_TRUE(is_line_fine("flow/worker.c", "#include \"redis/sink.h\"\n"));
    CU_ASSERT_TRUE(is_line_fine("flow/worker.c", "#include \"flow/route.h\"\n"));
    CU_ASSERT_TRUE(is_line_fine("cli/run.c", "#include \"app/service.h\"\n"));
    CU_ASSERT_TRUE(is_line_fine("app/cli.c", "#include \"cli/commands.h\"\n"));
    CU_ASSERT_TRUE(is_line_fine("main.c", "#include \"app/cli.h\"\n"));
    CU_ASSERT_FALSE(is_line_fine("base/log.c", "#include \"conf/conf.h\"\n"));
    CU_ASSERT_FALSE(is_line_fine("redis/sink.c", "#include \"kafka/source.h\"\n"));
    CU_ASSERT_FALSE(is_line_fine("kafka/source.c", "#include \"redis/reply.h\"\n"));
    CU_ASSERT_FALSE(is_line_fine("metrics/metrics.c", "  #  include \"conf/conf.h\"\n"));
    CU_ASSERT_FALSE(is_line_fine("flow/worker.c", "#include \"app/cli.h\"\n"));
}

static void an_include_without_its_folder_is_seen(void)
{
    CU_ASSERT_FALSE(is_line_fine("flow/worker.c", "#include \"route.h\"\n"));
    CU_ASSERT_FALSE(is_line_fine("flow/worker.c", "#include \"../redis/sink.h\"\n"));
    CU_ASSERT_FALSE(is_line_fine("elsewhere/x.c", "#include \"base/log.h\"\n"));
}

static void a_library_outside_its_folder_is_seen(void)
{
    CU_ASSERT_TRUE(is_line_fine("kafka/source.c", "#include <librdkafka/rdkafka.h>\n"));
    CU_ASSERT_TRUE(is_line_fine("redis/handshake.c", "#include <hiredis/hiredis.h>\n"));
    CU_ASSERT_TRUE(is_line_fine("conf/file.c", "#include <libconfig.h>\n"));
    CU_ASSERT_TRUE(is_line_fine("flow/worker.c", "#include <stdlib.h>\n"));
    CU_ASSERT_FALSE(is_line_fine("cli/mock.c", "#include <librdkafka/rdkafka_mock.h>\n"));
    CU_ASSERT_FALSE(is_line_fine("flow/worker.c", "#include <rdkafka.h>\n"));
    CU_ASSERT_FALSE(is_line_fine("cli/version.c", "#include <hiredis.h>\n"));
    CU_ASSERT_FALSE(is_line_fine("cli/version.c", "#include \"hiredis.h\"\n"));
    CU_ASSERT_FALSE(is_line_fine("conf/conf.c", "#include <libconfig.h>\n"));
    CU_ASSERT_FALSE(is_line_fine("flow/compile.c", "#include <regex.h>\n"));
}

static void a_text_read_from_its_node_is_seen(void)
{
    CU_ASSERT_TRUE(is_line_fine("record/value.c", "    return value->raw;\n"));
    CU_ASSERT_TRUE(is_line_fine("expr/filter.c", "    text = value_raw(value, arena, err);\n"));
    CU_ASSERT_TRUE(is_line_fine("expr/filter.c", "    row.rawest = raw;\n"));
    CU_ASSERT_FALSE(is_line_fine("expr/filter.c", "    text = value->raw;\n"));
    CU_ASSERT_FALSE(is_line_fine("cli/explained.c", "    field->text = found.raw.data;\n"));
    CU_ASSERT_FALSE(is_line_fine("codec/json.c", "    node->raw = text;\n"));
}

static void a_record_read_past_its_view_is_seen(void)
{
    CU_ASSERT_TRUE(is_line_fine("expr/scope.h", "    .topic = record->topic,\n"));
    CU_ASSERT_TRUE(is_line_fine("expr/reference.c", "    found(scope->record->offset);\n"));
    CU_ASSERT_TRUE(is_line_fine("flow/worker.c", "    size = record->value.length;\n"));
    CU_ASSERT_FALSE(is_line_fine("expr/reference.c", "    found(scope->record->topic);\n"));
    CU_ASSERT_FALSE(is_line_fine("expr/reference.c", "    if (record->value.data)\n"));
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(every_include_of_src_goes_down),        TEST(an_include_that_goes_up_is_seen),
        TEST(an_include_without_its_folder_is_seen), TEST(a_library_outside_its_folder_is_seen),
        TEST(a_text_read_from_its_node_is_seen),     TEST(a_record_read_past_its_view_is_seen),
    };

    return SUITE("layers", tests);
}
