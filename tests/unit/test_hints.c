/* test_hints.c: what stands in a route and probably means something else. */
#include "conf_of_text.h"
#include "suite.h"

#include "conf/conf.h"
#include "flow/route.h"

#include <stdlib.h>

static char *told;

/* Keeps the note whose text or hint is looked for. */
static void keep(void *context, const struct conf_finding *finding)
{
    FILE *out = context;

    if (finding->severity == CONF_NOTE)
        fprintf(out, "%s = %s\n", finding->text, finding->hint);
    CU_ASSERT_NOT_EQUAL(finding->severity, CONF_ERROR);
}

/* The notes on a route that runs @p command, a line each. */
static const char *notes(const char *command)
{
    struct conf_problems *problems = conf_problems_new();
    struct conf *conf = conf_of_text(
        problems,
        "version = 1;\n"
        "sources = { main = { brokers = \"k:9092\"; group = \"g\"; }; };\n"
        "sinks = { live = { url = \"redis://h\"; }; };\n"
        "routes = ( { name = \"r\"; from = \"main\"; topics = \"t\"; format = \"json\"; "
        "to = \"live\"; do = \"%s\"; del = \"UNLINK x:%%{$key}\"; } );\n",
        command);
    size_t length;
    FILE *out;

    routes_free(routes_new(conf, problems));
    free(told);
    out = open_memstream(&told, &length);
    conf_problems_each(problems, keep, out);
    fclose(out);
    conf_free(conf);
    conf_problems_free(problems);
    return told;
}

static void names_of_the_record_without_their_dollar_are_noted(void)
{
    ASSERT_TEXT(notes("SET k:%{key} %{a}"),
                "'key' is read as a field of the value = the record's key is %{$key}\n");
    ASSERT_TEXT(notes("SET k:%{a} %{header.trace}"),
                "'header.trace' is read as a field of the value = a header of the record is "
                "%{$header.NAME}\n");
    ASSERT_TEXT(notes("SET k:%{a} %{headers['x y']}"),
                "'headers['x y']' is read as a field of the value = a header of the record is "
                "%{$header.NAME}\n");
}

static void braces_of_other_languages_are_noted(void)
{
    ASSERT_TEXT(notes("SET k:%{a} {{state}}"),
                "'{{' is sent to Redis as it stands = a field is %{NAME}; one pair of braces is a "
                "hash tag of Redis Cluster\n");
}

static void fields_that_look_like_metadata_are_not_noted(void)
{
    ASSERT_TEXT(notes("SET {k}:%{$key} %{keys}"), "");
    ASSERT_TEXT(notes("SET k:%{$key} %{header}"), "");
    ASSERT_TEXT(notes("SET k:%{$key} %{a.key}"), "");
    ASSERT_TEXT(notes("SET k:%{$key} %{$header.trace|default('')}"), "");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(names_of_the_record_without_their_dollar_are_noted),
        TEST(braces_of_other_languages_are_noted),
        TEST(fields_that_look_like_metadata_are_not_noted),
    };
    int status = SUITE("hints", tests);

    free(told);
    return status;
}
