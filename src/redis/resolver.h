/*
 * resolver.h: a host's addresses, asked without stopping the event loop.
 *
 * The question goes to getaddrinfo() in a thread of its own, so that the answer is the one every
 * other program of the machine gets (nsswitch, hosts file, search domains), read again each time.
 */
#pragma once
#include "base/err.h"
#include "redis/socket.h"

struct event_base;
struct resolver;

/** @p found is NULL if there is no answer, and @p err says why. */
typedef void (*resolver_done)(void *context, const struct addresses *found, const struct err *err);

struct resolver *resolver_new(struct event_base *base, resolver_done done, void *context);

/** A question still open is forgotten; its thread ends by itself. Takes NULL. */
void resolver_free(struct resolver *resolver);

/**
 * Asks; @p done is called from the loop, or at once if @p host is a numeric address. A question
 * still open, from an earlier call, continues instead of a new one: at most one thread a resolver.
 */
void resolver_ask(struct resolver *resolver, const char *host, int port);
