/*
 * test_log.c: what happened, as an event and its facts.
 *
 * Standard error is a pipe here, and the clock stands still until a test moves it: the functions of
 * base/clock.h are these, linked before those of the library.
 */
#include "suite.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t now_ms = 1000;

int64_t clock_ms(void)
{
    return now_ms;
}

int64_t clock_us(void)
{
    return now_ms * 1000;
}

int64_t clock_wall_ms(void)
{
    return 1768480496789; /* 2026-01-15T12:34:56.789Z */
}

static int terminal = -1; /* the real standard error */
static int log_pipe[2] = {-1, -1};
static char text[65536];

static void capture(void)
{
    terminal = dup(STDERR_FILENO);
    if (pipe(log_pipe) != 0)
        exit(2);
    dup2(log_pipe[1], STDERR_FILENO);
}

static void release(void)
{
    dup2(terminal, STDERR_FILENO);
    close(terminal);
    close(log_pipe[0]);
    close(log_pipe[1]);
}

/* What was logged since the last call. */
static const char *logged(void)
{
    struct pollfd stream = {.fd = log_pipe[0], .events = POLLIN};
    size_t used = 0;

    while (poll(&stream, 1, 0) == 1 && (stream.revents & POLLIN)) {
        ssize_t bytes = read(log_pipe[0], text + used, sizeof(text) - 1 - used);
        if (bytes <= 0)
            break;
        used += (size_t)bytes;
    }
    text[used] = '\0';
    return text;
}

/* Captures what @p act logs; the captured text stays until the next call. */
static const char *log_of(enum log_format format, void (*act)(void))
{
    capture();
    log_configure(LOG_INFO, format);
    act();
    logged();
    release();
    return text;
}

static size_t count_lines(const char *lines)
{
    size_t count = 0;

    for (; *lines; lines++)
        count += *lines == '\n';
    return count;
}

static void say_facts(void)
{
    log_info("partition held", LOG_STR("topic", "pg.public.rides"), LOG_INT("partition", 3),
             LOG_INT("offset", -1001), LOG_STR("error", "a \"b\"\n\\c=\x1b[0m"),
             LOG_STR("empty", ""), LOG_STR("none", NULL), LOG_STR("pair", "a=b"));
}

static void logfmt_quotes_what_is_no_plain_word(void)
{
    ASSERT_TEXT(log_of(LOG_LOGFMT, say_facts),
                "ts=2026-01-15T12:34:56.789Z level=info msg=\"partition held\" "
                "topic=pg.public.rides partition=3 offset=-1001 "
                "error=\"a \\\"b\\\"\\n\\\\c=\\u001b[0m\" empty=\"\" pair=\"a=b\"\n");
}

static void json_is_one_object_a_line(void)
{
    json_t *line = json_loads(log_of(LOG_JSON, say_facts), 0, NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    ASSERT_TEXT(json_string_value(json_object_get(line, "ts")), "2026-01-15T12:34:56.789Z");
    ASSERT_TEXT(json_string_value(json_object_get(line, "level")), "info");
    ASSERT_TEXT(json_string_value(json_object_get(line, "msg")), "partition held");
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(line, "offset")), -1001);
    ASSERT_TEXT(json_string_value(json_object_get(line, "error")), "a \"b\"\n\\c=\x1b[0m");
    CU_ASSERT_EQUAL(count_lines(text), 1);
    json_decref(line);
}

static void say_every_byte(void)
{
    char bytes[256];

    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i;
    log_info("bytes", LOG_SLICE("text", ((struct slice){bytes, sizeof(bytes)})));
}

static void bytes_that_are_not_utf8_still_make_json(void)
{
    json_t *line = json_loads(log_of(LOG_JSON, say_every_byte), JSON_ALLOW_NUL, NULL);

    CU_ASSERT_PTR_NOT_NULL(line);
    CU_ASSERT_EQUAL(count_lines(text), 1);
    json_decref(line);
}

static void say_broken_sequences(void)
{
    log_info("utf8", LOG_STR("good", "\u00e9 \u20ac \U0001f600"), LOG_STR("overlong", "\xc0\xaf"),
             LOG_STR("surrogate", "\xed\xa0\x80"), LOG_STR("beyond", "\xf4\x90\x80\x80"),
             LOG_STR("cut", "\xe2\x82"),
             LOG_STR("control", "\xc2\x9b"
                                "31m"));
}

