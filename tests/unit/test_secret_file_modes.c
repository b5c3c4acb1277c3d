/* test_secret_file_modes.c: secrets in files that everybody may read. */
#include "suite.h"

#include "conf/conf.h"
#include "conf/loader.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* How many warnings a file of this mode has. */
static size_t warnings_of(mode_t mode, const char *librdkafka, const char *sink)
{
    char path[] = "/tmp/penstock-test-XXXXXX", text[1024];
    struct conf_problems *problems = conf_problems_new();
    int file = mkstemp(path);

    snprintf(text, sizeof(text),
             "version = 1; sources = { main = { brokers = \"k:9092\"; group = \"g\"; %s }; };\n"
             "sinks = { live = { %s }; };\n"
             "routes = ( { name = \"r\"; from = \"main\"; topics = \"t\"; to = \"live\"; "
             "do = \"SET a b\"; } );\n",
             librdkafka, sink);
    CU_ASSERT_EQUAL_FATAL(write(file, text, strlen(text)), (ssize_t)strlen(text));
    fchmod(file, mode);
    close(file);
    struct conf *conf = loader_read(path, problems, NULL);
    size_t warnings = conf_warnings_count(problems);
    CU_ASSERT_EQUAL(conf_problems_count(problems), 0);
    unlink(path);
    conf_free(conf);
    conf_problems_free(problems);
    return warnings;
}

#define PLAIN  "url = \"redis://h\";"
#define SECRET PLAIN " password = \"hunter2\";"

static void a_secret_in_a_file_for_everybody_is_told(void)
{
    CU_ASSERT_EQUAL(warnings_of(0644, "", SECRET), 1);
    CU_ASSERT_EQUAL(warnings_of(0604, "", SECRET), 1);
    CU_ASSERT_EQUAL(warnings_of(0644, "", "url = \"redis://:hunter2@h\";"), 1);
    CU_ASSERT_EQUAL(warnings_of(0644, "librdkafka = { sasl_password = \"hunter2\"; };", PLAIN), 1);
    CU_ASSERT_EQUAL(warnings_of(0644, "librdkafka = ( \"sasl.password=hunter2\" );", PLAIN), 1);
    CU_ASSERT_EQUAL(warnings_of(0644, "",
                                PLAIN "}; }; admin = { token = \"hunter2hunter2hunter2\"; }; "
                                      "defaults = { retry = { timeout = \"1s\";"),
                    1);
}

static void each_file_is_told_once(void)
{
    CU_ASSERT_EQUAL(warnings_of(0644, "librdkafka = { sasl_password = \"hunter2\"; };", SECRET), 1);
}

static void a_file_for_the_owner_and_the_group_is_fine(void)
{
    CU_ASSERT_EQUAL(warnings_of(0600, "", SECRET), 0);
    CU_ASSERT_EQUAL(warnings_of(0640, "", SECRET), 0);
}

static void what_comes_from_elsewhere_is_fine(void)
{
    setenv("PENSTOCK_TEST_PASSWORD", "hunter2", 1);
    CU_ASSERT_EQUAL(warnings_of(0644, "", PLAIN), 0);
    CU_ASSERT_EQUAL(warnings_of(0644, "", PLAIN " password = \"${PENSTOCK_TEST_PASSWORD}\";"), 0);
    CU_ASSERT_EQUAL(warnings_of(0644, "", PLAIN " password = \"${file:/nowhere:-}\";"), 0);
    CU_ASSERT_EQUAL(warnings_of(0644, "", "url = \"redis://:${PENSTOCK_TEST_PASSWORD}@h\";"), 0);
    CU_ASSERT_EQUAL(warnings_of(0644, "", "url = \"redis://user@h\"; password = \"\";"), 0);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_secret_in_a_file_for_everybody_is_told),
        TEST(each_file_is_told_once),
        TEST(a_file_for_the_owner_and_the_group_is_fine),
        TEST(what_comes_from_elsewhere_is_fine),
    };

    return SUITE("secret_file_modes", tests);
}
