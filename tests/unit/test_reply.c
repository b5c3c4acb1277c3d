/* test_reply.c: what an answer of Redis means; the live texts are in tests/integration. */
#include "suite.h"

#include "metrics/metrics.h"
#include "redis/reply.h"

static const char *class_of(const char *line)
{
    static const char *const names[] = {
#define CLASS(class, command, own, told, word, meaning) #class,
#include "redis/reply_classes.def"
#undef CLASS
    };

    return names[reply_classify(slice_of(line))];
}

static void the_first_word_decides(void)
{
    ASSERT_TEXT(class_of("LOADING Redis is loading the dataset in memory"), "RETRY");
    ASSERT_TEXT(class_of("READONLY You can't write against a read only replica."), "RECONNECT");
    ASSERT_TEXT(class_of("MOVED 3999 127.0.0.1:6381"), "REDIRECT");
    ASSERT_TEXT(class_of("WRONGTYPE"), "REJECT");
    ASSERT_TEXT(class_of("NOPERM this user has no permissions"), "CONFIG");
}

static void a_word_inside_another_is_not_it(void)
{
    ASSERT_TEXT(class_of("LOADINGX text"), "UNKNOWN");
    ASSERT_TEXT(class_of("OO text"), "UNKNOWN");
    ASSERT_TEXT(class_of("text LOADING"), "UNKNOWN");
    ASSERT_TEXT(class_of("loading text"), "UNKNOWN");
}

static void err_is_told_apart_by_its_text(void)
{
    ASSERT_TEXT(class_of("ERR value is not an integer or out of range"), "REJECT");
    ASSERT_TEXT(class_of("ERR max number of clients reached"), "RECONNECT");
    ASSERT_TEXT(class_of("ERR unknown command 'FOO', with args beginning with: "), "CONFIG");
    ASSERT_TEXT(class_of("ERR value is not"), "UNKNOWN");
    ASSERT_TEXT(class_of("ERR"), "UNKNOWN");
}

static void a_text_that_quotes_the_record_cannot_pose_as_another(void)
{
    ASSERT_TEXT(class_of("ERR unknown command 'syntax error', with args beginning with: 'x'"),
                "CONFIG");
    ASSERT_TEXT(class_of("ERR said: syntax error"), "UNKNOWN");
}

static void what_no_row_knows_is_unknown(void)
{
    ASSERT_TEXT(class_of("ERR a text that no Redis has said yet"), "UNKNOWN");
    ASSERT_TEXT(class_of("NEWWORD text"), "UNKNOWN");
    ASSERT_TEXT(class_of(""), "UNKNOWN");
    ASSERT_TEXT(class_of(" LOADING"), "UNKNOWN");
    CU_ASSERT_EQUAL(reply_classify((struct slice){0}), REPLY_UNKNOWN);
}

static void a_label_is_one_of_a_closed_set(void)
{
    ASSERT_TEXT(reply_label(SLICE("OOM command not allowed")), "OOM");
    ASSERT_TEXT(reply_label(SLICE("ERR a text that no Redis has said yet")), "ERR");
    ASSERT_TEXT(reply_label(SLICE("key:42 is what a script said")), "other");
    ASSERT_TEXT(reply_label(SLICE("* text")), "other");
    ASSERT_TEXT(reply_label(SLICE("CMS: key does not exist")), "other");
    ASSERT_TEXT(reply_label(SLICE("")), "other");
}

static void every_label_has_its_own_counter(void)
{
    size_t count;
    const struct reply_row *rows = reply_rows(&count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].word, "*") != 0)
            CU_ASSERT_NOT_EQUAL(metrics_error_index(rows[i].word), metrics_error_index("other"));
}

/* Rows that no line can reach are lies in the table; the example is what the row is for, as a
 * server says it and as the log shows it. */
static void the_example_of_each_row_is_its_own(void)
{
    size_t count;
    const struct reply_row *rows = reply_rows(&count);

    for (size_t i = 0; i < count; i++) {
        char line[512];
        snprintf(line, sizeof(line), "%s", rows[i].example);
        if (reply_find(slice_of(line)) != &rows[i])
            fprintf(stderr, "\nnot its own: %s", line);
        CU_ASSERT_PTR_EQUAL(reply_find(slice_of(line)), &rows[i]);
        reply_hide(line);
        if (reply_find(slice_of(line)) != &rows[i])
            fprintf(stderr, "\nhidden: %s", line);
        CU_ASSERT_PTR_EQUAL(reply_find(slice_of(line)), &rows[i]);
        CU_ASSERT(rows[i].servers[0]);
    }
}

