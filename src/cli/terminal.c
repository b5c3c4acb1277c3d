/* terminal.c: the terminal as a full screen, and as it was again. */
#include "cli/terminal.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static const char enter[] = "\033[?1049h\033[?25l\033[2J";
static const char leave[] = "\033[?25h\033[?1049l";

static struct termios before;
static bool has_input; /* standard input is the terminal, too */
static volatile sig_atomic_t is_open, resized, asked;

/* What a handler may call as well. */
static void say(const char *text, size_t length)
{
    ssize_t wrote = write(STDOUT_FILENO, text, length);

    (void)wrote; /* there is nowhere to report it */
}

static void set_input(bool raw)
{
    struct termios now = before;

    if (raw)
        now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    if (has_input)
        tcsetattr(STDIN_FILENO, TCSANOW, &now);
}

static void take(void)
{
    is_open = true;
    set_input(true);
    say(enter, sizeof(enter) - 1);
}

void terminal_close(void)
{
    if (!is_open)
        return;
    is_open = false;
    say(leave, sizeof(leave) - 1);
    set_input(false);
}

static void on_ask(int number)
{
    (void)number;
    asked = true;
}

static void on_resize(int number)
{
    (void)number;
    resized = true;
}

/* The handler's own signal, by its default. */
static void on_crash(int number)
{
    terminal_close();
    signal(number, SIG_DFL);
    raise(number);
}

static void on_stop(int number)
{
    int reason = errno;

    (void)number;
    terminal_close();
    raise(SIGSTOP);
    take(); /* continued */
    resized = true;
    errno = reason;
}

static void handle(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};

    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

bool terminal_open(void)
{
    static const int asks[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

    for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++)
        handle(asks[i], on_ask);
    if (!isatty(STDOUT_FILENO))
        return false;
    has_input = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
    for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
        handle(crashes[i], on_crash);
    handle(SIGTSTP, on_stop);
    handle(SIGWINCH, on_resize);
    atexit(terminal_close);
    take();
    return true;
}

void terminal_size(int *width, int *height)
{
    struct winsize size = {0};
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;

    *width = known && size.ws_col ? size.ws_col : 80;
    *height = known && size.ws_row ? size.ws_row : 24;
}

bool terminal_is_unicode(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    const char *value = NULL;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && (!value || !*value); i++)
        value = getenv(names[i]);
    return value && (strcasestr(value, "utf-8") || strcasestr(value, "utf8"));
}

/* A key that ends; the end of the input is none: it may be no terminal. */
static bool is_quit(void)
{
    char key;

    return read(STDIN_FILENO, &key, 1) == 1 && (key == 'q' || key == 'Q' || key == 3);
}

enum terminal_event terminal_wait(int64_t milliseconds)
{
    int64_t until_ms = clock_ms() + milliseconds, left_ms = milliseconds;

    while (left_ms > 0 && !asked && !resized) {
        struct pollfd input = {.fd = has_input ? STDIN_FILENO : -1, .events = POLLIN};
        if (poll(&input, 1, (int)left_ms) > 0 && is_quit())
            return TERMINAL_QUIT;
        left_ms = until_ms - clock_ms();
    }
    if (asked)
        return TERMINAL_QUIT;
    if (!resized)
        return TERMINAL_TIME;
    resized = false;
    return TERMINAL_RESIZED;
}
