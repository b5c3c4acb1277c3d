/* test_mock_frames.c: what is changed of the bytes between a client and the in-memory Kafka. */
#include "suite.h"

#include "kafka/mock_frames.h"

#include <stdlib.h>

enum { BROKER = 40001, PORT = 9092 };

/* Two bytes of kind and of version, a number, the client's name "me". */
#define HEAD(kind, version) "\0" kind "\0" version "\0\0\0\7\0\2me"
#define JOIN(session)       HEAD("\13", "\5") "\0\1g" session "\0\0\1\0rest"
#define BYTES(literal)      literal, sizeof(literal) - 1

static void add_frame(struct evbuffer *buffer, const char *bytes, size_t length)
{
    const unsigned char head[] = {0, 0, (unsigned char)(length >> 8), (unsigned char)length};

    evbuffer_add(buffer, head, sizeof(head));
    evbuffer_add(buffer, bytes, length);
}

typedef void (*passes)(struct frames *frames, struct evbuffer *from, struct evbuffer *to);

static char heard[64];

static void hear(void *context, struct slice topic)
{
    (void)context;
    size_t used = strlen(heard);
    snprintf(heard + used, sizeof(heard) - used, "%.*s ", SLICE_ARGS(topic));
}

static void to_broker(struct frames *frames, struct evbuffer *from, struct evbuffer *to)
{
    frames_of_client(frames, from, to, &(struct frames_listener){NULL, hear});
}

static void to_client(struct frames *frames, struct evbuffer *from, struct evbuffer *to)
{
    frames_of_broker(frames, from, to, BROKER, PORT);
}

/* Whether a frame, and one behind it that is left as it is, come out as wanted, however they come
 * in: in pieces of so many bytes. */
static bool becomes(passes pass, const char *bytes, size_t length, const char *wanted,
                    size_t wanted_length, size_t piece)
{
    static const char other[] = HEAD("\0", "\2") "127.0.0.1\0\0\0\1";
    struct evbuffer *all = evbuffer_new(), *from = evbuffer_new(), *to = evbuffer_new();
    struct evbuffer *expected = evbuffer_new();
    struct frames frames = {0};

    heard[0] = '\0';
    add_frame(all, bytes, length);
    add_frame(all, BYTES(other));
    add_frame(expected, wanted, wanted_length);
    add_frame(expected, BYTES(other));
    while (evbuffer_get_length(all)) {
        evbuffer_remove_buffer(all, from, piece);
        pass(&frames, from, to);
    }
    size_t count = evbuffer_get_length(expected);
    bool same = evbuffer_get_length(to) == count &&
                memcmp(evbuffer_pullup(to, -1), evbuffer_pullup(expected, -1), count) == 0;
    evbuffer_free(all);
    evbuffer_free(from);
    evbuffer_free(to);
    evbuffer_free(expected);
    return same;
}

#define ASSERT_BECOMES(pass, bytes, wanted)                                                        \
    for (size_t piece = 1; piece < 80; piece++)                                                    \
    CU_ASSERT_TRUE(becomes(pass, BYTES(bytes), BYTES(wanted), piece))

#define ASSERT_HEARD(bytes, topics)                                                                \
    for (size_t piece = 1; piece < 80; piece++) {                                                  \
        CU_ASSERT_TRUE(becomes(to_broker, BYTES(bytes), BYTES(bytes), piece));                     \
        ASSERT_TEXT(heard, topics);                                                                \
    }

static void each_topic_that_is_asked_for_is_heard(void)
{
    ASSERT_HEARD(HEAD("\3", "\2") "\0\0\0\2\0\5rides\0\3geo", "rides geo ");
    ASSERT_HEARD(HEAD("\3", "\4") "\0\0\0\1\0\5rides\0", "rides ");
}

static void a_request_for_all_topics_names_none(void)
{
    ASSERT_HEARD(HEAD("\3", "\2") "\377\377\377\377", "");
    ASSERT_HEARD(HEAD("\3", "\2") "\0\0\0\0", "");
    ASSERT_HEARD(HEAD("\3", "\2") "\0\0\0\2\0\377rides", "");
}

static void a_long_session_becomes_short(void)
{
    ASSERT_BECOMES(to_broker, JOIN("\0\0\257\310"), JOIN("\0\0\27\160"));
    ASSERT_BECOMES(to_broker, JOIN("\0\0\13\270"), JOIN("\0\0\13\270"));
}

static void the_address_of_the_broker_becomes_ours(void)
{
    ASSERT_BECOMES(to_client,
                   "\0\0\0\7\0\0\0\1\0\0\0\1\0\11"
                   "127.0.0.1\0\0\234\101\0\0",
                   "\0\0\0\7\0\0\0\1\0\0\0\1\0\11"
                   "127.0.0.1\0\0\43\204\0\0");
    ASSERT_BECOMES(to_client, "\0\0\0\7x127.0.0.1\0\0\0\7", "\0\0\0\7x127.0.0.1\0\0\0\7");
}

static void the_beginning_of_an_address_is_passed_on(void)
{
    ASSERT_BECOMES(to_client, "\0\0\0\7x127.0.0.1", "\0\0\0\7x127.0.0.1");
    ASSERT_BECOMES(to_client, "", "");
}

static void bytes_that_are_no_frame_are_passed_on(void)
{
    ASSERT_BECOMES(to_broker, "\0\3\0\2\0\0\0\7\377\376", "\0\3\0\2\0\0\0\7\377\376");
    ASSERT_BECOMES(to_broker, "\0\13\0\2\0\0\0\7\0\0\377\377", "\0\13\0\2\0\0\0\7\0\0\377\377");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(each_topic_that_is_asked_for_is_heard),
        TEST(a_request_for_all_topics_names_none),
        TEST(a_long_session_becomes_short),
        TEST(the_address_of_the_broker_becomes_ours),
        TEST(the_beginning_of_an_address_is_passed_on),
        TEST(bytes_that_are_no_frame_are_passed_on),
    };

    return SUITE("mock_frames", tests);
}
