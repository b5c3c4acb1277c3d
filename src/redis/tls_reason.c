/*
 * tls_reason.c: why TLS failed, in words that say what to mend.
 *
 * What we find wrong with the server's certificate comes by the verification, what the server finds
 * wrong with us as an alert (RFC 8446, 6.2), whose number is in the error queue.
 */
#include "redis/tls_reason.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { NAMES_BYTES = 200, TIME_BYTES = 32, NAME_BYTES = 64 };

const char *tls_library_text(void)
{
    unsigned long code = ERR_get_error();
    const char *text = code ? ERR_reason_error_string(code) : NULL;

    ERR_clear_error();
    if (code && ERR_SYSTEM_ERROR(code))
        text = strerror(ERR_GET_REASON(code));
    return text ? text : "no reason known";
}

/* --- our verdict over the server's certificate ------------------------------------------------ */

/* What one name of a certificate says; false if it is of another kind. */
static bool name_text(const GENERAL_NAME *name, char text[NAME_BYTES])
{
    const ASN1_STRING *value = name->d.ia5;

    if (name->type == GEN_DNS) {
        snprintf(text, NAME_BYTES, "%.*s", ASN1_STRING_length(value),
                 (const char *)ASN1_STRING_get0_data(value));
        return true;
    }
    if (name->type != GEN_IPADD)
        return false;
    value = name->d.iPAddress;
    int family = ASN1_STRING_length(value) == 4 ? AF_INET : AF_INET6;
    return (family == AF_INET || ASN1_STRING_length(value) == 16) &&
           inet_ntop(family, ASN1_STRING_get0_data(value), text, NAME_BYTES);
}

/* "redis.example, 10.0.0.5"; empty if it holds none. */
static void certificate_names(X509 *certificate, char names[NAMES_BYTES])
{
    GENERAL_NAMES *list = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    size_t used = 0;
    char text[NAME_BYTES];

    names[0] = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(list); i++) {
        if (!name_text(sk_GENERAL_NAME_value(list, i), text) ||
            used + strlen(text) + 3 > NAMES_BYTES)
            continue;
        used += (size_t)snprintf(names + used, NAMES_BYTES - used, "%s%s", used ? ", " : "", text);
    }
    GENERAL_NAMES_free(list);
}

static void explain_name(X509 *certificate, const char *name, struct err *err)
{
    char names[NAMES_BYTES];

    certificate_names(certificate, names);
    err_set(err, ERR_CONFIG, "the server's certificate is not for '%s'; it %s%s", name,
            names[0] ? "is for " : "holds no name (a CN is none: subjectAltName)", names);
}

static void explain_time(const char *whose, const char *what, const ASN1_TIME *time,
                         struct err *err)
{
    char text[TIME_BYTES] = "an unknown time";
    struct tm parts;

    if (ASN1_TIME_to_tm(time, &parts))
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
    err_set(err, ERR_CONFIG, "%s %s %s", whose, what, text);
}

void tls_explain_certificate(X509_STORE_CTX *store, const char *name, struct err *err)
{
    X509 *certificate = X509_STORE_CTX_get_current_cert(store);
    int verdict = X509_STORE_CTX_get_error(store);
    const char *whose = X509_STORE_CTX_get_error_depth(store)
                            ? "an authority of the server's certificate"
                            : "the server's certificate";

    switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        explain_time(whose, "has expired on", X509_get0_notAfter(certificate), err);
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        explain_time(whose, "is not valid before", X509_get0_notBefore(certificate), err);
        break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        explain_name(certificate, name, err);
        break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
        err_set(err, ERR_CONFIG,
                "the server's certificate is signed by an authority that 'tls.ca' does not hold "
                "(%s)",
                X509_verify_cert_error_string(verdict));
        break;
    default:
        err_set(err, ERR_CONFIG, "%s is not good: %s", whose,
                X509_verify_cert_error_string(verdict));
        break;
    }
}

/* --- what the server said, or did ------------------------------------------------------------- */

struct reason {
    int number;
    enum err_kind kind;
    const char *text;
};

static const struct reason reasons[] = {
    {SSL_R_WRONG_VERSION_NUMBER, ERR_CONFIG,
     "the server does not speak TLS on this port: is it redis:// that it wants?"},
    {SSL_R_HTTP_REQUEST, ERR_CONFIG, "the server does not speak TLS on this port"},
    {SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, ERR_CONFIG,
     "the server wants a certificate of us: set 'tls.cert' and 'tls.key'"},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA, ERR_CONFIG,
     "the server does not know the authority that signed our certificate ('tls.cert')"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, ERR_CONFIG,
     "the server says that our certificate ('tls.cert') has expired, or is not valid yet"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, ERR_CONFIG,
     "the server says that our certificate ('tls.cert') is revoked"},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, ERR_CONFIG,
     "the server does not take our certificate ('tls.cert')"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, ERR_CONFIG,
     "the server does not take our certificate ('tls.cert')"},
    {SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, ERR_CONFIG,
     "the server does not take our certificate ('tls.cert'): not its kind, or not for clients"},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, ERR_CONFIG,
     "the server and we have no version of TLS in common ('tls.min_version')"},
    {SSL_R_UNSUPPORTED_PROTOCOL, ERR_CONFIG,
     "the server and we have no version of TLS in common ('tls.min_version')"},
    /* TLS 1.2 has no alert of its own for a missing certificate */
    {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, ERR_CONFIG,
     "the server refuses the handshake: it wants a certificate of us ('tls.cert'), or no cipher is "
     "known to both"},
};

void tls_explain_failure(struct err *err)
{
    unsigned long code = ERR_peek_error();

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == reasons[i].number) {
            ERR_clear_error();
            err_set(err, reasons[i].kind, "%s", reasons[i].text);
            return;
        }
    err_set(err, ERR_RETRY, "%s", tls_library_text());
}
