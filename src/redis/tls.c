/*
 * tls.c: TLS with one server, as bytes in and bytes out.
 *
 * A session is an SSL between two rings of memory (a BIO pair): encrypted bytes leave through the
 * one and come by the other, so that the owner of the socket reads and writes it in large pieces,
 * as it does without TLS. A record is only begun if the ring has room for a whole one: SSL never
 * holds half a write that would have to be repeated with the same bytes.
 */
#include "redis/tls.h"

#include "base/mem.h"
#include "conf/conf.h"
#include "redis/tls_reason.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    RECORD_BYTES = 16 << 10,
    RECORD_ROOM = RECORD_BYTES + 512, /* a whole one, encrypted, and a key update before it */
    OUTPUT_BYTES = 4 * RECORD_ROOM + 512,
    INPUT_BYTES = 64 << 10
};

struct tls_context {
    const struct conf_tls *options;
    SSL_CTX *ctx;
    SSL_SESSION *resumable; /* what the last server gave for the next handshake, */
    char *resumed;          /* and the name that its certificate held */
};

struct tls_session {
    struct tls_context *context; /* for what a handshake needs */
    char *name;                  /* what the server's certificate must hold */
    SSL *ssl;
    BIO *wire;          /* the other end of its rings */
    struct err verdict; /* over the server's certificate */
    struct err failure; /* kind ERR_NONE: none */
};

/* --- files ------------------------------------------------------------------------------------ */

static bool file_failed(const char *setting, const struct conf_text *path, struct err *err)
{
    return err_set(err, ERR_CONFIG, "'tls.%s': %s: %s", setting, path->text, tls_library_text());
}

static bool file_exists(const char *setting, const struct conf_text *path, struct err *err)
{
    return access(path->text, R_OK) == 0 ||
           err_set(err, ERR_CONFIG, "'tls.%s': %s: %s", setting, path->text, strerror(errno));
}

static bool load_authorities(SSL_CTX *ctx, const struct conf_tls *options, struct err *err)
{
    if (!options->ca.text)
        return SSL_CTX_set_default_verify_paths(ctx) == 1 ||
               err_set(err, ERR_CONFIG, "the system's certificates: %s", tls_library_text());
    return file_exists("ca", &options->ca, err) &&
           (SSL_CTX_load_verify_file(ctx, options->ca.text) == 1 ||
            file_failed("ca", &options->ca, err));
}

/* Nobody is there to type one. */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer, (void)size, (void)writing;
    *(bool *)context = true;
    return -1;
}

static bool load_key(SSL_CTX *ctx, const struct conf_tls *options, struct err *err)
{
    bool locked = false;

    SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(ctx, &locked);
    int loaded = SSL_CTX_use_PrivateKey_file(ctx, options->key.text, SSL_FILETYPE_PEM);
    SSL_CTX_set_default_passwd_cb_userdata(ctx, NULL);
    if (loaded == 1)
        return true;
    if (!locked)
        return file_failed("key", &options->key, err);
    ERR_clear_error();
    return err_set(err, ERR_CONFIG, "'tls.key': %s: it has a passphrase, which is not supported",
                   options->key.text);
}

static bool load_certificate(SSL_CTX *ctx, const struct conf_tls *options, struct err *err)
{
    if (!options->cert.text || !options->key.text)
        return true;
    if (!file_exists("cert", &options->cert, err) || !file_exists("key", &options->key, err))
        return false;
    if (SSL_CTX_use_certificate_chain_file(ctx, options->cert.text) != 1)
        return file_failed("cert", &options->cert, err);
    return load_key(ctx, options, err) &&
           (SSL_CTX_check_private_key(ctx) == 1 ||
            err_set(err, ERR_CONFIG, "'tls.key': %s is not the key of %s: %s", options->key.text,
                    options->cert.text, tls_library_text()));
}

/* --- contexts --------------------------------------------------------------------------------- */

static int context_on_certificate(int good, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_session *session = SSL_get_app_data(ssl);

    if (!good)
        tls_explain_certificate(store, session->name, &session->verdict);
    return good;
}

