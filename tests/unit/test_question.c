/* test_question.c: a command about the key of another one, which changes nothing. */
#include "redis/question.h"

#include "suite.h"

#include "redis/commands.h"
#include "redis/resp.h"

#include <stdarg.h>
#include <stdlib.h>

/* The question about a command whose arguments end with NULL. */
static const char *ask(const char *name, ...)
{
    static char question[QUESTION_BYTES];
    struct slice arguments[8] = {slice_of(name)};
    const struct command *command = command_find(arguments[0]);
    size_t count = 1, commands;
    va_list list;

    command_all(&commands);
    va_start(list, name);
    for (const char *argument; (argument = va_arg(list, const char *));)
        arguments[count++] = slice_of(argument);
    va_end(list);
    char *bytes = malloc(resp_bound(arguments, count));
    char *end = resp_encode(bytes, arguments, count);
    size_t length = question_write(question, (struct slice){bytes, (size_t)(end - bytes)},
                                   command ? command->index : (uint32_t)commands);
    free(bytes);
    question[length] = '\0';
    return question;
}

static void a_question_finds_the_key_of_its_command(void)
{
    static const char about_ride[] = "*2\r\n$6\r\nEXISTS\r\n$6\r\nride:1\r\n";

    ASSERT_TEXT(ask("SET", "ride:1", "value", NULL), about_ride);
    ASSERT_TEXT(ask("EVALSHA", "abc", "1", "ride:1", "x", NULL), about_ride);
    ASSERT_TEXT(ask("NOSUCH", "ride:1", "value", NULL), about_ride);
}

static void a_question_about_no_key_is_a_ping(void)
{
    char long_key[2000];

    memset(long_key, 'k', sizeof(long_key) - 1);
    long_key[sizeof(long_key) - 1] = '\0';
    ASSERT_TEXT(ask("NOSUCH", NULL), QUESTION_PING);
    ASSERT_TEXT(ask("EVALSHA", "abc", "0", NULL), QUESTION_PING);
    ASSERT_TEXT(ask("SET", long_key, "value", NULL),
                QUESTION_PING); /* it may be what is too long */
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_question_finds_the_key_of_its_command),
        TEST(a_question_about_no_key_is_a_ping),
    };

    return SUITE("question", tests);
}
