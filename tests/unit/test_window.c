/*
 * test_window.c: the commands of one connection that were put and not answered.
 *
 * The property test drives a window and a model, an array of commands kept in the plainest way,
 * through the same random calls and compares all that can be seen.
 */
#include "suite.h"

#include "base/mem.h"
#include "redis/resp.h"
#include "redis/window.h"

#include <stdlib.h>

enum { MODEL_LIMIT = 4096, BYTES_LIMIT = 8192, COMMANDS_LIMIT = 64 };

static struct window window;

static void put(uint32_t ticket, size_t value_bytes)
{
    static char value[300000];

    memset(value, (int)('a' + ticket % 26), value_bytes);
    window_put(&window, (struct slice[]){SLICE("SET"), {value, value_bytes}}, 2, ticket % 7,
               ticket);
}

static struct slice unsent(void)
{
    return window_unsent(&window);
}

static void a_command_can_be_sent_only_once_committed(void)
{
    window_init(&window, COMMANDS_LIMIT, BYTES_LIMIT);
    put(1, 1);
    CU_ASSERT_EQUAL(unsent().length, 0);
    window_commit(&window);
    CU_ASSERT_TRUE(slice_equal(unsent(), SLICE("*2\r\n$3\r\nSET\r\n$1\r\nb\r\n")));
    window_free(&window);
}

static void a_rollback_takes_back_what_was_not_committed_and_nothing_else(void)
{
    window_init(&window, COMMANDS_LIMIT, BYTES_LIMIT);
    put(1, 1);
    window_commit(&window);
    put(2, 100);
    put(3, 100);
    window_rollback(&window);
    CU_ASSERT_EQUAL(window.queue.count, 1);
    put(4, 1);
    window_commit(&window);
    CU_ASSERT_TRUE(slice_equal(
        unsent(), SLICE("*2\r\n$3\r\nSET\r\n$1\r\nb\r\n*2\r\n$3\r\nSET\r\n$1\r\ne\r\n")));
    window_free(&window);
}

static void a_command_of_which_one_byte_is_sent_counts_as_sent(void)
{
    window_init(&window, COMMANDS_LIMIT, BYTES_LIMIT);
    put(1, 1);
    put(2, 1);
    window_commit(&window);
    size_t one = window_head(&window)->length;
    window_wrote(&window, one);
    CU_ASSERT_EQUAL(window_unanswered(&window), 1);
    window_wrote(&window, 1);
    CU_ASSERT_EQUAL(window_unanswered(&window), 2);
    CU_ASSERT_EQUAL(window.sent_end, 2 * one);
    window_free(&window);
}

static void a_record_may_go_over_the_limit_then_there_is_no_room(void)
{
    window_init(&window, 2, BYTES_LIMIT);
    put(1, 1);
    CU_ASSERT_TRUE(window_has_room(&window));
    put(2, 1);
    put(3, 1);
    CU_ASSERT_FALSE(window_has_room(&window));
    window_free(&window);
    window_init(&window, COMMANDS_LIMIT, BYTES_LIMIT);
    put(1, BYTES_LIMIT);
    CU_ASSERT_FALSE(window_has_room(&window));
    window_free(&window);
}

static void a_giant_does_not_keep_its_memory(void)
{
    window_init(&window, COMMANDS_LIMIT, BYTES_LIMIT);
    put(1, 300000);
    put(2, 1);
    window_commit(&window);
    window_wrote(&window, unsent().length);
    CU_ASSERT_TRUE(window.queue.capacity > 300000);
    window_pop(&window);
    window_pop(&window);
    put(3, 1);
    CU_ASSERT_TRUE(window.queue.capacity <= 64 << 10);
    window_free(&window);
}

/* --- the property ----------------------------------------------------------------------------- */

struct model_command {
    uint32_t ticket;
    char *bytes;
    size_t length;
};

static struct model_command model[MODEL_LIMIT];
static size_t model_count, model_committed, model_written; /* written in bytes */
static uint32_t refused_modulo;
static size_t dropped;

static void model_add(uint32_t ticket, size_t value_bytes)
{
    char *value = mem_alloc(value_bytes + 1);
    struct slice arguments[] = {SLICE("SET"), {value, value_bytes}};
    struct model_command *command = &model[model_count++];

    memset(value, (int)('a' + ticket % 26), value_bytes);
    command->ticket = ticket;
    command->bytes = mem_alloc(resp_bound(arguments, 2));
    command->length = (size_t)(resp_encode(command->bytes, arguments, 2) - command->bytes);
    free(value);
}

static void model_remove(size_t index)
{
    free(model[index].bytes);
    memmove(&model[index], &model[index + 1], (--model_count - index) * sizeof(model[0]));
}

