/* test_settings.c: every setting of a configuration, with its value. */
#include "conf_of_text.h"
#include "suite.h"

#include "conf/settings.h"

#include <stdlib.h>

static char *lines;
static size_t length;

static void add_line(void *context, const struct setting_value *setting)
{
    fprintf(context, "%s=%s\n", setting->name, setting->value);
}

static void list(const char *text)
{
    struct conf_problems *problems = conf_problems_new();
    struct conf *conf = conf_of_text(problems, "%s", text);
    FILE *out = open_memstream(&lines, &length);

    CU_ASSERT_EQUAL_FATAL(conf_problems_count(problems), 0);
    settings_visit(conf, add_line, out);
    fclose(out);
    conf_free(conf);
    conf_problems_free(problems);
}

static bool has(const char *line)
{
    if (strstr(lines, line))
        return true;
    fprintf(stderr, "\nno '%s' in:\n%s\n", line, lines);
    return false;
}

#define BASE                                                                                       \
    "version = 1; sources = { main = { brokers = \"k:9092\"; group = \"g\"; }; };\n"               \
    "sinks = { live = { url = \"redis://:hunter2@h:6379/1\"; password = \"hunter3\"; }; };\n"      \
    "admin = { token = \"hunter4hunter4hunter4\"; };\n"                                            \
    "defaults = { ttl = \"2h\"; };\n"                                                              \
    "routes = ( { name = \"r\"; from = \"main\"; topics = \"t\"; to = \"live\"; do = \"SET a "     \
    "b\"; "

static void each_setting_has_its_value_or_its_default(void)
{
    list(BASE "} );");
    CU_ASSERT(has("memory=48MiB\n"));
    CU_ASSERT(has("sources.main.brokers=k:9092\n"));
    CU_ASSERT(has("sources.main.workers=1\n"));
    CU_ASSERT(has("sinks.live.connections=1\n"));
    CU_ASSERT(has("sinks.live.tls.min_version=1.2\n"));
    CU_ASSERT(has("routes.r.ttl=2h\n"));
    CU_ASSERT(has("routes.r.when=\n"));
    CU_ASSERT(has("admin.listen=127.0.0.1:9464\n"));
    CU_ASSERT(has("log.level=info\n"));
    CU_ASSERT_PTR_NULL(strstr(lines, "retry"));
    CU_ASSERT_PTR_NULL(strstr(lines, "dlq."));
    free(lines);
}

static void a_group_that_the_file_has_is_there(void)
{
    list(BASE "retry = { timeout = \"5m\"; }; } );\ndlq = { source = \"main\"; topic = \"d\"; };");
    CU_ASSERT(has("routes.r.retry.timeout=5m\n"));
    CU_ASSERT(has("dlq.topic=d\n"));
    free(lines);
}

static void no_secret_is_shown(void)
{
    list(BASE "} );");
    CU_ASSERT(has("sinks.live.password=***\n"));
    CU_ASSERT(has("admin.token=***\n"));
    CU_ASSERT_PTR_NULL(strstr(lines, "hunter"));
    free(lines);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(each_setting_has_its_value_or_its_default),
        TEST(a_group_that_the_file_has_is_there),
        TEST(no_secret_is_shown),
    };

    return SUITE("settings", tests);
}
