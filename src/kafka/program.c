/*
 * program.c: what a program prints.
 *
 * It gets our environment, and of our files standard error alone. It is a process group of its own,
 * so that it can be killed with what it has started.
 */
#include "kafka/program.h"

#include "base/mem.h"
#include "conf/read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Signals are as a program expects them, whatever our threads block. */
static void attributes_init(posix_spawnattr_t *attributes)
{
    sigset_t none, every;

    sigemptyset(&none);
    sigfillset(&every);
    posix_spawnattr_init(attributes);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &every);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                             POSIX_SPAWN_SETSIGDEF);
}

/* Its standard output is @p out. Returns 0 or an errno. */
static int program_start(const struct conf_texts *words, int out, pid_t *pid)
{
    char **arguments = mem_array(words->count + 1, sizeof(*arguments));
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;

    for (size_t i = 0; i < words->count; i++)
        arguments[i] = (char *)words->items[i].text;
    attributes_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    int status = posix_spawnp(pid, arguments[0], &actions, &attributes, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    free(arguments);
    return status;
}

static bool program_ended(pid_t pid, const char *name, struct err *err)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (WIFEXITED(status))
        return err_set(err, ERR_CONFIG, "%s: exit status %d", name, WEXITSTATUS(status));
    return err_set(err, ERR_CONFIG, "%s: ended by signal %d", name, WTERMSIG(status));
}

/* Reads until it closes its output; what does not end by then is killed. */
static char *program_read(int in, pid_t pid, const char *name, size_t limit, struct err *err)
{
    size_t length;
    struct err failed;
    char *text = read_descriptor(in, PROGRAM_MS, limit, &length, err);

    if (!text) {
        err_wrap(err, "%s", name);
        kill(-pid, SIGKILL);
        program_ended(pid, name, &failed);
        return NULL;
    }
    if (program_ended(pid, name, err))
        return text;
    explicit_bzero(text, length);
    free(text);
    return NULL;
}

char *program_output(const struct conf_texts *words, size_t limit, struct err *err)
{
    const char *name = words->items[0].text;
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        err_set(err, ERR_CONFIG, "%s: %s", name, strerror(errno));
        return NULL;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    int status = program_start(words, ends[1], &pid);
    close(ends[1]);
    char *text = NULL;
    if (status)
        err_set(err, ERR_CONFIG, "%s: %s", name, strerror(status));
    else
        text = program_read(ends[0], pid, name, limit, err);
    close(ends[0]);
    return text;
}
