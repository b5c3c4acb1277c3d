/* tls_reason.h: why TLS failed, in words that say what to mend. */
#pragma once
#include "base/err.h"

struct x509_store_ctx_st;

/** What is wrong with the server's certificate, of which @p store is just being verified; @p name
 * is the one that it must hold. ERR_CONFIG. */
void tls_explain_certificate(struct x509_store_ctx_st *store, const char *name, struct err *err);

/** What the thread's error queue tells of a failure; empties the queue. ERR_CONFIG if somebody
 * has to mend something, ERR_RETRY for the rest. */
void tls_explain_failure(struct err *err);

/** The first error of the thread's queue as OpenSSL calls it; empties the queue. */
const char *tls_library_text(void);
