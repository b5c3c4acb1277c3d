/* test_inputs.c: the files that a configuration was read from. */
#include "suite.h"

#include "conf/conf.h"
#include "conf/inputs.h"
#include "conf/loader.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/penstock-test-XXXXXX";

static void write_text(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static void open_folder(void)
{
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(strcpy(folder, "/tmp/penstock-test-XXXXXX")));
    CU_ASSERT_EQUAL_FATAL(chdir(folder), 0);
}

static void close_folder(void)
{
    CU_ASSERT_EQUAL(chdir("/"), 0);
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

/* Whether @p inputs say that something has changed. */
static bool changed(const struct inputs *inputs)
{
    return inputs_now(inputs) != inputs_before(inputs);
}

static void a_file_that_is_written_replaced_removed_or_made_has_changed(void)
{
    open_folder();
    write_text("a", "1");
    struct inputs *inputs = inputs_new();
    inputs_add(inputs, "a");
    inputs_add(inputs, "missing");
    CU_ASSERT_FALSE(changed(inputs));
    write_text("missing", "");
    CU_ASSERT_TRUE(changed(inputs));
    unlink("missing");
    CU_ASSERT_FALSE(changed(inputs));
    write_text("b", "1");
    CU_ASSERT_FALSE(changed(inputs));
    rename("b", "a");
    CU_ASSERT_TRUE(changed(inputs));
    inputs_free(inputs);

    inputs = inputs_new();
    inputs_add(inputs, "a");
    write_text("a", "22");
    CU_ASSERT_TRUE(changed(inputs));
    unlink("a");
    CU_ASSERT_TRUE(changed(inputs));
    inputs_free(inputs);
    close_folder();
}

static void a_text_that_is_written_again_with_its_former_time_has_changed(void)
{
    struct stat status;

    open_folder();
    write_text("a", "1");
    CU_ASSERT_EQUAL_FATAL(stat("a", &status), 0);
    struct inputs *inputs = inputs_new();
    inputs_add(inputs, "a");
    do { /* until the file system's clock has gone on */
        write_text("a", "2");
        utimensat(AT_FDCWD, "a", (struct timespec[]){status.st_atim, status.st_mtim}, 0);
    } while (!changed(inputs));
    inputs_free(inputs);
    unlink("a");
    close_folder();
}

/* kubelet links ..data to a new folder; the files themselves are links to ..data/NAME. */
static void a_config_map_that_is_updated_has_changed(void)
{
    open_folder();
    mkdir("..1", 0700);
    mkdir("..2", 0700);
    write_text("..1/conf", "1");
    write_text("..2/conf", "1");
    CU_ASSERT_EQUAL_FATAL(symlink("..1", "..data"), 0);
    CU_ASSERT_EQUAL_FATAL(symlink("..data/conf", "conf"), 0);
    struct inputs *inputs = inputs_new();
    inputs_add(inputs, "conf");
    CU_ASSERT_FALSE(changed(inputs));
    CU_ASSERT_EQUAL_FATAL(symlink("..2", "..data_tmp"), 0);
    rename("..data_tmp", "..data");
    CU_ASSERT_TRUE(changed(inputs));
    inputs_free(inputs);
    unlink("conf");
    unlink("..data");
    unlink("..1/conf");
    unlink("..2/conf");
    rmdir("..1");
    rmdir("..2");
    close_folder();
}

static void what_is_named_twice_is_as_it_was_first(void)
{
    open_folder();
    write_text("a", "1");
    struct inputs *inputs = inputs_new();
    inputs_add(inputs, "a");
    write_text("a", "22");
    inputs_add(inputs, "a");
    CU_ASSERT_TRUE(changed(inputs));
    inputs_free(inputs);
    unlink("a");
    close_folder();
}

static void inputs_are_the_file_its_includes_secrets_and_certificates(void)
{
    static const char *const names[] = {"included.conf", "secret",     "otherwise",
                                        "ca.crt",        "client.crt", "client.key"};

    open_folder();
    setenv("CREDENTIALS_DIRECTORY", ".", 1);
    write_text("penstock.conf", "version = 1;\n@include \"included.conf\"\n");
    write_text("included.conf",
               "sinks = { live = { url = \"rediss://h/0\"; username = \"${cred:otherwise:-u}\";\n"
               "                   password = \"${file:secret}\";\n"
               "                   tls = { ca = \"ca.crt\"; cert = \"client.crt\"; key = "
               "\"client.key\"; }; }; };\n");
    write_text("secret", "s");
    struct conf_problems *problems = conf_problems_new();
    struct inputs *inputs = inputs_new();
    struct conf *conf = loader_read("penstock.conf", problems, inputs);
    CU_ASSERT_PTR_NOT_NULL(conf);
    CU_ASSERT_FALSE(changed(inputs));
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        uint64_t state = inputs_now(inputs);
        write_text(names[i], "another text");
        if (inputs_now(inputs) == state)
            CU_FAIL(names[i]);
        unlink(names[i]);
    }
    conf_free(conf);
    conf_problems_free(problems);
    inputs_free(inputs);
    unlink("penstock.conf");
    unsetenv("CREDENTIALS_DIRECTORY");
    close_folder();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_file_that_is_written_replaced_removed_or_made_has_changed),
        TEST(a_text_that_is_written_again_with_its_former_time_has_changed),
        TEST(a_config_map_that_is_updated_has_changed),
        TEST(what_is_named_twice_is_as_it_was_first),
        TEST(inputs_are_the_file_its_includes_secrets_and_certificates),
    };

    return SUITE("inputs", tests);
}
