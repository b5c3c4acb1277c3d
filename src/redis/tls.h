/*
 * tls.h: TLS with one server, as bytes in and bytes out: it touches no socket.
 *
 * A context holds what the certificate files say, for all connections of a sink; a session is one
 * connection's. The server's chain, its validity and its name are verified always.
 */
#pragma once
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct conf_sink;
struct tls_context;
struct tls_session;

/**
 * Reads the files of @p options, which lives as long as the context.
 * Errors:  NULL and ERR_CONFIG, naming the setting and its file.
 */
struct tls_context *tls_context_new(const struct conf_sink *options, struct err *err);

/** Reads the files again, for sessions to come. False and ERR_CONFIG: the old ones stay. */
bool tls_context_reload(struct tls_context *context, struct err *err);

/** The same, with the settings of @p options from now on. False: the old files stay in use. */
bool tls_context_configure(struct tls_context *context, const struct conf_sink *options,
                           struct err *err);

/** Takes NULL; after its sessions. */
void tls_context_free(struct tls_context *context);

/** Begins a session with the server @p host; tls_shake() comes first. */
struct tls_session *tls_session_new(struct tls_context *context, const char *host);

/** Takes NULL. */
void tls_session_free(struct tls_session *session);

enum tls_progress {
    TLS_DONE,
    TLS_WAITS, /* for bytes of the other side, or for room in the output */
    TLS_FAILED
};

/**
 * Continues the handshake. Errors:  ERR_CONFIG if somebody has to mend a certificate,
 * ERR_RETRY for the rest.
 */
enum tls_progress tls_shake(struct tls_session *session, struct err *err);

/** Encrypts what there is room for; returns how much of @p bytes that was; -1: tls_failure(). */
ssize_t tls_write(struct tls_session *session, struct slice bytes);

/** Decrypts into @p room bytes at @p out; 0: nothing more has come; -1: tls_failure(), or the other
 * side said that it ends here, if that is NULL. */
ssize_t tls_read(struct tls_session *session, char *out, size_t room);

/** Why the session ended, in words; NULL: it did not, or as it should. */
const char *tls_failure(const struct tls_session *session);

/** Whether decrypted bytes, or ones to decrypt, wait to be read. */
bool tls_holds(const struct tls_session *session);

/** Whether the handshake was shortened, as one that follows another may be. */
bool tls_resumed(const struct tls_session *session);

/* --- the other side --------------------------------------------------------------------------- */

/** Bytes for the other side; how much of them it took is then told by tls_sent(). */
struct slice tls_output(struct tls_session *session);
void tls_sent(struct tls_session *session, size_t length);

/** Bytes that tls_output() still has, in several pieces perhaps. */
size_t tls_unsent(const struct tls_session *session);

/** Where to put bytes of the other side, and how many; how many were put is then told by
 * tls_received(). */
char *tls_input(struct tls_session *session, size_t *room);
void tls_received(struct tls_session *session, size_t length);
