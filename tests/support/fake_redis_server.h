/*
 * fake_redis_server.h: a server that says what a test wants, on the test's own event loop.
 *
 * It reads commands and answers each one: those of the handshake with +OK, INFO with the facts that
 * penstock asks for, others as the test's function says. The answers leave in pieces of any size.
 * As a proxy it passes bytes on to a real server instead, at a limited rate.
 */
#pragma once
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

struct fake_server;

/**
 * The answer to the command @p name, the @p number-th of connection @p connection, both counted
 * from 0 and without the handshake. NULL: silence; "": the connection is closed.
 */
typedef const char *(*fake_answer)(void *context, unsigned connection, unsigned number,
                                   const char *name);

struct fake_server *fake_server_open(struct event_base *base, fake_answer answer, void *context);

/** Asks @p greet for the answer to each command, those of the handshake too, first; where it says
 * NULL the answer is the usual one. It counts all commands. */
void fake_server_greet(struct fake_server *server, fake_answer greet);

/** Everything goes to the real server at @p port and back, at most so many bytes a second each
 * way. */
struct fake_server *fake_server_proxy(struct event_base *base, int port, size_t bytes_a_second);

/** Answers, also those that a proxy passes on, leave in pieces of so many bytes, a piece each turn
 * of the loop; 0: whole. */
void fake_server_slice(struct fake_server *server, size_t bytes);

/** Of a proxy: each connection ends when so many bytes of the real server were passed on, with the
 * last of them; 0: never. */
void fake_server_cut(struct fake_server *server, size_t bytes);

/** The first connection answers +OK as soon as so many bytes of a command have come that is not
 * whole, and reads no more. */
void fake_server_hurry(struct fake_server *server, size_t bytes);

/** From now on it reads no more and writes nothing, its connections open. */
void fake_server_freeze(struct fake_server *server);

/** Of a proxy: the bytes of the clients connected now stay in it, whether these leave or not, */
void fake_server_hold(struct fake_server *server);

/** until they are passed on after all. */
void fake_server_release(struct fake_server *server);

int fake_server_port(const struct fake_server *server);

/** How many commands have come whole, without the handshakes. */
unsigned fake_server_commands(const struct fake_server *server);

/** How many connections it has accepted. */
unsigned fake_server_connections(const struct fake_server *server);

/** Takes NULL; before its event base ends. */
void fake_server_close(struct fake_server *server);
