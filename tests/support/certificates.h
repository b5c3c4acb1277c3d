/*
 * certificates.h: real certificates for one test, good and bad ones.
 *
 *      struct certificates *made = certificates_new();
 *      certificates_issue(made, "server", "DNS:localhost,IP:127.0.0.1", 0, 3600);
 *      certificates_path(made, "server.pem");
 *
 * Each goes with its key into a fresh folder: NAME.pem and NAME.key. The folder goes with
 * certificates_free().
 */
#pragma once

struct certificates;

/** Makes an authority, "ca", whose certificate is ca.pem, and another one, "stranger". */
struct certificates *certificates_new(void);

/** Takes NULL. */
void certificates_free(struct certificates *certificates);

/** A certificate of the authority "ca" for @p names (NULL: none), from @p from_s to @p until_s
 * seconds from now. */
void certificates_issue(struct certificates *certificates, const char *name, const char *names,
                        long from_s, long until_s);

/** The same, signed by the authority "stranger". */
void certificates_issue_strange(struct certificates *certificates, const char *name,
                                const char *names);

/** Writes the key of @p name once more, with a passphrase, as LOCKED.key. */
void certificates_lock(struct certificates *certificates, const char *name, const char *locked);

/** Puts the certificate and key of @p name in the place of those of @p other. */
void certificates_copy(struct certificates *certificates, const char *name, const char *other);

const char *certificates_folder(const struct certificates *certificates);

/** The path of a file in the folder; one of eight buffers, used in turn. */
const char *certificates_path(const struct certificates *certificates, const char *file);
