/* aws_credentials.h: AWS' keys, as its own tools find them: in the environment, or in a file. */
#pragma once
#include "base/err.h"
#include "base/sigv4.h"

/** Texts of its own, or NULL. */
struct aws_credentials {
    char *id, *secret, *session;
};

/**
 * AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; else the profile AWS_PROFILE,
 * "default", of AWS_SHARED_CREDENTIALS_FILE, ~/.aws/credentials.
 * Errors:  ERR_CONFIG; nothing is left to be cleared.
 */
bool aws_credentials_find(struct aws_credentials *credentials, struct err *err);

/** Wipes and frees them. */
void aws_credentials_clear(struct aws_credentials *credentials);
