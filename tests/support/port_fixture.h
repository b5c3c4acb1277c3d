/* port_fixture.h: an admin port, and a client that asks it by real sockets; one at a time. */
#pragma once
#include "app/admin.h"
#include "app/health.h"
#include "conf/conf.h"
#include "metrics/metrics.h"

extern struct metrics *metrics;
extern struct health *health;
extern struct admin *admin;
extern char answer[]; /* what was heard last */

#define PORT_TOKEN "0123456789abcdef-TOKEN"

/** A port of a process with one worker that did not join its group yet: on a loopback address,
 * also called penstock.svc, with PORT_TOKEN; or as @p conf says. */
void port_open(void);
void port_open_as(const struct conf_admin *conf);
void port_close(void);

/** The worker has joined, and turns. */
void port_tell_ready(void);

/** One more port beside it, which the caller stops; one at a time. */
struct admin *port_start(const struct conf_admin *conf, struct err *err);

/** A socket that is connected to the port; port_dial_by() connects @p handle. */
int port_dial(void);
int port_dial_by(int handle);

/** Reads one answer and, if the port says that it closes, until it does; keeps what came in answer,
 * and closes the socket. */
void port_hear(int handle);

/** Reads one answer, to its last byte; the socket stays open. */
void port_hear_one(int handle);

/** Sends these bytes, all of which find somebody who takes them, and keeps the whole answer. */
const char *port_say(const char *bytes, size_t length);
const char *port_ask(const char *request);

/** The answer to a GET of @p path. */
const char *port_get(const char *path);

/** Whether the answer has @p text somewhere, and its status; -1: it has none. */
bool port_says(const char *text);
int port_status(void);

/** The pipe's side of the port is alive after all that. */
bool port_still_answers(void);