/* A class that no server's words are of is one of a table that nobody reads. */
static void every_class_but_done_has_words(void)
{
    bool said[REPLY_CLASSES] = {[REPLY_DONE] = true};
    size_t count;
    const struct reply_row *rows = reply_rows(&count);

    for (size_t i = 0; i < count; i++)
        said[rows[i].class] = true;
    for (size_t i = 0; i < REPLY_CLASSES; i++)
        CU_ASSERT_TRUE(said[i]);
}

/* The worker acts on three classes; what is told as one of them is told as itself. */
static void what_the_worker_hears_is_one_of_three_classes(void)
{
    for (size_t i = 0; i < REPLY_CLASSES; i++) {
        enum reply_class told = reply_meanings[i].told;
        CU_ASSERT_EQUAL(reply_meanings[told].told, told);
        CU_ASSERT_EQUAL(told == REPLY_DONE, i == REPLY_DONE);
        CU_ASSERT_TRUE(told == REPLY_DONE || told == REPLY_REJECT || told == REPLY_CONFIG ||
                       told == REPLY_UNKNOWN);
        CU_ASSERT_EQUAL(reply_meanings[i].command == REACT_DONE, i == REPLY_DONE);
        CU_ASSERT_EQUAL(reply_meanings[i].own == REACT_DONE, i == REPLY_DONE);
        CU_ASSERT_NOT_EQUAL(reply_meanings[i].own, REACT_REFUSE); /* nobody would hear of it */
    }
}

static void a_text_fits_by_the_part_that_never_changes(void)
{
    ASSERT_TEXT(class_of("key must be a string at line 3 column 3"), "REJECT");
    ASSERT_TEXT(class_of("EOF while parsing a value at line 118 column 0"), "REJECT");
    ASSERT_TEXT(class_of("what stands at line up and at line 3"), "UNKNOWN");
    ASSERT_TEXT(class_of("ERR The LIMIT argument must be >= 0."), "REJECT");
    ASSERT_TEXT(class_of("ERR Invalid TIME option argument for XCLAIM"), "REJECT");
    ASSERT_TEXT(class_of("finished with error(s)"), "UNKNOWN");
}

static void the_line_behind_a_proxy_s_err_counts(void)
{
    ASSERT_TEXT(class_of("ERR READONLY You can't write against a read only replica."), "RECONNECT");
    ASSERT_TEXT(class_of("ERR -MISCONF Redis is configured to save RDB snapshots"), "RESOURCE");
    ASSERT_TEXT(class_of("ERR WRONGTYPE Operation against a key"), "REJECT");
    ASSERT_TEXT(class_of("ERR upstream failure"), "RECONNECT");
    ASSERT_TEXT(class_of("ERR said: READONLY"), "UNKNOWN");
}

/* As redis 6.2 says it. */
static void the_line_inside_a_script_s_counts(void)
{
#define RAN "ERR Error running script (call to f_67ed14): @user_script:1: "
    ASSERT_TEXT(class_of(RAN "@user_script: 1: -OOM command not allowed"), "RESOURCE");
    ASSERT_TEXT(class_of(RAN "@user_script: 1: -READONLY You can't write"), "RECONNECT");
    ASSERT_TEXT(class_of(RAN "WRONGTYPE Operation against a key"), "REJECT");
    ASSERT_TEXT(class_of(RAN "ERR value is not an integer or out of range"), "REJECT");
    ASSERT_TEXT(class_of(RAN "@user_script: 1: Unknown Redis command called from Lua script"),
                "CONFIG");
    ASSERT_TEXT(class_of(RAN "user_script:1: @user_script: 1: -OOM of a record"), "REJECT");
    ASSERT_TEXT(class_of(RAN "user_script:1: my own word"), "REJECT");
}

static void hides(const char *line, const char *shown)
{
    char text[256];

    snprintf(text, sizeof(text), "%s", line);
    size_t length = reply_hide(text);
    ASSERT_TEXT(text, shown);
    CU_ASSERT_EQUAL(length, strlen(shown));
}

