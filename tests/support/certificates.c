/* certificates.c: real certificates for one test, good and bad ones. */
#include "certificates.h"

#include <dirent.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATHS = 8, PATH_BYTES = 400, A_DAY_S = 24 * 3600 };

struct authority {
    EVP_PKEY *key;
    X509 *certificate;
};

struct certificates {
    char folder[128];
    long serial;
    struct authority ca, stranger;
};

static void give_up(const char *what)
{
    fprintf(stderr, "certificates: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(2);
}

const char *certificates_folder(const struct certificates *certificates)
{
    return certificates->folder;
}

const char *certificates_path(const struct certificates *certificates, const char *file)
{
    static char paths[PATHS][PATH_BYTES];
    static unsigned next;
    char *path = paths[next++ % PATHS];

    snprintf(path, PATH_BYTES, "%s/%s", certificates->folder, file);
    return path;
}

/* --- files ------------------------------------------------------------------------------------ */

static FILE *open_file(const struct certificates *certificates, const char *name,
                       const char *ending)
{
    char file[64];

    snprintf(file, sizeof(file), "%s%s", name, ending);
    FILE *out = fopen(certificates_path(certificates, file), "w");
    if (!out)
        give_up("cannot write a file");
    return out;
}

static void write_certificate(const struct certificates *certificates, const char *name,
                              X509 *certificate)
{
    FILE *out = open_file(certificates, name, ".pem");

    PEM_write_X509(out, certificate);
    fclose(out);
}

static void write_key(const struct certificates *certificates, const char *name, EVP_PKEY *key,
                      const char *passphrase)
{
    FILE *out = open_file(certificates, name, ".key");

    PEM_write_PrivateKey(out, key, passphrase ? EVP_aes_256_cbc() : NULL, NULL, 0, NULL,
                         (void *)(size_t)passphrase);
    fclose(out);
}

static EVP_PKEY *read_key(const struct certificates *certificates, const char *name)
{
    char file[64];

    snprintf(file, sizeof(file), "%s.key", name);
    FILE *in = fopen(certificates_path(certificates, file), "r");
    EVP_PKEY *key = in ? PEM_read_PrivateKey(in, NULL, NULL, NULL) : NULL;
    if (!key)
        give_up("cannot read a key");
    fclose(in);
    return key;
}

void certificates_lock(struct certificates *certificates, const char *name, const char *locked)
{
    EVP_PKEY *key = read_key(certificates, name);

    write_key(certificates, locked, key, "open sesame");
    EVP_PKEY_free(key);
}

static void copy_file(const struct certificates *certificates, const char *from, const char *to,
                      const char *ending)
{
    char bytes[8192], file[64];
    FILE *out = open_file(certificates, to, ending);

    snprintf(file, sizeof(file), "%s%s", from, ending);
    FILE *in = fopen(certificates_path(certificates, file), "r");
    if (!in)
        give_up("cannot read a file");
    fwrite(bytes, 1, fread(bytes, 1, sizeof(bytes), in), out);
    fclose(in);
    fclose(out);
}

void certificates_copy(struct certificates *certificates, const char *name, const char *other)
{
    copy_file(certificates, name, other, ".pem");
    copy_file(certificates, name, other, ".key");
}

/* --- certificates ----------------------------------------------------------------------------- */

static void add_extension(X509 *certificate, X509 *issuer, int id, const char *value)
{
    X509V3_CTX context;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, id, value);
    if (!extension)
        give_up(value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

static void set_name(X509_NAME *subject, const char *name)
{
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
}

/* A certificate without a signature; @p issuer NULL: itself. */
static X509 *new_certificate(struct certificates *certificates, const char *name, EVP_PKEY *key,
                             X509 *issuer, long from_s, long until_s)
{
    X509 *certificate = X509_new();

    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++certificates->serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), from_s);
    X509_gmtime_adj(X509_getm_notAfter(certificate), until_s);
    X509_set_pubkey(certificate, key);
    set_name(X509_get_subject_name(certificate), name);
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer ? issuer : certificate));
    return certificate;
}

static void make_authority(struct certificates *certificates, struct authority *authority,
                           const char *name)
{
    authority->key = EVP_EC_gen("P-256");
    authority->certificate =
        new_certificate(certificates, name, authority->key, NULL, -A_DAY_S, 30L * A_DAY_S);
    add_extension(authority->certificate, authority->certificate, NID_basic_constraints,
                  "critical,CA:TRUE");
    add_extension(authority->certificate, authority->certificate, NID_key_usage,
                  "critical,keyCertSign,cRLSign");
    X509_sign(authority->certificate, authority->key, EVP_sha256());
    write_certificate(certificates, name, authority->certificate);
}

static void issue(struct certificates *certificates, const struct authority *authority,
                  const char *name, const char *names, long from_s, long until_s)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate =
        new_certificate(certificates, name, key, authority->certificate, from_s, until_s);

    if (names)
        add_extension(certificate, authority->certificate, NID_subject_alt_name, names);
    X509_sign(certificate, authority->key, EVP_sha256());
    write_certificate(certificates, name, certificate);
    write_key(certificates, name, key, NULL);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

void certificates_issue(struct certificates *certificates, const char *name, const char *names,
                        long from_s, long until_s)
{
    issue(certificates, &certificates->ca, name, names, from_s, until_s);
}

void certificates_issue_strange(struct certificates *certificates, const char *name,
                                const char *names)
{
    issue(certificates, &certificates->stranger, name, names, -60, A_DAY_S);
}

/* --- life ------------------------------------------------------------------------------------- */

struct certificates *certificates_new(void)
{
    struct certificates *certificates = calloc(1, sizeof(*certificates));
    const char *base = getenv("TMPDIR");

    snprintf(certificates->folder, sizeof(certificates->folder), "%.60s/penstock-tls-XXXXXX",
             base && base[0] ? base : "/tmp");
    if (!mkdtemp(certificates->folder))
        give_up("cannot make a folder for temporary files");
    make_authority(certificates, &certificates->ca, "ca");
    make_authority(certificates, &certificates->stranger, "stranger");
    return certificates;
}

static void remove_folder(const struct certificates *certificates)
{
    DIR *folder = opendir(certificates->folder);

    for (struct dirent *entry; folder && (entry = readdir(folder));)
        unlink(certificates_path(certificates, entry->d_name));
    closedir(folder);
    rmdir(certificates->folder);
}

void certificates_free(struct certificates *certificates)
{
    if (!certificates)
        return;
    remove_folder(certificates);
    X509_free(certificates->ca.certificate);
    X509_free(certificates->stranger.certificate);
    EVP_PKEY_free(certificates->ca.key);
    EVP_PKEY_free(certificates->stranger.key);
    free(certificates);
}
