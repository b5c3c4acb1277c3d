/* test_taken_back.c: nothing counts, and nothing is told, of a record that one of its routes holds:
 * it is read again. A mock cluster, one worker, real servers. */
#include "suite.h"

#include "base/log.h"
#include "dlq_fixture.h"

#include <unistd.h>

/* What is logged from here on goes into a file, */
static FILE *log_aside(int *terminal)
{
    FILE *file = tmpfile();

    *terminal = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    log_configure(LOG_WARN, LOG_LOGFMT);
    return file;
}

/* whose text is this; it is closed. */
static const char *log_text(FILE *file, int terminal)
{
    static char text[16 << 10];

    dup2(terminal, STDERR_FILENO);
    close(terminal);
    log_configure(LOG_ERROR, LOG_LOGFMT);
    rewind(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void expect_only_returned(size_t route)
{
    const struct route_counters *counters = counters_of(route);

    CU_ASSERT_EQUAL(counters->matched, CLUSTER_PARTITIONS);
    CU_ASSERT_EQUAL(counters->outcomes[OUTCOME_RETURNED], CLUSTER_PARTITIONS);
    CU_ASSERT_EQUAL(counters->letters, 0);
    CU_ASSERT_EQUAL(counters->letters_waiting, 0);
}

/* Three routes are done with the record before the last one holds it; each partition spends no
 * tolerance of theirs, so the third does not stop for theirs. */
static void what_another_route_holds_is_no_letter_and_not_dropped(void)
{
    char text[100];
    int terminal;

    bridge_open_servers();
    cluster_topic("back");
    cluster_produce_all("back", 0, 10);
    FILE *log = log_aside(&terminal);
    bridge_open_two(
        "back", STREAM_DLQ,
        BRIDGE_ROUTE(
            "buries", "back",
            JSON
            "tolerance = { records = 2; per = \"1m\"; }; do = \"SET x "
            "%{nothing}\"; ") ", " BRIDGE_ROUTE("skips", "back",
                                                "format = \"json\"; on_error = "
                                                "\"skip\"; "
                                                "tolerance = { records = 2; per = "
                                                "\"1m\"; }; do = \"SET x "
                                                "%{nothing}\"; ") ", " BRIDGE_ROUTE("passes",
                                                                                    "back",
                                                                                    "when = "
                                                                                    "\"$"
                                                                                    "offset < "
                                                                                    "0\"; do "
                                                                                    "= \"SET "
                                                                                    "x y\"; ") ","
                                                                                               " " BRIDGE_ROUTE(
                                                                                                   "holds",
                                                                                                   "back",
                                                                                                   "format"
                                                                                                   " = "
                                                                                                   "\"json"
                                                                                                   "\"; "
                                                                                                   "do = "
                                                                                                   "\"SET "
                                                                                                   "x "
                                                                                                   "%{"
                                                                                                   "other}"
                                                                                                   "\";"
                                                                                                   " "));
    for (int i = 0; i < CLUSTER_PARTITIONS; i++) {
        snprintf(text, sizeof(text), "[-]partition back[%d]: offset 0: route holds: ", i);
        CU_ASSERT_TRUE(readyz_comes(text));
    }
    bridge_stop();
    const char *told = log_text(log, terminal);
    CU_ASSERT_PTR_NOT_NULL(strstr(told, "partition held"));
    CU_ASSERT_PTR_NULL(strstr(told, "record becomes a dead letter"));
    CU_ASSERT_PTR_NULL(strstr(told, "record dropped"));
    for (size_t i = 0; i < 4; i++)
        expect_only_returned(i);
    ASSERT_TEXT(redis_ask(there, "XLEN dead"), "0");
    bridge_close_two();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(what_another_route_holds_is_no_letter_and_not_dropped),
    };
    int status;

    log_configure(LOG_ERROR, LOG_LOGFMT);
    cluster_start();
    status = SUITE("taken_back", tests);
    cluster_end();
    return status;
}
