/*
 * token.c: a token for a login by OAUTHBEARER, from a file, a program, or AWS' keys.
 *
 * A JWT (RFC 7519) says when it ends; of any other token the option "lifetime" says how long it
 * lasts. That of AWS is a signed URL, which we make ourselves.
 */
#include "kafka/token.h"

#include "base/arena.h"
#include "base/base64.h"
#include "base/mem.h"
#include "base/sigv4.h"
#include "codec/json.h"
#include "conf/read_file.h"
#include "kafka/aws_credentials.h"
#include "kafka/program.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { AWS_SECONDS = 900 /* the longest that MSK takes */ };

/* --- what a token says ------------------------------------------------------------------------ */

/* The middle part of "head.claims.signature", as base64 has it; free() frees it. NULL: none. */
static char *claims_of(struct slice text)
{
    const char *first = memchr(text.data, '.', text.length);
    const char *end = text.data + text.length;
    const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;

    if (!second)
        return NULL;
    size_t length = (size_t)(second - first - 1);
    char *claims = mem_format("%.*s%s", (int)length, first + 1, &"==="[(length + 3) % 4]);
    for (char *c = claims; *c; c++)
        *c = (char)(*c == '-' ? '+' : *c == '_' ? '/' : *c);
    return claims;
}

/* Seconds since 1970, perhaps with a fraction. */
static int64_t claim_ms(const struct value *claims, const char *name, struct arena *arena)
{
    const struct value *claim = claims ? value_member(claims, slice_of(name)) : NULL;
    char digits[32];
    struct err err;

    if (!claim || claim->type != VALUE_NUMBER)
        return -1;
    struct slice text = value_text(claim, arena, &err);
    if (text.length >= sizeof(digits))
        return -1;
    snprintf(digits, sizeof(digits), "%.*s", SLICE_ARGS(text));
    double seconds = strtod(digits, NULL);
    return seconds >= 0 && seconds < 1e12 ? (int64_t)(seconds * 1000) : -1;
}

int64_t token_end_ms(struct slice text)
{
    char *claims = claims_of(text), *json = claims ? mem_array(strlen(claims) + 1, 1) : NULL;
    struct arena arena = {0};
    struct err err;
    int64_t end_ms = -1;
    size_t length;

    if (claims && base64_read(slice_of(claims), json, &length))
        end_ms = claim_ms(json_decode((struct slice){json, length}, &arena, &err), "exp", &arena);
    arena_free(&arena);
    free(claims);
    free(json);
    return end_ms;
}

/* --- where it comes from ---------------------------------------------------------------------- */

/* The same without padding, for URLs (RFC 4648 5). */
static char *base64_url(const char *text)
{
    char *made = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&made, &length);

    base64_write(out, slice_of(text));
    fclose(out);
    for (char *c = made; *c; c++)
        *c = (char)(*c == '+' ? '-' : *c == '/' ? '_' : *c);
    made[strcspn(made, "=")] = '\0';
    return made;
}

static void text_wipe(char *text)
{
    explicit_bzero(text, strlen(text));
    free(text);
}

/* As aws-msk-iam-auth makes it. */
static char *aws_token(const char *region, int64_t now_ms, struct err *err)
{
    struct aws_credentials found;

    if (!aws_credentials_find(&found, err))
        return NULL;
    char *host = mem_format("kafka.%s.amazonaws.com", region);
    char *url = sigv4_presign(&(struct sigv4_url){host, region, "kafka-cluster",
                                                  "Action=kafka-cluster%3AConnect", now_ms / 1000,
                                                  AWS_SECONDS},
                              &(struct sigv4_credentials){found.id, found.secret, found.session});
    char *whole = mem_format("%s&User-Agent=penstock%%2F%s", url, PENSTOCK_VERSION);
    char *token = base64_url(whole);
    text_wipe(url);
    text_wipe(whole);
    free(host);
    aws_credentials_clear(&found);
    return token;
}

static char *file_token(const char *path, struct err *err)
{
    bool missing;
    size_t length;
    char *text = read_file(path, TOKEN_BYTES, &length, &missing, err);

    if (!text)
        err_wrap(err, "%s", path);
    return text;
}

static char *token_text(const struct conf_token *options, int64_t now_ms, struct err *err)
{
    if (options->file.text)
        return file_token(options->file.text, err);
    if (options->command.count)
        return program_output(&options->command, TOKEN_BYTES, err);
    return aws_token(options->aws_region.text, now_ms, err);
}

/* What names the place in an error. */
static const char *token_place(const struct conf_token *options)
{
    if (options->file.text)
        return options->file.text;
    return options->command.count ? options->command.items[0].text : "aws_region";
}

/* --- whether it is one ------------------------------------------------------------------------ */

/* RFC 6750 2.1: what may stand behind "Bearer". White space at the end is cut. */
static bool token_is_sound(char *text)
{
    size_t length = strlen(text);

    while (length && isspace((unsigned char)text[length - 1]))
        text[--length] = '\0';
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("-._~+/=", text[i]))
            return false;
    return length > 0;
}

static void say_ended(int64_t end_ms, const char *place, struct err *err)
{
    time_t end = (time_t)(end_ms / 1000);
    struct tm parts;
    char text[32] = "";

    gmtime_r(&end, &parts);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
    err_set(err, ERR_CONFIG, "%s: the token expired at %s", place, text);
}

bool token_fetch(const struct conf_token *options, int64_t now_ms, struct token *token,
                 struct err *err)
{
    const char *place = token_place(options);
    char *text = token_text(options, now_ms, err);

    if (!text)
        return false;
    if (!token_is_sound(text)) {
        err_set(err, ERR_CONFIG, "%s: %s", place,
                *text ? "it has characters that no token has" : "there is no token, it is empty");
        goto fail;
    }
    int64_t end_ms =
        options->aws_region.text ? now_ms + AWS_SECONDS * 1000 : token_end_ms(slice_of(text));
    if (end_ms < 0)
        end_ms = now_ms + options->lifetime;
    if (end_ms <= now_ms) {
        say_ended(end_ms, place, err);
        goto fail;
    }
    *token = (struct token){text, end_ms, end_ms};
    if (options->file.text && token->again_ms > now_ms + TOKEN_FILE_MS)
        token->again_ms = now_ms + TOKEN_FILE_MS;
    return true;
fail:
    text_wipe(text);
    return false;
}

void token_clear(struct token *token)
{
    text_wipe(token->text);
    token->text = NULL;
}