/* How many commands model_written touches. */
static size_t model_sent(void)
{
    size_t sent = 0, bytes = 0;

    while (bytes < model_written)
        bytes += model[sent++].length;
    return sent;
}

static void compare(void)
{
    size_t offset = 0;

    CU_ASSERT_EQUAL_FATAL(window.queue.count, model_count);
    CU_ASSERT_EQUAL_FATAL(window.queue.committed, model_committed);
    CU_ASSERT_EQUAL_FATAL(window.sent, model_sent());
    CU_ASSERT_EQUAL_FATAL(window.written, model_written);
    for (size_t i = 0; i < model_count; i++) {
        struct queued *command = queue_at(&window.queue, i);
        CU_ASSERT_EQUAL_FATAL(command->ticket, model[i].ticket);
        CU_ASSERT_EQUAL_FATAL(command->command, model[i].ticket % 7);
        CU_ASSERT_EQUAL_FATAL(command->length, model[i].length);
        CU_ASSERT_EQUAL_FATAL(memcmp(window.queue.bytes + window.queue.head + offset,
                                     model[i].bytes, model[i].length),
                              0);
        offset += model[i].length;
        if (i + 1 == model_committed)
            CU_ASSERT_EQUAL_FATAL(window.queue.end - window.queue.head, offset);
    }
    CU_ASSERT_EQUAL_FATAL(window.queue.tail - window.queue.head, offset);
}

static bool is_wanted(void *context, uint32_t ticket)
{
    (void)context;
    return ticket % refused_modulo != 0;
}

static void on_dropped(void *context, uint32_t ticket)
{
    CU_ASSERT_FALSE(is_wanted(context, ticket));
    dropped++;
}

static void do_put(unsigned random)
{
    static uint32_t ticket;
    size_t value_bytes = random % 97 == 0 ? random % 200000 : random % 300;

    if (model_count == MODEL_LIMIT || !window_has_room(&window))
        return;
    model_add(ticket, value_bytes);
    put(ticket++, value_bytes);
}

static void do_write(unsigned random)
{
    size_t most = unsent().length;
    size_t length = most ? random % (most + 1) : 0;

    window_wrote(&window, length);
    model_written += length;
}

static void do_answer(unsigned random)
{
    for (unsigned i = 0; i <= random % 8 && model_sent() > 0; i++) {
        size_t length = model[0].length;
        if (model_written < length) /* not sent in full: no answer yet */
            return;
        window_pop(&window);
        model_written -= length;
        model_committed--;
        model_remove(0);
    }
}

static void do_filter(unsigned random)
{
    size_t sent = model_sent(), before = dropped, expected = 0;

    refused_modulo = 2 + random % 5;
    for (size_t i = model_committed; i-- > sent;)
        if (model[i].ticket % refused_modulo == 0) {
            model_remove(i);
            model_committed--;
            expected++;
        }
    window_filter(&window, is_wanted, on_dropped, NULL);
    CU_ASSERT_EQUAL_FATAL(dropped - before, expected);
}

static void do_any(unsigned kind, unsigned random)
{
    if (kind < 8) {
        do_put(random);
    } else if (kind < 11) {
        window_commit(&window);
        model_committed = model_count;
    } else if (kind == 11) {
        window_rollback(&window);
        while (model_count > model_committed)
            model_remove(model_count - 1);
    } else if (kind < 15) {
        do_write(random);
    } else if (kind < 18) {
        do_answer(random);
    } else if (kind == 18 && random % 4 == 0) {
        window_rewind(&window);
        model_written = 0;
    } else if (kind == 19 && random % 4 == 0) {
        do_filter(random / 4);
    }
}

static void any_sequence_of_calls_leaves_what_the_model_says(void)
{
    srandom(20260731);
    for (int round = 0; round < 40; round++) {
        window_init(&window, COMMANDS_LIMIT, BYTES_LIMIT);
        for (int step = 0; step < 1500; step++) {
            do_any((unsigned)random() % 20, (unsigned)random());
            compare();
        }
        while (model_count)
            model_remove(model_count - 1);
        model_committed = model_written = 0;
        window_free(&window);
    }
    CU_ASSERT_TRUE(dropped > 100);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_command_can_be_sent_only_once_committed),
        TEST(a_rollback_takes_back_what_was_not_committed_and_nothing_else),
        TEST(a_command_of_which_one_byte_is_sent_counts_as_sent),
        TEST(a_record_may_go_over_the_limit_then_there_is_no_room),
        TEST(a_giant_does_not_keep_its_memory),
        TEST(any_sequence_of_calls_leaves_what_the_model_says),
    };

    return SUITE("window", tests);
}
