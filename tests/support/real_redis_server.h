/*
 * real_redis_server.h: a real redis-server for one test.
 *
 *      struct redis_server *server = redis_server_start("--maxmemory", "1gb", NULL);
 *      ASSERT_TEXT(redis_ask(server, "SET %s %s", "key", "value"), "OK");
 *      redis_server_free(server);
 *
 * The server listens on a free loopback port and on a unix socket, keeps its files in a fresh
 * folder and dies with the thread that started it, however that ends; the folder goes too. What
 * cannot be started, or does not answer within ten seconds, ends the test program with a word on
 * stderr.
 */
#pragma once
#include <stddef.h>
#include <sys/types.h>

struct redis_server;
struct redis_client;

/**
 * Starts a server without persistence and waits until it serves. Extra arguments win over those
 * given by default; NULL ends them.
 */
struct redis_server *redis_server_start(const char *argument, ...);

/** The same, with a port for TLS besides, redis_server_tls_port(); what it needs for that is in the
 * extra arguments (tls-cert-file, ...). */
struct redis_server *redis_server_start_tls(const char *argument, ...);
int redis_server_tls_port(const struct redis_server *server);

/** Kills the server and removes its folder. Takes NULL. */
void redis_server_free(struct redis_server *server);

int redis_server_port(const struct redis_server *server);
const char *redis_server_socket(const struct redis_server *server);
const char *redis_server_folder(const struct redis_server *server);
pid_t redis_server_pid(const struct redis_server *server); /* 0: not running */

/** SIGTERM, or SIGKILL, and wait for its end; its folder stays for redis_server_restart(). */
void redis_server_stop(struct redis_server *server);
void redis_server_kill(struct redis_server *server);

/** Kills it if it still runs and starts it again on the same port and folder; waits until it
 * serves. */
void redis_server_restart(struct redis_server *server);

/** The same, but waits only until it answers anything: LOADING, for instance. */
void redis_server_restart_loading(struct redis_server *server);

/** SIGSTOP and SIGCONT: a server that hangs, its connections open. */
void redis_server_pause(struct redis_server *server);
void redis_server_resume(struct redis_server *server);

/**
 * Sends one command as hiredis formats it ("%s", "%b") and returns the reply as text, which lives
 * until the next question: "OK", "5", "(nil)", "[a b [c]]", "-ERR what redis says", or "!reason"
 * where no reply came (within ten seconds). Connects when needed, again after a loss.
 */
const char *redis_ask(struct redis_server *server, const char *format, ...);

/** Another connection of its own. Never NULL; one that could not connect answers "!reason". */
struct redis_client *redis_client_open(struct redis_server *server);
void redis_client_close(struct redis_client *client);

/** As redis_ask(), on this connection and without connecting again. */
const char *redis_client_ask(struct redis_client *client, const char *format, ...);

/** The two halves of redis_client_ask(), for pipelines, subscribers and what blocks. */
void redis_client_send(struct redis_client *client, const char *format, ...);
const char *redis_client_read(struct redis_client *client);

/** Sends bytes as they are: an inline command, or what is no command at all. */
void redis_client_send_bytes(struct redis_client *client, const void *bytes, size_t length);
