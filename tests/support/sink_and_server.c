/* sink_and_server.c: a sink and the server that it writes to, real or fake; one at a time. */
#include "sink_and_server.h"

#include "suite.h"

struct redis_server *server;
struct sink_fixture *fixture;
struct fake_server *fake;

void open_real(void)
{
    server = redis_server_start(NULL);
    fixture = sink_fixture_open(redis_server_port(server));
}

void open_fake(fake_answer answer, void *context)
{
    fixture = sink_fixture_new(0);
    fake = fake_server_open(fixture->loop.base, answer, context);
    fixture->options.port = fake_server_port(fake);
}

void open_proxied(size_t bytes_a_second)
{
    server = redis_server_start(NULL);
    fixture = sink_fixture_new(0);
    fake = fake_server_proxy(fixture->loop.base, redis_server_port(server), bytes_a_second);
    fixture->options.port = fake_server_port(fake);
}

void close_all(void)
{
    sink_fixture_stop(fixture); /* the fake one lives on its loop */
    fake_server_close(fake);
    sink_fixture_close(fixture);
    redis_server_free(server);
    fake = NULL;
    fixture = NULL;
    server = NULL;
}

void expect_all_done(void)
{
    CU_ASSERT_TRUE(sink_fixture_succeeds(fixture));
    CU_ASSERT_PTR_NULL(sink_trouble(fixture->sink));
    CU_ASSERT_EQUAL(sink_trouble_since_ms(fixture->sink), 0);
    CU_ASSERT_EQUAL(sink_inflight(fixture->sink), 0);
    CU_ASSERT_FALSE(fixture->unordered && fixture->options.connections == 1);
}
