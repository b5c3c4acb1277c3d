/* test_verdict.c: what an answer means for the command that it answers. */
#include "generated_page.h"
#include "suite.h"

#include "base/mem.h"
#include "redis/commands.h"
#include "redis/verdict.h"

#include <stdlib.h>
#include <strings.h>

static struct resp_scanner scanner;

/* The class of @p answer to a command, "JSON.SET key $ 1". */
static enum reply_class verdict(const char *command, const char *answer)
{
    struct slice words[16], input = slice_of(answer);
    size_t count = 0;

    for (const char *at = command; *at; at += strspn(at, " ")) {
        words[count++] = (struct slice){at, strcspn(at, " ")};
        at += words[count - 1].length;
    }
    char *bytes = mem_alloc(resp_bound(words, count));
    char *end = resp_encode(bytes, words, count);
    const struct command *known = command_find(words[0]);
    uint32_t index = known ? known->index : UINT32_MAX;
    scanner = (struct resp_scanner){0};
    CU_ASSERT_EQUAL(resp_scan(&scanner, &input), RESP_REPLY);
    enum reply_class class = REPLY_DONE;
    if (verdict_is_open(&scanner, index))
        class = verdict_of(&scanner, index, (struct slice){bytes, (size_t)(end - bytes)});
    free(bytes);
    return class;
}

#define ASSERT_VERDICT(command, answer, class)                                                     \
    CU_ASSERT_EQUAL(verdict(command, answer), REPLY_##class)

/* --- the table -------------------------------------------------------------------------------- */

static bool has_rows(const char *name)
{
    size_t count;
    const struct answer_row *rows = answer_rows(&count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].command, name) == 0)
            return true;
    return false;
}

static void every_command_of_a_route_has_a_row(void)
{
    size_t count;
    const struct command *commands = command_all(&count);

    for (size_t i = 0; i < count; i++) {
        if (!commands[i].refused && !has_rows(commands[i].name))
            fprintf(stderr, "\nanswers.def says nothing of %s", commands[i].name);
        CU_ASSERT_NOT_EQUAL(!commands[i].refused, !has_rows(commands[i].name));
    }
}

static void rows_stand_in_the_order_of_the_commands(void)
{
    size_t count;
    const struct answer_row *rows = answer_rows(&count);

    for (size_t i = 0; i < count; i++) {
        const struct command *command = command_find(slice_of(rows[i].command));
        CU_ASSERT_PTR_NOT_NULL_FATAL(command);
        if (i > 0)
            CU_ASSERT(command_find(slice_of(rows[i - 1].command))->index <= command->index);
    }
}

/* Words without a refusal decide nothing; a refusal without a text tells nothing. */
static void every_row_says_something(void)
{
    size_t count;
    const struct answer_row *rows = answer_rows(&count);

    for (size_t i = 0; i < count; i++) {
        CU_ASSERT_EQUAL(rows[i].from > 0, rows[i].words[0] != '\0');
        CU_ASSERT(!rows[i].words[0] || rows[i].meaning == MEANS_REFUSED);
        CU_ASSERT(rows[i].meaning != MEANS_REFUSED || rows[i].text[0]);
        CU_ASSERT(rows[i].meaning != MEANS_REFUSED || rows[i].shape != ANSWER_NEVER);
    }
}

