/*
 * mock_frames.c: what is read and changed of the bytes between a client and the in-memory Kafka.
 *
 * A frame is four bytes of length and as many bytes; a request begins with its kind, its version, a
 * number and the client's name (Kafka's protocol guide).
 */
#include "kafka/mock_frames.h"

#include <arpa/inet.h>
#include <string.h>

enum { JOIN_GROUP = 11 }; /* a kind of request, as FRAMES_METADATA is */
enum {
    LENGTH_BYTES = 4,
    HEAD_BYTES = 14,         /* length, kind, version, number, length of the client's name */
    WHOLE_BYTES = 64 * 1024, /* longer ones of these kinds are left as they are */
    JOIN_VERSION = 5,        /* the last one of this form */
    SESSION_MS = 6000        /* two heartbeats of librdkafka's default */
};

static const char host[] = "127.0.0.1";

enum { HOST_BYTES = sizeof(host) - 1, ADDRESS_BYTES = HOST_BYTES + 4 };

static uint32_t number_at(const unsigned char *bytes)
{
    uint32_t number;

    memcpy(&number, bytes, sizeof(number));
    return ntohl(number);
}

static uint16_t short_at(const unsigned char *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void put_number(unsigned char *bytes, uint32_t number)
{
    number = htonl(number);
    memcpy(bytes, &number, sizeof(number));
}

/* Passes on at most so many bytes of the frame under way. */
static void pass_on(struct frames *frames, struct evbuffer *from, struct evbuffer *to, size_t most)
{
    size_t count = frames->left < most ? frames->left : most;

    evbuffer_remove_buffer(from, to, count);
    frames->left -= count;
}

/* --- requests --------------------------------------------------------------------------------- */

/* Where the request's own fields begin; 0: not within @p length. */
static size_t body_at(const unsigned char *frame, size_t length)
{
    uint16_t name = short_at(frame + HEAD_BYTES - 2);
    size_t at = HEAD_BYTES + (name == UINT16_MAX ? 0 : name);

    return at <= length ? at : 0;
}

/* A text at @p *at, which moves behind it; none if it is null or not whole. */
static struct slice text_at(const unsigned char *frame, size_t length, size_t *at)
{
    struct slice text = {NULL, 0};

    if (*at + 2 > length)
        return text;
    uint16_t bytes = short_at(frame + *at);
    *at += 2;
    if (bytes == UINT16_MAX || *at + bytes > length)
        return text;
    text = (struct slice){(const char *)frame + *at, bytes};
    *at += bytes;
    return text;
}

static void hear_topics(const unsigned char *frame, size_t length,
                        const struct frames_listener *listener)
{
    size_t at = body_at(frame, length);
    struct slice topic = {NULL, 0};

    if (!at || at + 4 > length || number_at(frame + at) == UINT32_MAX)
        return;
    at += 4; /* their number */
    while ((topic = text_at(frame, length, &at)).length)
        listener->asked(listener->context, topic);
}

static void shorten_session(unsigned char *frame, size_t length)
{
    size_t at = body_at(frame, length);

    if (at && text_at(frame, length, &at).length && at + 4 <= length &&
        number_at(frame + at) > SESSION_MS)
        put_number(frame + at, SESSION_MS);
}

/* A whole request of a kind that matters. */
static void pass_request(struct evbuffer *from, struct evbuffer *to, size_t length,
                         const struct frames_listener *listener)
{
    unsigned char *frame = evbuffer_pullup(from, (ev_ssize_t)length);
    uint16_t kind = short_at(frame + 4), version = short_at(frame + 6);

    if (kind == FRAMES_METADATA && version <= FRAMES_METADATA_VERSION)
        hear_topics(frame, length, listener);
    else if (kind == JOIN_GROUP && version <= JOIN_VERSION)
        shorten_session(frame, length);
    evbuffer_remove_buffer(from, to, length);
}

static bool matters(const unsigned char *head, size_t length)
{
    uint16_t kind = short_at(head + 4);

    return length >= HEAD_BYTES && length <= WHOLE_BYTES &&
           (kind == FRAMES_METADATA || kind == JOIN_GROUP);
}

void frames_of_client(struct frames *frames, struct evbuffer *from, struct evbuffer *to,
                      const struct frames_listener *listener)
{
    unsigned char head[HEAD_BYTES];

    for (;;) {
        if (frames->left) {
            pass_on(frames, from, to, evbuffer_get_length(from));
            if (frames->left)
                return;
        }
        if (evbuffer_copyout(from, head, sizeof(head)) < (ev_ssize_t)sizeof(head))
            return;
        size_t length = LENGTH_BYTES + (size_t)number_at(head);
        if (!matters(head, length))
            frames->left = length;
        else if (evbuffer_get_length(from) < length)
            return;
        else
            pass_request(from, to, length, listener);
    }
}

/* --- answers ---------------------------------------------------------------------------------- */

/* In a frame the broker's host is followed by its port. */
static void put_port(struct evbuffer *from, size_t length, uint16_t broker, uint16_t port)
{
    unsigned char *bytes = evbuffer_pullup(from, (ev_ssize_t)length);
    unsigned char wanted[ADDRESS_BYTES];

    memcpy(wanted, host, HOST_BYTES);
    put_number(wanted + HOST_BYTES, broker);
    for (unsigned char *end = bytes + length, *at = bytes;
         (at = memmem(at, (size_t)(end - at), wanted, sizeof(wanted))); at += sizeof(wanted))
        put_number(at + HOST_BYTES, port);
}

/* The end of a frame that is not all there may be the beginning of an address. */
void frames_of_broker(struct frames *frames, struct evbuffer *from, struct evbuffer *to,
                      uint16_t broker, uint16_t port)
{
    unsigned char head[LENGTH_BYTES];

    for (;;) {
        size_t there = evbuffer_get_length(from);
        if (!frames->left) {
            if (evbuffer_copyout(from, head, sizeof(head)) < (ev_ssize_t)sizeof(head))
                return;
            frames->left = sizeof(head) + (size_t)number_at(head);
        }
        size_t known = there < frames->left ? there : frames->left;
        put_port(from, known, broker, port);
        if (known < frames->left)
            known = known > ADDRESS_BYTES ? known - ADDRESS_BYTES : 0;
        if (!known)
            return;
        pass_on(frames, from, to, known);
    }
}
