/* test_reload.c: a configuration that is read again while penstock runs. */
#include "suite.h"

#include "app/load.h"
#include "app/reload.h"
#include "app/workers.h"
#include "base/log.h"
#include "base/mem.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static char path[] = "/tmp/penstock-test-XXXXXX";
static struct loaded loaded;
static struct metrics *metrics;
static struct reload *reload;
static struct workers *workers; /* none */

static void write_file(const char *route, const char *more)
{
    FILE *file = fopen(path, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fprintf(file,
            "version = 1;\n"
            "sources = { main = { brokers = \"k:9092\"; group = \"g\"; }; };\n"
            "sinks = { live = { url = \"redis://h:1/2\"; }; };\n"
            "routes = ( { name = \"r\"; from = \"main\"; topics = \"t\"; to = \"live\"; %s } );\n"
            "%s",
            route, more);
    fclose(file);
}

#define DO "do = \"SET a b\";"

static void open_reload(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    close(mkstemp(strcpy(path, "/tmp/penstock-test-XXXXXX")));
    write_file(DO, "");
    CU_ASSERT_EQUAL_FATAL(load(path, CONF_ERROR, &loaded), 0);
    metrics = metrics_new(&(struct metrics_shape){.workers = 1});
    reload = reload_new(&loaded, metrics);
    workers = workers_new(reload_plan(reload), metrics, NULL);
}

static void close_reload(void)
{
    workers_free(workers);
    reload_free(reload);
    metrics_free(metrics);
    load_free(&loaded);
    unlink(path);
    log_set_level(LOG_INFO);
}

static void *asker(void *context)
{
    reload_ask(reload, context);
    return NULL;
}

/* As the admin port does: from a thread of its own. */
static struct reload_answer ask(void)
{
    static const struct timespec patience = {60, 0}, at_once = {0, 0};
    struct reload_answer answer;
    pthread_t thread;
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigtimedwait(&set, NULL, &at_once); /* one that nobody took */
    pthread_create(&thread, NULL, asker, &answer);
    CU_ASSERT_EQUAL(sigtimedwait(&set, NULL, &patience), SIGHUP);
    reload_wanted(reload);
    while (!reload_turn(reload, workers))
        poll(NULL, 0, 1);
    pthread_join(thread, NULL);
    return answer;
}

static bool scrape_has(const char *text)
{
    char *page = NULL;
    size_t length;
    FILE *out = open_memstream(&page, &length);

    metrics_write(metrics, METRICS_TEXT, out);
    fclose(out);
    bool has = strstr(page, text);
    free(page);
    return has;
}

static void a_file_with_mistakes_changes_nothing_and_says_them(void)
{
    open_reload();
    write_file("do = \"SET a %{b|uppr}\";", "log = { level = \"debug\"; };\n");
    struct reload_answer answer = ask();
    CU_ASSERT_EQUAL(answer.outcome, RELOAD_MISTAKEN);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.mistakes, "unknown filter 'uppr'"));
    ASSERT_TEXT(answer.changes, "");
    CU_ASSERT_FALSE(log_enabled(LOG_DEBUG));
    CU_ASSERT_TRUE(scrape_has("penstock_reloads_total{result=\"refused\"} 1\n"));
    CU_ASSERT_TRUE(scrape_has("penstock_reloads_total{result=\"ok\"} 0\n"));
    CU_ASSERT_TRUE(scrape_has("penstock_config_refused 1\n"));
    reload_answer_clear(&answer);
    write_file(DO, "");
    answer = ask();
    CU_ASSERT_TRUE(scrape_has("penstock_config_refused 0\n"));
    reload_answer_clear(&answer);
    close_reload();
}

static void a_file_that_is_gone_is_a_mistake(void)
{
    open_reload();
    unlink(path);
    struct reload_answer answer = ask();
    CU_ASSERT_EQUAL(answer.outcome, RELOAD_MISTAKEN);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.mistakes, "No such file"));
    reload_answer_clear(&answer);
    close_reload();
}

static void the_level_of_the_log_changes(void)
{
    open_reload();
    write_file(DO, "log = { level = \"debug\"; };\n");
    struct reload_answer answer = ask();
    CU_ASSERT_EQUAL(answer.outcome, RELOAD_ACCEPTED);
    ASSERT_TEXT(answer.changes, "log.level: info -> debug (live)\n");
    ASSERT_TEXT(answer.restart, "");
    CU_ASSERT_TRUE(log_enabled(LOG_DEBUG));
    CU_ASSERT_TRUE(scrape_has("penstock_reloads_total{result=\"ok\"} 1\n"));
    reload_answer_clear(&answer);
    close_reload();
}