static void good_utf8_stays_and_broken_is_replaced(void)
{
    json_t *line = json_loads(log_of(LOG_JSON, say_broken_sequences), 0, NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    ASSERT_TEXT(json_string_value(json_object_get(line, "good")), "\u00e9 \u20ac \U0001f600");
    ASSERT_TEXT(json_string_value(json_object_get(line, "overlong")), "\ufffd\ufffd");
    ASSERT_TEXT(json_string_value(json_object_get(line, "surrogate")), "\ufffd\ufffd\ufffd");
    ASSERT_TEXT(json_string_value(json_object_get(line, "cut")), "\ufffd\ufffd");
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\\u009b31m"));
    json_decref(line);
}

static void say_much(void)
{
    static char much[3000];

    memset(much, '\x01', sizeof(much) - 1);
    log_info("much", LOG_STR("first", much), LOG_INT("number", 7), LOG_STR("second", much),
             LOG_STR("third", much));
}

static void a_line_too_long_is_cut_between_its_fields(void)
{
    json_t *line = json_loads(log_of(LOG_JSON, say_much), 0, NULL);

    CU_ASSERT_PTR_NOT_NULL(line);
    CU_ASSERT(strlen(text) <= 4096);
    CU_ASSERT_EQUAL(count_lines(text), 1);
    json_decref(line);
}

static void say_long_values(void)
{
    static char value[2000];

    memset(value, 'v', sizeof(value) - 1);
    log_info("long", LOG_STR("value", value), LOG_INT("after", 1));
}

static void a_value_too_long_is_cut_and_says_so(void)
{
    log_of(LOG_LOGFMT, say_long_values);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "vvv...\" after=1\n"));
    CU_ASSERT(strlen(text) < 1200);
}

static void say_at_each_level(void)
{
    log_error_each("one");
    log_warn_each("two");
    log_info("three");
    log_debug("four");
}

static void what_is_below_the_level_is_not_written(void)
{
    log_of(LOG_LOGFMT, say_at_each_level);
    CU_ASSERT_EQUAL(count_lines(text), 3);
    CU_ASSERT_PTR_NULL(strstr(text, "four"));
    CU_ASSERT_TRUE(log_enabled(LOG_INFO));
    CU_ASSERT_FALSE(log_enabled(LOG_DEBUG));
}

static void the_journal_gets_priorities_instead_of_times(void)
{
    struct stat status;
    char stream[64];

    capture();
    fstat(STDERR_FILENO, &status);
    snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)status.st_dev,
             (unsigned long long)status.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    log_configure(LOG_INFO, LOG_AUTO);
    say_at_each_level();
    logged();
    release();
    unsetenv("JOURNAL_STREAM");
    ASSERT_TEXT(text, "<3>msg=\"one\"\n<4>msg=\"two\"\n<6>msg=\"three\"\n");
}

static void another_process_journal_is_not_ours(void)
{
    setenv("JOURNAL_STREAM", "8:12345", 1);
    log_of(LOG_AUTO, say_at_each_level);
    unsetenv("JOURNAL_STREAM");
    CU_ASSERT_EQUAL(strncmp(text, "ts=", 3), 0);
}

static void say_again(void)
{
    log_warn("again", LOG_INT("fact", now_ms));
}

static void say_again_and_again(void)
{
    for (int i = 0; i < 100; i++)
        say_again();
    log_sum_up(); /* too early */
    now_ms += 10000;
    log_sum_up();
    say_again();
    now_ms += 10000;
    log_sum_up();
}

static void repeats_are_summed_up_after_ten_seconds(void)
{
    log_of(LOG_LOGFMT, say_again_and_again);
    CU_ASSERT_EQUAL(count_lines(text), 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "msg=\"again\" repeated=99\n"));
}

static void say_of_each_record(void)
{
    for (int i = 0; i < 100; i++)
        log_warn_record("record dropped", LOG_INT("offset", i));
    now_ms += 10000;
    log_sum_up();
}

