/*
 * login.c: what librdkafka logs in with, while it runs: tokens, and another password.
 *
 * Its question for a token carries a property, sasl.oauthbearer.config, in which we say whose token
 * is meant: the number of a row below. Rows are copies and stay for ever, because a handle that
 * hangs at its end outlives its source; settings that are the same have one row, so a configuration
 * that is read again and again adds none.
 */
#include "kafka/login.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "kafka/token.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 512 };

struct row {
    struct conf_token token;
    struct row *next;
    unsigned number;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct row *rows; /* newest first; a row never changes */

static bool is_text(struct conf_text a, struct conf_text b)
{
    return a.text && b.text ? strcmp(a.text, b.text) == 0 : a.text == b.text;
}

static bool is_same(const struct conf_token *a, const struct conf_token *b)
{
    if (!is_text(a->file, b->file) || !is_text(a->aws_region, b->aws_region) ||
        a->lifetime != b->lifetime || a->command.count != b->command.count)
        return false;
    for (size_t i = 0; i < a->command.count; i++)
        if (!is_text(a->command.items[i], b->command.items[i]))
            return false;
    return true;
}

static struct conf_text text_copy(struct conf_text text)
{
    return (struct conf_text){.text = text.text ? mem_text(text.text) : NULL};
}

static struct conf_token token_copy(const struct conf_token *token)
{
    struct conf_token copy = {.file = text_copy(token->file),
                              .aws_region = text_copy(token->aws_region),
                              .lifetime = token->lifetime};

    copy.command.items = mem_array(token->command.count, sizeof(*copy.command.items));
    for (size_t i = 0; i < token->command.count; i++)
        copy.command.items[copy.command.count++] = text_copy(token->command.items[i]);
    return copy;
}

static unsigned row_of(const struct conf_token *token)
{
    pthread_mutex_lock(&mutex);
    struct row *row = rows;
    while (row && !is_same(&row->token, token))
        row = row->next;
    if (!row) {
        row = mem_new(struct row);
        *row = (struct row){token_copy(token), rows, rows ? rows->number + 1 : 1};
        rows = row;
    }
    unsigned number = row->number;
    pthread_mutex_unlock(&mutex);
    return number;
}

static const struct conf_token *row_at(unsigned number)
{
    pthread_mutex_lock(&mutex);
    const struct row *row = rows;
    while (row && row->number != number)
        row = row->next;
    pthread_mutex_unlock(&mutex);
    return row ? &row->token : NULL;
}

/* Takes as long as a program takes. */
static void login_asked(rd_kafka_t *kafka, const char *config, void *opaque)
{
    const struct conf_token *options = row_at((unsigned)strtoul(config ? config : "", NULL, 10));
    int64_t now_ms = clock_wall_ms();
    char text[TEXT_BYTES] = "";
    struct token token;
    struct err err;

    (void)opaque;
    if (!options)
        return;
    if (!token_fetch(options, now_ms, &token, &err)) {
        rd_kafka_oauthbearer_set_token_failure(kafka, err.text);
        return;
    }
    if (rd_kafka_oauthbearer_set_token(kafka, token.text, token.again_ms, "penstock", NULL, 0, text,
                                       sizeof(text)) != RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_oauthbearer_set_token_failure(kafka, text);
    else if (!options->file.text)
        log_debug("kafka token fetched", LOG_INT("lasts_ms", token.ends_ms - now_ms));
    token_clear(&token);
}

void login_prepare(rd_kafka_conf_t *kafka, const struct conf_source *source)
{
    char number[16];

    if (!source->token.origin.file)
        return;
    snprintf(number, sizeof(number), "%u", row_of(&source->token));
    rd_kafka_conf_set(kafka, "sasl.oauthbearer.config", number, NULL, 0);
    rd_kafka_conf_set_oauthbearer_token_refresh_cb(kafka, login_asked);
    rd_kafka_conf_enable_sasl_queue(kafka, 1);
}

static bool is_same_property(const struct conf_source *one, const struct conf_source *other,
                             const char *name)
{
    return strcmp(conf_property(&one->librdkafka, name), conf_property(&other->librdkafka, name)) ==
           0;
}

void login_renew(rd_kafka_t *kafka, const struct conf_source *before,
                 const struct conf_source *after)
{
    static const char user[] = "sasl.username", password[] = "sasl.password";

    if (!conf_properties_differ_in_login(&before->librdkafka, &after->librdkafka) ||
        !conf_property(&after->librdkafka, user) || !conf_property(&after->librdkafka, password) ||
        (is_same_property(before, after, user) && is_same_property(before, after, password)))
        return;
    rd_kafka_error_destroy(
        rd_kafka_sasl_set_credentials(kafka, conf_property(&after->librdkafka, user),
                                      conf_property(&after->librdkafka, password)));
}

rd_kafka_t *login_new(rd_kafka_type_t type, rd_kafka_conf_t *kafka, char *text, size_t size)
{
    rd_kafka_t *handle = rd_kafka_new(type, kafka, text, size);
    rd_kafka_queue_t *questions = handle ? rd_kafka_queue_get_sasl(handle) : NULL;

    if (!questions)
        return handle;
    rd_kafka_queue_destroy(questions);
    rd_kafka_error_destroy(rd_kafka_sasl_background_callbacks_enable(handle));
    return handle;
}
