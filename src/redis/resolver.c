/*
 * resolver.c: a host's addresses, asked without stopping the event loop.
 *
 * A question belongs to two: to its resolver, which may lose interest, and to its thread, which may
 * hang in getaddrinfo() for as long as the resolver's own timeouts take. The last to leave frees
 * it.
 */
#include "redis/resolver.h"

#include "base/mem.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct question {
    atomic_int holders;
    int answered; /* an eventfd, readable once the fields below are filled */
    char *host;
    char service[16];
    int code, error; /* of getaddrinfo(), and errno */
    struct addrinfo *found;
};

struct resolver {
    struct event_base *base;
    resolver_done done;
    void *context;
    struct question *question; /* NULL: none is open */
    struct event *answered;
};

struct resolver *resolver_new(struct event_base *base, resolver_done done, void *context)
{
    struct resolver *resolver = mem_new(struct resolver);

    *resolver = (struct resolver){.base = base, .done = done, .context = context};
    return resolver;
}

static void question_release(struct question *question)
{
    if (atomic_fetch_sub(&question->holders, 1) > 1)
        return;
    if (question->found)
        freeaddrinfo(question->found);
    if (question->answered >= 0)
        close(question->answered);
    free(question->host);
    free(question);
}

static void question_ask(struct question *question, int flags)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};

    question->code = getaddrinfo(question->host, question->service, &hints, &question->found);
    question->error = errno;
}

static void *question_run(void *argument)
{
    struct question *question = argument;
    uint64_t one = 1;

    question_ask(question, AI_ADDRCONFIG);
    if (question->code == EAI_BADFLAGS || question->code == EAI_NONAME ||
        question->code == EAI_NODATA) /* "localhost" on a machine that has no other address */
        question_ask(question, 0);
    ssize_t written = write(question->answered, &one, sizeof(one));
    (void)written; /* an eventfd takes its first 8 bytes always */
    question_release(question);
    return NULL;
}

static void resolver_close(struct resolver *resolver)
{
    if (resolver->answered)
        event_free(resolver->answered);
    if (resolver->question)
        question_release(resolver->question);
    resolver->answered = NULL;
    resolver->question = NULL;
}

void resolver_free(struct resolver *resolver)
{
    if (!resolver)
        return;
    resolver_close(resolver);
    free(resolver);
}

static void resolver_tell(struct resolver *resolver)
{
    const struct question *question = resolver->question;
    struct addresses found = {0};
    struct err err = {0};

    if (question->code == 0)
        addresses_take(&found, question->found);
    else
        err_set(&err, ERR_RETRY, "resolve %s: %s", question->host,
                question->code == EAI_SYSTEM ? strerror(question->error)
                                             : gai_strerror(question->code));
    resolver_close(resolver);
    resolver->done(resolver->context, found.count ? &found : NULL, &err);
}

static void resolver_on_answer(evutil_socket_t fd, short what, void *context)
{
    uint64_t times;
    ssize_t got = read(fd, &times, sizeof(times));

    (void)got, (void)what; /* that it is readable says all */
    resolver_tell(context);
}

/* Signals are the business of the thread that waits for them. */
static bool resolver_start_thread(struct question *question)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;

    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(&thread, &attributes, question_run, question);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (code == 0)
        return true; /* from here on the answer is the thread's to write */
    question->code = EAI_SYSTEM;
    question->error = code;
    return false;
}

static bool resolver_ask_thread(struct resolver *resolver, struct question *question)
{
    question->answered = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (question->answered < 0) {
        question->code = EAI_SYSTEM;
        question->error = errno;
        return false;
    }
    resolver->answered =
        event_new(resolver->base, question->answered, EV_READ, resolver_on_answer, resolver);
    event_add(resolver->answered, NULL);
    atomic_store(&question->holders, 2);
    if (resolver_start_thread(question))
        return true;
    atomic_store(&question->holders, 1);
    return false;
}

void resolver_ask(struct resolver *resolver, const char *host, int port)
{
    if (resolver->question)
        return;
    struct question *question = mem_new(struct question);
    atomic_init(&question->holders, 1);
    question->answered = -1;
    question->host = mem_text(host);
    snprintf(question->service, sizeof(question->service), "%d", port);
    resolver->question = question;
    question_ask(question, AI_NUMERICHOST);
    if (question->code == 0 || !resolver_ask_thread(resolver, question))
        resolver_tell(resolver);
}
