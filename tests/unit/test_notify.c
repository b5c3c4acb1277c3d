/* test_notify.c: what systemd is told, read from a socket as systemd does. */
#include "suite.h"

#include "app/notify.h"
#include "base/clock.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int listener = -1;
static char heard[600];

/* Listens on @p name, "@..." being the abstract namespace, and opens notify with this environment.
 */
static void begin(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", name);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    else
        unlink(name);
    listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    CU_ASSERT_EQUAL(bind(listener, (struct sockaddr *)&address,
                         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
                    0);
    setenv("NOTIFY_SOCKET", name, 1);
    notify_open();
}

static void end(void)
{
    notify_close();
    close(listener);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

/* The next message; "" if there is none. */
static const char *hear(void)
{
    ssize_t length = recv(listener, heard, sizeof(heard) - 1, 0);

    heard[length > 0 ? length : 0] = '\0';
    return heard;
}

static const char *abstract_name(void)
{
    static char name[64];

    snprintf(name, sizeof(name), "@penstock-test-%d", (int)getpid());
    return name;
}

static void the_messages_are_those_of_sd_notify(void)
{
    begin(abstract_name());
    notify_ready();
    ASSERT_TEXT(hear(), "READY=1");
    notify_status("%d routes, behind %.1f s", 3, 0.4);
    ASSERT_TEXT(hear(), "STATUS=3 routes, behind 0.4 s");
    notify_watchdog();
    ASSERT_TEXT(hear(), "WATCHDOG=1");
    notify_longer(60000);
    ASSERT_TEXT(hear(), "EXTEND_TIMEOUT_USEC=60000000");
    notify_stopping(30000);
    ASSERT_TEXT(hear(), "STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000");
    end();
}

/* systemd takes it for the reload that it asked for if its time is not before that. */
static void a_reload_says_when_it_begins(void)
{
    int64_t before = clock_us(), at = 0;

    begin(abstract_name());
    notify_reloading();
    CU_ASSERT_EQUAL(sscanf(hear(), "RELOADING=1\nMONOTONIC_USEC=%" SCNd64, &at), 1);
    CU_ASSERT(before <= at && at <= clock_us());
    end();
}

static void a_path_of_the_file_system_works_too(void)
{
    char path[64];

    snprintf(path, sizeof(path), "/tmp/penstock-notify-%d", (int)getpid());
    begin(path);
    notify_ready();
    ASSERT_TEXT(hear(), "READY=1");
    end();
    unlink(path);
}

static void a_long_status_is_cut_not_lost(void)
{
    char text[1000];

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    begin(abstract_name());
    notify_status("%s", text);
    CU_ASSERT_EQUAL(strlen(hear()), 511);
    end();
}

static void nothing_happens_without_a_socket(void)
{
    setenv("WATCHDOG_USEC", "30000000", 1);
    notify_open();
    notify_ready();
    notify_status("nobody hears");
    CU_ASSERT_EQUAL(notify_watchdog_ms(), 0);
    end();
}

static void a_socket_that_is_none_is_left_alone(void)
{
    const char *const names[] = {"", "@", "relative/path", "vsock:2:1234"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        setenv("NOTIFY_SOCKET", names[i], 1);
        notify_open();
        notify_ready();
    }
    end();
}

static void a_listener_that_went_away_does_no_harm(void)
{
    begin(abstract_name());
    close(listener);
    notify_ready();
    end();
}

static void the_watchdog_is_fed_twice_in_its_period(void)
{
    char process[16];

    snprintf(process, sizeof(process), "%d", (int)getpid());
    setenv("WATCHDOG_USEC", "30000000", 1);
    setenv("WATCHDOG_PID", process, 1);
    begin(abstract_name());
    CU_ASSERT_EQUAL(notify_watchdog_ms(), 15000);
    end();
}

static void the_watchdog_of_another_process_is_not_ours(void)
{
    setenv("WATCHDOG_USEC", "30000000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    begin(abstract_name());
    CU_ASSERT_EQUAL(notify_watchdog_ms(), 0);
    end();
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(the_messages_are_those_of_sd_notify),
        TEST(a_reload_says_when_it_begins),
        TEST(a_path_of_the_file_system_works_too),
        TEST(a_long_status_is_cut_not_lost),
        TEST(nothing_happens_without_a_socket),
        TEST(a_socket_that_is_none_is_left_alone),
        TEST(a_listener_that_went_away_does_no_harm),
        TEST(the_watchdog_is_fed_twice_in_its_period),
        TEST(the_watchdog_of_another_process_is_not_ours),
    };

    return SUITE("notify", tests);
}
