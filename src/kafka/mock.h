/*
 * mock.h: an in-memory Kafka on a fixed port, for trying things out.
 *
 * librdkafka's mock cluster listens on a port of its own choice; a small forwarder on the port that
 * was asked for leads clients there, and what they learn from it leads them back to the forwarder:
 * clients of the former cluster find one that is restarted on its port.
 */
#pragma once
#include "base/err.h"

struct event_base;
struct mock;

/**
 * Starts one on 127.0.0.1; port 0: any free one. It serves while the loop of @p base runs.
 * Errors:  NULL; ERR_RETRY if the port is in use.
 */
struct mock *mock_new(struct event_base *base, unsigned port, struct err *err);

/** From now on a topic that is asked for and not there is made, with four partitions. */
void mock_make_topics(struct mock *mock);

/** Makes a topic. Errors: false and ERR_CONFIG if there is one of that name. */
bool mock_add_topic(struct mock *mock, const char *name, int partitions, struct err *err);

/** The port it listens on. */
unsigned mock_port(const struct mock *mock);

/** Ends it, and with it all records. Takes NULL. */
void mock_free(struct mock *mock);