static void a_change_that_needs_a_restart_is_named_until_it_is_taken_back(void)
{
    open_reload();
    write_file(DO, "log = { format = \"json\"; };\n");
    for (int i = 0; i < 2; i++) {
        struct reload_answer answer = ask();
        CU_ASSERT_EQUAL(answer.outcome, RELOAD_ACCEPTED);
        ASSERT_TEXT(answer.restart, "log.format\n");
        CU_ASSERT_TRUE(scrape_has("penstock_config_restart_needed 1\n"));
        reload_answer_clear(&answer);
    }
    write_file(DO, "");
    struct reload_answer answer = ask();
    ASSERT_TEXT(answer.restart, "");
    CU_ASSERT_TRUE(scrape_has("penstock_config_restart_needed 0\n"));
    reload_answer_clear(&answer);
    close_reload();
}

static void write_sources(const char *sources)
{
    FILE *file = fopen(path, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fprintf(file,
            "version = 1;\nsinks = { live = { url = \"redis://h\"; }; };\n"
            "defaults = { to = \"live\"; };\nsources = { %s };\n"
            "routes = ( { name = \"r\"; from = \"one\"; topics = \"t\"; " DO " }, "
            "{ name = \"s\"; from = \"two\"; topics = \"t\"; " DO " } );\n",
            sources);
    fclose(file);
}

#define SOURCE(name, rest) name " = { brokers = \"k:9092\"; group = \"" name "\"; " rest "}; "

static void open_two(void)
{
    open_reload();
    workers_free(workers);
    reload_free(reload);
    load_free(&loaded);
    write_sources(SOURCE("one", "") SOURCE("two", "workers = 2; "));
    CU_ASSERT_EQUAL_FATAL(load(path, CONF_ERROR, &loaded), 0);
    reload = reload_new(&loaded, metrics);
    workers = workers_new(reload_plan(reload), metrics, NULL);
}

/* What counts by them, memory's shares and the tasks of a connector, goes by those that there are.
 */
static void the_number_of_workers_stays_until_a_restart(void)
{
    open_two();
    write_sources(SOURCE("one", "workers = 5; ") SOURCE("two", "workers = 2; "));
    struct reload_answer answer = ask();
    ASSERT_TEXT(answer.restart, "sources.one.workers\n");
    CU_ASSERT_EQUAL(reload_conf(reload)->sources[0].workers, 1);
    CU_ASSERT_EQUAL(reload_conf(reload)->sources[1].workers, 2);
    reload_answer_clear(&answer);
    answer = ask();
    ASSERT_TEXT(answer.restart, "sources.one.workers\n");
    reload_answer_clear(&answer);
    close_reload();
}

/* Workers are numbered source by source. */
static void sources_in_another_order_wait_for_a_restart(void)
{
    open_two();
    write_sources(SOURCE("two", "workers = 2; ") SOURCE("one", ""));
    struct reload_answer answer = ask();
    ASSERT_TEXT(answer.restart, "sources\n");
    ASSERT_TEXT(reload_conf(reload)->sources[0].name, "one");
    reload_answer_clear(&answer);
    close_reload();
}

static void an_asker_is_not_left_waiting_by_a_stop(void)
{
    struct reload_answer answer;
    pthread_t thread;

    open_reload();
    pthread_create(&thread, NULL, asker, &answer);
    reload_stop(reload);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(answer.outcome, RELOAD_UNANSWERED);
    reload_answer_clear(&answer);
    close_reload();
}

static void look_and_turn(int64_t now_ms)
{
    reload_watch(reload, now_ms);
    while (!reload_turn(reload, workers))
        poll(NULL, 0, 1);
}

static void a_file_that_has_changed_is_read_again_once_two_looks_agree(void)
{
    open_reload();
    write_file(DO, "watch = true;\n");
    look_and_turn(0);
    look_and_turn(1000);
    CU_ASSERT_TRUE(scrape_has("penstock_reloads_total{result=\"ok\"} 0\n"));
    struct reload_answer answer = ask();
    reload_answer_clear(&answer);
    look_and_turn(2000);
    write_file(DO, "watch = true; log = { level = \"debug\"; };\n");
    look_and_turn(2999);
    look_and_turn(3000);
    CU_ASSERT_FALSE(log_enabled(LOG_DEBUG));
    look_and_turn(4000);
    CU_ASSERT_TRUE(log_enabled(LOG_DEBUG));
    look_and_turn(5000);
    look_and_turn(6000);
    CU_ASSERT_TRUE(scrape_has("penstock_reloads_total{result=\"ok\"} 2\n"));
    close_reload();
}

static void a_file_with_mistakes_is_read_once_and_again_when_it_is_mended(void)
{
    open_reload();
    write_file(DO, "watch = true;\n");
    struct reload_answer answer = ask();
    reload_answer_clear(&answer);
    write_file("do = \"SET a %{b|uppr}\";", "watch = true;\n");
    for (int64_t now_ms = 0; now_ms < 5000; now_ms += 1000)
        look_and_turn(now_ms);
    CU_ASSERT_TRUE(scrape_has("penstock_reloads_total{result=\"refused\"} 1\n"));
    write_file(DO, "log = { level = \"debug\"; };\n");
    look_and_turn(5000);
    look_and_turn(6000);
    CU_ASSERT_TRUE(log_enabled(LOG_DEBUG));
    CU_ASSERT_FALSE(reload_conf(reload)->watch);
    write_file(DO, "");
    look_and_turn(7000);
    look_and_turn(8000);
    CU_ASSERT_TRUE(log_enabled(LOG_DEBUG));
    close_reload();
}

/* --- secrets ---------------------------------------------------------------------------------- */

static char secret_path[] = "/tmp/penstock-secret-XXXXXX";

static void write_secret(const char *text)
{
    FILE *file = fopen(secret_path, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static void write_with_secret(const char *more)
{
    char *command = mem_format("do = \"SET ${file:%s} b\";", secret_path);

    write_file(command, more);
    free(command);
}

/* The file is another one than was read, too: nobody asked for that. */
static void open_with_secret(void)
{
    close(mkstemp(strcpy(secret_path, "/tmp/penstock-secret-XXXXXX")));
    write_secret("one");
    open_reload();
    write_with_secret("");
    struct reload_answer answer = ask();
    CU_ASSERT_EQUAL(answer.outcome, RELOAD_ACCEPTED);
    reload_answer_clear(&answer);
    write_with_secret("log = { level = \"debug\"; };\n");
}

static void close_with_secret(void)
{
    close_reload();
    unlink(secret_path);
}

static void a_login_is_refused(void)
{
    metrics_worker(metrics, 0)->source.logins_refused++;
    metrics_publish(metrics_worker(metrics, 0));
    while (!reload_turn(reload, workers))
        poll(NULL, 0, 1);
}

static void expect_command(const char *text)
{
    ASSERT_TEXT(reload_conf(reload)->routes[0].do_.items[0].cmd.text, text);
}

static void a_refused_login_has_secrets_read_again_and_nothing_else(void)
{
    open_with_secret();
    write_secret("two\n");
    reload_turn(reload, workers);
    expect_command("SET one b");
    a_login_is_refused();
    expect_command("SET two b");
    CU_ASSERT_FALSE(log_enabled(LOG_DEBUG));
    CU_ASSERT_TRUE(scrape_has("penstock_reloads_total{result=\"secrets\"} 1\n"));
    CU_ASSERT_TRUE(scrape_has("penstock_kafka_logins_refused_total 1\n"));
    close_with_secret();
}

static void secrets_that_are_read_again_do_not_hide_that_the_file_is_refused(void)
{
    open_with_secret();
    write_with_secret("colour = 1;\n");
    struct reload_answer answer = ask();
    CU_ASSERT_EQUAL(answer.outcome, RELOAD_MISTAKEN);
    reload_answer_clear(&answer);
    write_secret("two\n");
    a_login_is_refused();
    expect_command("SET two b");
    CU_ASSERT_TRUE(scrape_has("penstock_config_refused 1\n"));
    close_with_secret();
}

static void a_secret_that_is_the_same_changes_nothing(void)
{
    open_with_secret();
    const struct conf *before = reload_conf(reload);
    a_login_is_refused();
    CU_ASSERT_PTR_EQUAL(reload_conf(reload), before);
    CU_ASSERT_TRUE(scrape_has("penstock_reloads_total{result=\"secrets\"} 0\n"));
    close_with_secret();
}

static void a_secret_that_is_gone_changes_nothing(void)
{
    open_with_secret();
    unlink(secret_path);
    a_login_is_refused();
    expect_command("SET one b");
    close_with_secret();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_file_with_mistakes_changes_nothing_and_says_them),
        TEST(a_file_that_is_gone_is_a_mistake),
        TEST(the_level_of_the_log_changes),
        TEST(a_change_that_needs_a_restart_is_named_until_it_is_taken_back),
        TEST(a_file_that_has_changed_is_read_again_once_two_looks_agree),
        TEST(a_file_with_mistakes_is_read_once_and_again_when_it_is_mended),
        TEST(the_number_of_workers_stays_until_a_restart),
        TEST(sources_in_another_order_wait_for_a_restart),
        TEST(an_asker_is_not_left_waiting_by_a_stop),
        TEST(a_refused_login_has_secrets_read_again_and_nothing_else),
        TEST(secrets_that_are_read_again_do_not_hide_that_the_file_is_refused),
        TEST(a_secret_that_is_the_same_changes_nothing),
        TEST(a_secret_that_is_gone_changes_nothing),
    };

    return SUITE("reload", tests);
}