/* The server gave what shortens the next handshake; the last one is kept. */
static int context_on_ticket(SSL *ssl, SSL_SESSION *ticket)
{
    struct tls_session *session = SSL_get_app_data(ssl);

    if (SSL_get_SSL_CTX(ssl) != session->context->ctx) /* of the files before a reload */
        return 0;
    SSL_SESSION_free(session->context->resumable);
    session->context->resumable = ticket;
    free(session->context->resumed);
    session->context->resumed = mem_text(session->name);
    return 1;
}

static void ctx_set(SSL_CTX *ctx, const struct conf_tls *options)
{
    SSL_CTX_set_min_proto_version(ctx, options->min_version == TLS_VERSION_1_3 ? TLS1_3_VERSION
                                                                               : TLS1_2_VERSION);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, context_on_certificate);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, context_on_ticket);
}

static SSL_CTX *ctx_new(const struct conf_tls *options, struct err *err)
{
    ERR_clear_error();
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    if (!ctx) {
        err_set(err, ERR_CONFIG, "TLS: %s", tls_library_text());
        return NULL;
    }
    ctx_set(ctx, options);
    if (load_authorities(ctx, options, err) && load_certificate(ctx, options, err))
        return ctx;
    SSL_CTX_free(ctx);
    return NULL;
}

static bool name_is_address(const char *name)
{
    unsigned char bytes[16];

    return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

struct tls_context *tls_context_new(const struct conf_sink *options, struct err *err)
{
    SSL_CTX *ctx = ctx_new(&options->tls, err);

    if (!ctx)
        return NULL;
    struct tls_context *context = mem_new(struct tls_context);
    context->options = &options->tls;
    context->ctx = ctx;
    return context;
}

static void context_forget(struct tls_context *context)
{
    SSL_SESSION_free(context->resumable);
    context->resumable = NULL;
    free(context->resumed);
    context->resumed = NULL;
}

bool tls_context_reload(struct tls_context *context, struct err *err)
{
    SSL_CTX *ctx = ctx_new(context->options, err);

    if (!ctx)
        return false;
    context_forget(context);
    SSL_CTX_free(context->ctx); /* sessions hold it as long as they need it */
    context->ctx = ctx;
    return true;
}

bool tls_context_configure(struct tls_context *context, const struct conf_sink *options,
                           struct err *err)
{
    context->options = &options->tls;
    return tls_context_reload(context, err);
}

void tls_context_free(struct tls_context *context)
{
    if (!context)
        return;
    context_forget(context);
    SSL_CTX_free(context->ctx);
    free(context);
}

/* --- sessions --------------------------------------------------------------------------------- */

/* A shortened handshake shows no certificate: one that is out of date by now must be seen again. */
static void session_resume(struct tls_session *session)
{
    struct tls_context *context = session->context;
    X509 *certificate = context->resumable ? SSL_SESSION_get0_peer(context->resumable) : NULL;

    if (certificate && strcmp(context->resumed, session->name) == 0 &&
        X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0)
        SSL_set_session(session->ssl, context->resumable);
    else
        context_forget(context);
}

static void session_expect_name(struct tls_session *session)
{
    const char *name = session->name;

    if (name_is_address(name)) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session->ssl), name);
        return;
    }
    SSL_set1_host(session->ssl, name);
    /* As RFC 9525 and browsers have it: a CN is not a name, even if there is no other. */
    SSL_set_hostflags(session->ssl,
                      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    SSL_set_tlsext_host_name(session->ssl, name);
}

struct tls_session *tls_session_new(struct tls_context *context, const char *host)
{
    struct tls_session *session = mem_new(struct tls_session);
    BIO *inside = NULL;

    session->context = context;
    session->name =
        mem_text(context->options->server_name.text ? context->options->server_name.text : host);
    session->ssl = SSL_new(context->ctx);
    BIO_new_bio_pair(&inside, OUTPUT_BYTES, &session->wire, INPUT_BYTES);
    assert(session->ssl && inside); /* only for want of memory */
    SSL_set_bio(session->ssl, inside, inside);
    SSL_set_app_data(session->ssl, session);
    SSL_set_connect_state(session->ssl);
    session_expect_name(session);
    session_resume(session);
    return session;
}

