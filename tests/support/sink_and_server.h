/* sink_and_server.h: a sink and the server that it writes to, real or fake; one at a time. */
#pragma once
#include "fake_redis_server.h"
#include "real_redis_server.h"
#include "sink_fixture.h"

extern struct redis_server *server;
extern struct sink_fixture *fixture;
extern struct fake_server *fake;

/** A real server, and a sink with the usual options. */
void open_real(void);

/** A fake server that answers as @p answer says, and a sink for it, which is not started. */
void open_fake(fake_answer answer, void *context);

/** A real server behind a proxy that passes so many bytes a second; the sink is not started. */
void open_proxied(size_t bytes_a_second);

/** Whatever of them is open. */
void close_all(void);

/** Asserts that every command is done, in order, and nothing is wrong. */
void expect_all_done(void);
