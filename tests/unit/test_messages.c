/*
 * test_messages.c: docs/reference/messages.md has each message of level warn and error, and no
 * other.
 *
 * Messages are found in the source as a reader finds them: the text behind log_warn...(, behind
 * log_error...(, or behind a level and a comma.
 */
#include "suite.h"

#include "handwritten_page.h"

#include <ctype.h>
#include <ftw.h>
#include <stdlib.h>

enum { MESSAGES_MOST = 400, MESSAGE_BYTES = 300 };

static struct message {
    char level[8];
    char text[MESSAGE_BYTES];
} found[MESSAGES_MOST], shown[MESSAGES_MOST];
static size_t found_count, shown_count, without_text;

static bool is_there(const struct message *messages, size_t count, const struct message *message)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(messages[i].level, message->level) == 0 &&
            strcmp(messages[i].text, message->text) == 0)
            return true;
    return false;
}

static void add(struct message *messages, size_t *count, const struct message *message)
{
    if (*count < MESSAGES_MOST && !is_there(messages, *count, message))
        messages[(*count)++] = *message;
}

static const char *behind_blanks(const char *at)
{
    while (isspace((unsigned char)*at))
        at++;
    return at;
}

/* The literals at @p at, joined; false: there is none. */
static bool read_literal(const char *at, char text[MESSAGE_BYTES])
{
    size_t length = 0;

    if (*at != '"')
        return false;
    for (; *at == '"'; at = behind_blanks(at + 1))
        for (at++; *at && *at != '"' && length < MESSAGE_BYTES - 1; at++)
            text[length++] = *at == '\\' ? *++at : *at;
    text[length] = '\0';
    return true;
}

/* "log_warn_each(" or "LOG_WARN, LINES, ": where its text is to be; NULL: it is something else. */
static const char *text_behind(const char *at, const char *call)
{
    bool is_call = islower((unsigned char)*call);

    at += strlen(call);
    if (is_call) {
        at += strspn(at, "_abcdefghijklmnopqrstuvwxyz");
        return *at == '(' ? behind_blanks(at + 1) : NULL;
    }
    if (*at != ',')
        return NULL;
    at = behind_blanks(at + 1);
    size_t name = strspn(at, "_ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    if (name && at[name] == ',')
        at = behind_blanks(at + name + 1);
    return at;
}

static void look_for(const char *source, const char *call, const char *level)
{
    for (const char *at = source; (at = strstr(at, call)); at++) {
        const char *text = text_behind(at, call);
        struct message message;
        if (!text || (at > source && (isalnum((unsigned char)at[-1]) || at[-1] == '_')))
            continue;
        snprintf(message.level, sizeof(message.level), "%s", level);
        if (read_literal(text, message.text)) {
            add(found, &found_count, &message);
        } else if (islower((unsigned char)*call)) {
            fprintf(stderr, "\na message that is no text: %.60s\n", at);
            without_text++;
        }
    }
}

static int look_at_file(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    static char source[1 << 20];
    size_t length = strlen(path);
    FILE *file;

    (void)status, (void)where;
    if (kind != FTW_F || length < 2 || strcmp(path + length - 2, ".c") != 0)
        return 0;
    file = fopen(path, "r");
    source[fread(source, 1, sizeof(source) - 1, file)] = '\0';
    fclose(file);
    look_for(source, "log_warn", "warn");
    look_for(source, "log_error", "error");
    look_for(source, "LOG_WARN", "warn");
    look_for(source, "LOG_ERROR", "error");
    return 0;
}

/* The rows "| level | message | ...". */
static void look_at_page(const char *page)
{
    for (const char *row = page; (row = strstr(row, "\n| ")); row++) {
        struct message message;
        if (sscanf(row, "\n| %7[a-z] | %299[^|]", message.level, message.text) != 2)
            continue;
        message.text[strlen(message.text) - 1] = '\0';
        if (strcmp(message.level, "warn") == 0 || strcmp(message.level, "error") == 0)
            add(shown, &shown_count, &message);
    }
}

static void expect_all(const struct message *messages, size_t count, const struct message *among,
                       size_t among_count, const char *what)
{
    for (size_t i = 0; i < count; i++) {
        bool there = is_there(among, among_count, &messages[i]);
        if (!there)
            fprintf(stderr, "\n%s: | %s | `%s` | cause | remedy |\n", what, messages[i].level,
                    messages[i].text);
        CU_ASSERT_TRUE(there);
    }
}

static void each_message_of_the_program_has_its_row(void)
{
    CU_ASSERT(found_count > 30);
    CU_ASSERT_EQUAL(without_text, 0);
    expect_all(found, found_count, shown, shown_count,
               "docs/reference/messages.md lacks the row of a message");
}

static void each_row_has_its_message_in_the_program(void)
{
    CU_ASSERT(shown_count > 30);
    expect_all(shown, shown_count, found, found_count,
               "docs/reference/messages.md has a row of no message");
}

static void each_code_of_kafka_has_its_row(void)
{
    static const struct {
        const char *code, *party, *remedy;
    } rows[] = {
#define KAFKA_ERROR(code, party, remedy) {#code, #party, remedy},
#include "kafka/errors.def"
#undef KAFKA_ERROR
    };
    const char *page = handwritten_read("docs/reference/messages.md");
    char line[1024];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *level = strcmp(rows[i].party, "OPERATOR") == 0 ? "error" : "warn";
        snprintf(line, sizeof(line), "\n| %s | %s | %s |\n", rows[i].code, level, rows[i].remedy);
        if (!handwritten_has(page, line))
            fprintf(stderr, "\ndocs/reference/messages.md lacks the row:%s", line);
        CU_ASSERT_TRUE(handwritten_has(page, line));
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(each_message_of_the_program_has_its_row),
        TEST(each_row_has_its_message_in_the_program),
        TEST(each_code_of_kafka_has_its_row),
    };

    nftw(SOURCE_DIR "/src", look_at_file, 8, FTW_PHYS);
    look_at_page(handwritten_read("docs/reference/messages.md"));
    return SUITE("messages", tests);
}