static void a_shape_fits_its_answers_and_no_others(void)
{
    static const char *const answers[] = {"$-1\r\n",
                                          "*-1\r\n",
                                          ":0\r\n",
                                          ":-1\r\n",
                                          "*0\r\n",
                                          "*2\r\n$-1\r\n$-1\r\n",
                                          "$6\r\n[null]\r\n",
                                          "$2\r\n[]\r\n",
                                          "*2\r\n:0\r\n:1\r\n",
                                          "*2\r\n:-2\r\n:1\r\n",
                                          "+OK\r\n",
                                          ":1\r\n",
                                          "$8\r\n[2,null]\r\n",
                                          "$0\r\n\r\n",
                                          "$1\r\n[\r\n"};
    static const char *const fitting[] = {
        [ANSWER_NEVER] = "...............",
        [ANSWER_NIL] = "xx.............",
        [ANSWER_ZERO] = "..x............",
        [ANSWER_NEGATIVE] = "...x...........",
        [ANSWER_NOTHING] = "....xxxx.......",
        [ANSWER_ELEMENT] = ".....xxxx......",
        [ANSWER_ELEMENT_NEGATIVE] = ".........x.....",
        [ANSWER_ANY] = "xxxxxxxxxxxxxxx",
    };

    for (size_t shape = 0; shape < sizeof(fitting) / sizeof(fitting[0]); shape++)
        for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
            struct answer_row row = {.shape = (enum answer_shape)shape};
            struct slice input = slice_of(answers[i]);
            scanner = (struct resp_scanner){0};
            resp_scan(&scanner, &input);
            if (answer_fits(&row, scanner.kinds) != (fitting[shape][i] == 'x'))
                fprintf(stderr, "\nshape %zu, answer %s", shape, answers[i]);
            CU_ASSERT_EQUAL(answer_fits(&row, scanner.kinds), fitting[shape][i] == 'x');
        }
}

/* --- verdicts --------------------------------------------------------------------------------- */

static void what_is_written_nowhere_is_refused(void)
{
    ASSERT_VERDICT("JSON.SET k $.a.b 5", "$-1\r\n", REJECT);
    ASSERT_TEXT(scanner.text, "JSON.SET answered nil: nothing was written, because nothing "
                              "exists where the path begins");
    CU_ASSERT_EQUAL(scanner.text_length, strlen(scanner.text));
    ASSERT_VERDICT("json.set k $.a.b 5", "$-1\r\n", REJECT);
    ASSERT_VERDICT("LINSERT l BEFORE a b", ":-1\r\n", REJECT);
    ASSERT_VERDICT("LINSERT l BEFORE a b", ":0\r\n", REJECT);
    ASSERT_VERDICT("JSON.NUMINCRBY k $.a 1", "$6\r\n[null]\r\n", REJECT);
    ASSERT_VERDICT("JSON.ARRAPPEND k $.a 1", "*2\r\n$-1\r\n$-1\r\n", REJECT);
    ASSERT_VERDICT("JSON.ARRAPPEND k $.a 1", "*0\r\n", REJECT);
    ASSERT_VERDICT("CF.INSERT f ITEMS a b", "*2\r\n:1\r\n:-1\r\n", REJECT);
    ASSERT_VERDICT("SET k v PX 5", "$-1\r\n", REJECT);
}

static void what_is_written_somewhere_is_done(void)
{
    ASSERT_VERDICT("JSON.SET k $.a 5", "+OK\r\n", DONE);
    ASSERT_VERDICT("LINSERT l BEFORE a b", ":3\r\n", DONE);
    ASSERT_VERDICT("JSON.NUMINCRBY k $..a 1", "$8\r\n[2,null]\r\n", DONE);
    ASSERT_VERDICT("JSON.ARRAPPEND k $..a 1", "*2\r\n$-1\r\n:3\r\n", DONE);
    ASSERT_VERDICT("CF.INSERT f ITEMS a b", "*2\r\n:1\r\n:1\r\n", DONE);
}

static void a_condition_of_the_command_is_no_refusal(void)
{
    ASSERT_VERDICT("JSON.SET k $.a 5 XX", "$-1\r\n", DONE);
    ASSERT_VERDICT("JSON.SET k $.a 5 nx", "$-1\r\n", DONE);
    ASSERT_VERDICT("SET k v EX 5 GET", "$-1\r\n", DONE);
    ASSERT_VERDICT("SET k v NX", "$-1\r\n", DONE);
    ASSERT_VERDICT("XADD s NOMKSTREAM * f v", "$-1\r\n", DONE);
    ASSERT_VERDICT("SETNX k v", ":0\r\n", DONE);
    ASSERT_VERDICT("CF.INSERTNX f ITEMS a b", "*2\r\n:0\r\n:1\r\n", DONE);
}

static void a_value_that_reads_as_an_option_is_none(void)
{
    ASSERT_VERDICT("SET NX NX", "$-1\r\n", REJECT);
    ASSERT_VERDICT("JSON.SET XX NX XX", "$-1\r\n", REJECT);
    ASSERT_VERDICT("JSON.SET k $.a 5 NXX", "$-1\r\n", REJECT);
}