void tls_session_free(struct tls_session *session)
{
    if (!session)
        return;
    if (session->failure.kind == ERR_NONE) /* else OpenSSL takes the ticket for spoilt */
        SSL_set_shutdown(session->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(session->ssl);
    BIO_free(session->wire);
    free(session->name);
    free(session);
}

/* What a call of @p result means: 0: it waits; -1: the session ended, by a failure if the other
 * side did not say so. */
static int session_judge(struct tls_session *session, int result)
{
    switch (SSL_get_error(session->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return 0;
    case SSL_ERROR_ZERO_RETURN:
        return -1;
    default:
        break;
    }
    if (session->verdict.kind != ERR_NONE) {
        session->failure = session->verdict;
        ERR_clear_error();
    } else {
        tls_explain_failure(&session->failure);
    }
    err_wrap(&session->failure, "TLS");
    return -1;
}

enum tls_progress tls_shake(struct tls_session *session, struct err *err)
{
    ERR_clear_error(); /* SSL_get_error() would take what others left there for ours */
    int result = SSL_do_handshake(session->ssl);

    if (result == 1)
        return TLS_DONE;
    if (session_judge(session, result) == 0)
        return TLS_WAITS;
    if (session->failure.kind == ERR_NONE)
        err_set(&session->failure, ERR_RETRY, "TLS: the server ended the handshake");
    *err = session->failure;
    return TLS_FAILED;
}

ssize_t tls_write(struct tls_session *session, struct slice bytes)
{
    size_t taken = 0;

    ERR_clear_error();
    while (taken < bytes.length &&
           BIO_ctrl_get_write_guarantee(SSL_get_wbio(session->ssl)) >= RECORD_ROOM) {
        size_t left = bytes.length - taken, length = left < RECORD_BYTES ? left : RECORD_BYTES;
        int result = SSL_write(session->ssl, bytes.data + taken, (int)length);
        if (result > 0)
            taken += (size_t)result;
        else if (session_judge(session, result) < 0)
            return -1;
        else
            break;
    }
    return (ssize_t)taken;
}

ssize_t tls_read(struct tls_session *session, char *out, size_t room)
{
    size_t filled = 0;

    if (session->failure.kind != ERR_NONE)
        return -1;
    ERR_clear_error();
    while (filled < room) {
        int result = SSL_read(session->ssl, out + filled, (int)(room - filled));
        if (result > 0)
            filled += (size_t)result;
        else if (session_judge(session, result) == 0 || filled > 0)
            break; /* an end is told once more by the next call */
        else
            return -1;
    }
    return (ssize_t)filled;
}

const char *tls_failure(const struct tls_session *session)
{
    return session->failure.kind == ERR_NONE ? NULL : session->failure.text;
}

bool tls_holds(const struct tls_session *session)
{
    return SSL_pending(session->ssl) > 0 || BIO_pending(SSL_get_rbio(session->ssl)) > 0;
}

bool tls_resumed(const struct tls_session *session)
{
    return SSL_session_reused(session->ssl) == 1;
}

/* --- the other side --------------------------------------------------------------------------- */

struct slice tls_output(struct tls_session *session)
{
    char *bytes = NULL;
    int length = BIO_nread0(session->wire, &bytes);

    return length > 0 ? (struct slice){bytes, (size_t)length} : (struct slice){0};
}

void tls_sent(struct tls_session *session, size_t length)
{
    char *bytes;

    BIO_nread(session->wire, &bytes, (int)length);
}

size_t tls_unsent(const struct tls_session *session)
{
    return BIO_ctrl_pending(session->wire);
}

char *tls_input(struct tls_session *session, size_t *room)
{
    char *bytes = NULL;
    int length = BIO_nwrite0(session->wire, &bytes);

    *room = length > 0 ? (size_t)length : 0;
    return bytes;
}

void tls_received(struct tls_session *session, size_t length)
{
    char *bytes;

    BIO_nwrite(session->wire, &bytes, (int)length);
}