static void the_first_twenty_records_are_told_one_by_one(void)
{
    log_of(LOG_LOGFMT, say_of_each_record);
    CU_ASSERT_EQUAL(count_lines(text), 21);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "offset=19\n"));
    CU_ASSERT_PTR_NULL(strstr(text, "offset=20\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "repeated=80 offsets=20-99\n"));
}

static void say_records(const char *topic, int partition, const char *route, int first, int last,
                        int step)
{
    for (int offset = first; offset <= last; offset += step)
        log_warn_record("record dropped", LOG_STR("topic", topic), LOG_INT("partition", partition),
                        LOG_INT("offset", offset), LOG_STR("route", route),
                        LOG_STR("error", "no field"));
}

static void say_records_of_two_routes(void)
{
    say_records("rides", 3, "cache", 0, 19, 1); /* told one by one */
    for (int i = 0; i < 100; i++) {
        say_records("rides", 3, "cache", 100 + i, 100 + i, 1);
        say_records("rides", 3, "geo", 100 + i, 100 + i, 1);
    }
    say_records("rides", 3, "cache", 300, 304, 2);
    say_records("rides", 4, "cache", 7, 7, 1);
    log_finish(); /* a stop does not wait for the ten seconds */
    now_ms += 10000;
}

static void a_sum_names_every_record_by_partition_and_route(void)
{
    log_of(LOG_LOGFMT, say_records_of_two_routes);
    CU_ASSERT_EQUAL(count_lines(text), 23);
    CU_ASSERT_PTR_NOT_NULL(strstr(text,
                                  "msg=\"record dropped\" repeated=103 topic=rides partition=3 "
                                  "offsets=100-199,300,302,304 route=cache "
                                  "error=\"no field\"\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "repeated=100 topic=rides partition=3 offsets=100-199 "
                                        "route=geo"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "repeated=1 topic=rides partition=4 offsets=7 route=cache"));
}

static void say_scattered_records(void)
{
    say_records("rides", 0, "cache", 0, 19, 1);
    say_records("rides", 0, "cache", 100000, 100998, 2);
    log_finish();
    now_ms += 10000;
}

/* Every offset that the sums in @p lines name. */
static size_t count_offsets(const char *lines)
{
    size_t count = 0;

    for (const char *sum = lines; (sum = strstr(sum, " offsets=")); sum++)
        for (const char *c = sum + 9; *c && *c != ' ' && *c != '\n'; c++)
            count += *c == ',' || c == sum + 9;
    return count;
}

static void a_sum_that_is_full_is_written_and_another_begins(void)
{
    log_of(LOG_LOGFMT, say_scattered_records);
    CU_ASSERT_EQUAL(count_offsets(text), 500);
    CU_ASSERT_PTR_NULL(strstr(text, "..."));
    CU_ASSERT(count_lines(text) > 22 && count_lines(text) < 30);
}

/* Logs while standard error is @p fd (-1: closed), then again while it is the pipe. */
static const char *log_around(int fd)
{
    capture();
    log_configure(LOG_INFO, LOG_LOGFMT);
    int good = dup(STDERR_FILENO);
    if (fd >= 0)
        dup2(fd, STDERR_FILENO);
    else
        close(STDERR_FILENO);
    say_at_each_level();
    dup2(good, STDERR_FILENO);
    log_info("back");
    close(good);
    logged();
    release();
    return text;
}

static void a_full_disk_loses_lines_and_says_how_many(void)
{
    int full = open("/dev/full", O_WRONLY);

    CU_ASSERT_FATAL(full >= 0);
    log_around(full);
    close(full);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "msg=\"back\"\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "msg=\"log lines lost\" lines=3\n"));
    CU_ASSERT_EQUAL(count_lines(text), 2);
}

static void a_closed_stderr_loses_lines(void)
{
    CU_ASSERT_PTR_NOT_NULL(strstr(log_around(-1), "lines=3\n"));
}

static void a_pipe_without_a_reader_does_not_end_the_process(void)
{
    int ends[2];

    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    signal(SIGPIPE, SIG_DFL);
    close(ends[0]);
    CU_ASSERT_PTR_NOT_NULL(strstr(log_around(ends[1]), "lines=3\n"));
    close(ends[1]);
}

static void a_pipe_that_nobody_reads_does_not_block(void)
{
    int ends[2];
    char filler[4096] = {0};

    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    while (write(ends[1], filler, sizeof(filler)) > 0)
        ;
    fcntl(ends[1], F_SETFL, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(log_around(ends[1]), "lines=3\n"));
    close(ends[0]);
    close(ends[1]);
}

static void errno_outlives_a_line(void)
{
    errno = ENOENT;
    log_around(-1);
    capture();
    close(STDERR_FILENO);
    errno = ENOENT;
    log_info("text");
    CU_ASSERT_EQUAL(errno, ENOENT);
    release();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(logfmt_quotes_what_is_no_plain_word),
        TEST(json_is_one_object_a_line),
        TEST(bytes_that_are_not_utf8_still_make_json),
        TEST(good_utf8_stays_and_broken_is_replaced),
        TEST(a_line_too_long_is_cut_between_its_fields),
        TEST(a_value_too_long_is_cut_and_says_so),
        TEST(what_is_below_the_level_is_not_written),
        TEST(the_journal_gets_priorities_instead_of_times),
        TEST(another_process_journal_is_not_ours),
        TEST(repeats_are_summed_up_after_ten_seconds),
        TEST(the_first_twenty_records_are_told_one_by_one),
        TEST(a_sum_names_every_record_by_partition_and_route),
        TEST(a_sum_that_is_full_is_written_and_another_begins),
        TEST(a_full_disk_loses_lines_and_says_how_many),
        TEST(a_closed_stderr_loses_lines),
        TEST(a_pipe_without_a_reader_does_not_end_the_process),
        TEST(a_pipe_that_nobody_reads_does_not_block),
        TEST(errno_outlives_a_line),
    };

    return SUITE("log", tests);
}