static void what_removes_what_is_not_there_is_done(void)
{
    ASSERT_VERDICT("DEL k", ":0\r\n", DONE);
    ASSERT_VERDICT("JSON.DEL k $.a", ":0\r\n", DONE);
    ASSERT_VERDICT("LPOP l", "$-1\r\n", DONE);
    ASSERT_VERDICT("EXPIRE k 5", ":0\r\n", DONE);
    ASSERT_VERDICT("HEXPIRE h 5 FIELDS 1 f", "*1\r\n:-2\r\n", DONE);
    ASSERT_VERDICT("COPY a b", ":0\r\n", DONE);
}

static void of_a_command_without_a_row_any_answer_is_done(void)
{
    ASSERT_VERDICT("FT.SUGADD k v 1", "$-1\r\n", DONE);
    ASSERT_VERDICT("FT.SUGADD k v 1", "*0\r\n", DONE);
    ASSERT_VERDICT("GET k", "$-1\r\n", DONE);
}

/* --- errors ----------------------------------------------------------------------------------- */

static void an_error_among_the_elements_refuses(void)
{
    ASSERT_VERDICT("TS.MADD k 1 1 k x 1", "*2\r\n:1\r\n-ERR TSDB: invalid timestamp\r\n", REJECT);
    ASSERT_VERDICT("BF.MADD k a b", "*2\r\n:1\r\n-ERR non scaling filter is full\r\n", REJECT);
}

/* Half of it is done. */
static void a_server_state_among_the_elements_is_not_tried_again_at_once(void)
{
    ASSERT_VERDICT("TS.MADD k 1 1 k 2 1", "*2\r\n:1\r\n-OOM command not allowed\r\n", UNKNOWN);
    ASSERT_VERDICT("TS.MADD k 1 1", "-OOM command not allowed\r\n", RESOURCE);
}

static void a_word_of_a_script_refuses_unless_it_is_the_server_s(void)
{
    static const char *const scripts[] = {"EVAL script 0", "EVALSHA sha 0", "fcall name 0"};

    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        ASSERT_VERDICT(scripts[i], "-STOCK is too low\r\n", REJECT);
        ASSERT_VERDICT(scripts[i], "-what the author says\r\n", REJECT);
        ASSERT_VERDICT(scripts[i], "-ERR and behind the usual word\r\n", REJECT);
        ASSERT_VERDICT(scripts[i], "*2\r\n:1\r\n-LOADING for an author\r\n", REJECT);
        ASSERT_VERDICT(scripts[i], "-OOM command not allowed\r\n", RESOURCE);
        ASSERT_VERDICT(scripts[i], "-READONLY You can't\r\n", RECONNECT);
        ASSERT_VERDICT(scripts[i], "$-1\r\n", DONE);
        ASSERT_VERDICT(scripts[i], ":0\r\n", DONE);
    }
    ASSERT_VERDICT("SET k v", "-STOCK is too low\r\n", UNKNOWN);
    ASSERT_VERDICT("FT.SUGADD k v 1", "-STOCK is too low\r\n", UNKNOWN);
}

static void the_reference_page_is_fresh(void)
{
    ASSERT_PAGE(verdict_write_reference, SOURCE_DIR "/docs/reference/replies.md");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(every_command_of_a_route_has_a_row),
        TEST(rows_stand_in_the_order_of_the_commands),
        TEST(every_row_says_something),
        TEST(a_shape_fits_its_answers_and_no_others),
        TEST(what_is_written_nowhere_is_refused),
        TEST(what_is_written_somewhere_is_done),
        TEST(a_condition_of_the_command_is_no_refusal),
        TEST(a_value_that_reads_as_an_option_is_none),
        TEST(what_removes_what_is_not_there_is_done),
        TEST(of_a_command_without_a_row_any_answer_is_done),
        TEST(an_error_among_the_elements_refuses),
        TEST(a_server_state_among_the_elements_is_not_tried_again_at_once),
        TEST(a_word_of_a_script_refuses_unless_it_is_the_server_s),
        TEST(the_reference_page_is_fresh),
    };

    return SUITE("verdict", tests);
}