static void what_redis_repeats_of_the_arguments_is_hidden(void)
{
    hides("ERR unknown command 'SETT', with args beginning with: 'ride:1' 'hunter2' ",
          "ERR unknown command 'SETT', with args beginning with: ***");
    hides("ERR unknown command `AUTH`, with args beginning with: `hunter2`, ",
          "ERR unknown command `AUTH`, with args beginning with: ***");
    hides("ERR invalid longitude,latitude pair 500.000000,12.500000",
          "ERR invalid longitude,latitude pair ***");
    hides("ERR Path '$.hunter2' does not exist", "ERR Path '***' does not exist");
    hides("ERR it's 'one' or \"two\" and can't", "ERR it's '***'t");
    hides("ERR Syntax error in HELLO option 'hunter2'", "ERR Syntax error in HELLO option '***'");
    hides("invalid type: string \"a \\\"b\\\" c\", expected u64 at line 1 column 5",
          "invalid type: string \"***\", expected u64 at line 1 column 5");
}

static void a_quote_that_was_cut_hides_the_rest(void)
{
    hides("ERR no such 'hunter", "ERR no such '***");
    hides("ERR no such '", "ERR no such '");
    hides("'", "'");
    hides("ERR x 'a'", "ERR x '*'");
    hides("", "");
    hides("ERR unknown command 'X', with args beginning with:",
          "ERR unknown command 'X', with args beginning with:");
}

static void names_of_commands_and_apostrophes_stay(void)
{
    static const char *const good[] = {
        "ERR wrong number of arguments for 'hset' command",
        "ERR unknown subcommand 'FOO'. Try CLIENT HELP.",
        "NOPERM this user has no permissions to run the 'client|kill' command",
        "ERR invalid expire time in 'set' command",
        "ERR Number of keys can't be negative",
        "WRONGTYPE Operation against a key holding the wrong kind of value",
        "ERR user_script:1: attempt to call field 'nope' (a nil value)",
    };

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        hides(good[i], good[i]);
}

static void the_server_s_own_quotes_stay(void)
{
    static const char *const good[] = {
        "OOM command not allowed when used memory > 'maxmemory'.",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    };

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        hides(good[i], good[i]);
    hides("OOM command not allowed when used memory > 'maxmemory'. Not for 'hunter2'",
          "OOM command not allowed when used memory > 'maxmemory'. Not for '***'");
    hides("ERR member 'hunter2' does not exist", "ERR member '***' does not exist");
}

static void hides_secret(const char *line, const char *secret, const char *shown)
{
    char text[256];

    snprintf(text, sizeof(text), "%s", line);
    size_t length = reply_hide_secret(text, secret);
    ASSERT_TEXT(text, shown);
    CU_ASSERT_EQUAL(length, strlen(shown));
}

static void a_secret_is_hidden_without_quotes_too(void)
{
    hides_secret("ERR no user with password hunter22 here", "hunter22",
                 "ERR no user with password *** here");
    hides_secret("hunter22hunter22", "hunter22", "******");
    hides_secret("ERR bad hunter2", "hunter22", "ERR bad ***"); /* it was cut */
    hides_secret("ERR bad hunt", "hunter22", "ERR bad hunt");
    hides_secret("ERR bad pw x", "pw", "ERR bad ** x");
    hides_secret("ERR bad", NULL, "ERR bad");
    hides_secret("ERR bad", "", "ERR bad");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(the_first_word_decides),
        TEST(a_word_inside_another_is_not_it),
        TEST(err_is_told_apart_by_its_text),
        TEST(a_text_that_quotes_the_record_cannot_pose_as_another),
        TEST(what_no_row_knows_is_unknown),
        TEST(a_label_is_one_of_a_closed_set),
        TEST(every_label_has_its_own_counter),
        TEST(the_example_of_each_row_is_its_own),
        TEST(every_class_but_done_has_words),
        TEST(what_the_worker_hears_is_one_of_three_classes),
        TEST(a_text_fits_by_the_part_that_never_changes),
        TEST(the_line_behind_a_proxy_s_err_counts),
        TEST(the_line_inside_a_script_s_counts),
        TEST(what_redis_repeats_of_the_arguments_is_hidden),
        TEST(a_quote_that_was_cut_hides_the_rest),
        TEST(names_of_commands_and_apostrophes_stay),
        TEST(the_server_s_own_quotes_stay),
        TEST(a_secret_is_hidden_without_quotes_too),
    };

    return SUITE("reply", tests);
}
