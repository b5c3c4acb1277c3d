/*
 * mock_frames.h: what is read and changed of the bytes between a client and the in-memory Kafka.
 *
 * librdkafka's mock cluster listens on a port of its own choice, makes any topic that somebody asks
 * for, and lets the next member of a group wait for a whole session of the one before. Between it
 * and its clients the port becomes ours, who asks for a topic is heard first, and a session becomes
 * short.
 */
#pragma once
#include "base/slice.h"

#include <event2/buffer.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The question for topics, and the last version of it that is understood. */
enum { FRAMES_METADATA = 3, FRAMES_METADATA_VERSION = 8 };

/** One direction of a connection; all zero at first. */
struct frames {
    size_t left; /* of the frame that is under way, to be passed on as it is */
};

/** Hears of each topic that a client asks for, before the broker does. */
struct frames_listener {
    void *context;
    void (*asked)(void *context, struct slice topic);
};

/** Passes on what came from a client. */
void frames_of_client(struct frames *frames, struct evbuffer *from, struct evbuffer *to,
                      const struct frames_listener *listener);

/** Passes on what came from the broker; its address 127.0.0.1:@p broker becomes that of @p port. */
void frames_of_broker(struct frames *frames, struct evbuffer *from, struct evbuffer *to,
                      uint16_t broker, uint16_t port);
