/*
 * login.h: what librdkafka logs in with, while it runs: tokens, and another password.
 *
 * It asks for a token when it begins, when four fifths of a token's life are over, and ten seconds
 * after there was none. A thread of its own for each handle answers, so that a program that makes
 * the token may take its time, and so that nobody has to wait for events.
 */
#pragma once
#include "conf/conf.h"

#include <librdkafka/rdkafka.h>

/** For a source with a token: what must be set before the handle is made. */
void login_prepare(rd_kafka_conf_t *kafka, const struct conf_source *source);

/** The handle was made for @p before; from its next login on it takes the name and password for
 * SASL that @p after has. */
void login_renew(rd_kafka_t *kafka, const struct conf_source *before,
                 const struct conf_source *after);

/** rd_kafka_new(), and tokens for the handle if login_prepare() was for it. */
rd_kafka_t *login_new(rd_kafka_type_t type, rd_kafka_conf_t *kafka, char *text, size_t size);
