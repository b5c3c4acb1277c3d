/* test_socket.c: what a socket is told to do. */
#include "suite.h"

#include "redis/socket.h"

#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

static int near_end, far_end;

static void open_pair(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct addresses addresses = {.count = 1};
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct err err;

    CU_ASSERT_FATAL(bind(listener, (struct sockaddr *)&address, length) == 0);
    CU_ASSERT_FATAL(listen(listener, 1) == 0);
    getsockname(listener, (struct sockaddr *)&address, &length);
    memcpy(&addresses.items[0], &address, sizeof(address));
    addresses.lengths[0] = sizeof(address);
    near_end = socket_connect(&addresses, 0, &err);
    CU_ASSERT_FATAL(near_end >= 0);
    far_end = accept(listener, NULL, NULL);
    close(listener);
}

static void say(size_t bytes)
{
    char text[100] = "";

    CU_ASSERT_EQUAL(write(far_end, text, bytes), (ssize_t)bytes);
}

static bool wakes_within(int milliseconds)
{
    struct pollfd poll_near = {near_end, POLLIN, 0};

    return poll(&poll_near, 1, milliseconds) == 1;
}

static void a_socket_wakes_once_enough_has_come(void)
{
    open_pair();
    socket_wake_at(near_end, 50);
    say(49);
    CU_ASSERT_FALSE(wakes_within(50));
    say(1);
    CU_ASSERT_TRUE(wakes_within(1000));
    close(near_end);
    close(far_end);
}

static void buffered_bytes_wake_once_fewer_are_enough(void)
{
    open_pair();
    socket_wake_at(near_end, 50);
    say(10);
    CU_ASSERT_FALSE(wakes_within(50));
    socket_wake_at(near_end, 1);
    CU_ASSERT_TRUE(wakes_within(1000));
    close(near_end);
    close(far_end);
}

static void a_socket_wakes_once_its_peer_has_closed(void)
{
    open_pair();
    socket_wake_at(near_end, 50);
    say(10);
    close(far_end);
    CU_ASSERT_TRUE(wakes_within(1000));
    close(near_end);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_socket_wakes_once_enough_has_come),
        TEST(buffered_bytes_wake_once_fewer_are_enough),
        TEST(a_socket_wakes_once_its_peer_has_closed),
    };

    return SUITE("socket", tests);
}
