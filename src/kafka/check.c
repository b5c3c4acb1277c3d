/* check.c: every mistake in a source's librdkafka properties, found without any connection. */
#include "kafka/check.h"

#include "base/mem.h"
#include "base/text.h"
#include "kafka/aws_credentials.h"
#include "kafka/library.h"
#include "kafka/properties.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ERR_BYTES = 512, COOPERATIVE_VERSION = 0x020a01ff };

/* --- what this librdkafka knows -------------------------------------------------------- */

struct known {
    char *text; /* names and kinds point into it */
    const char **names;
    const char **kinds; /* "C" of consumers, "P" of producers, "*" */
    size_t count, capacity;
};

static void known_add(struct known *known, const char *name, const char *kind)
{
    size_t capacity = known->capacity;

    known->kinds = mem_grow(known->kinds, known->count, &capacity, sizeof(*known->kinds));
    known->names = mem_grow(known->names, known->count, &known->capacity, sizeof(*known->names));
    known->names[known->count] = name;
    known->kinds[known->count++] = kind;
}

/* librdkafka shows its properties as the rows of a table: "name | C | range | ...". */
static void known_read(struct known *known)
{
    size_t length;
    char *lines, *line, *rest;
    FILE *out;

    *known = (struct known){.text = NULL};
    out = open_memstream(&known->text, &length);
    rd_kafka_conf_properties_show(out);
    fclose(out);
    for (lines = known->text; (line = strtok_r(lines, "\n", &rest)); lines = NULL) {
        char *columns, *name = strtok_r(line, " |", &columns);
        const char *kind = name ? strtok_r(NULL, " |", &columns) : NULL;
        if (kind && (strcmp(kind, "C") == 0 || strcmp(kind, "P") == 0 || strcmp(kind, "*") == 0))
            known_add(known, name, kind);
    }
}

static void known_clear(struct known *known)
{
    free(known->names);
    free(known->kinds);
    free(known->text);
}

/* Whether only producers care for it; a name may have several rows. */
static bool is_of_producers(const struct known *known, const char *name)
{
    bool found = false;

    for (size_t i = 0; i < known->count; i++)
        if (strcmp(known->names[i], name) == 0) {
            if (strcmp(known->kinds[i], "P") != 0)
                return false;
            found = true;
        }
    return found;
}

/* --- one property ---------------------------------------------------------------------- */

struct owned {
    const char *name, *why;
};

static const struct owned owned[] = {
#define OWNED(name, why) {name, why},
#include "kafka/owned.def"
#undef OWNED
};

static const char *owned_why(const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
        if (strcmp(owned[i].name, name) == 0)
            return owned[i].why;
    return length > 3 && strcmp(name + length - 3, "_cb") == 0 ? "only a program can set it" : NULL;
}

/* As the user spells names: with the dots of librdkafka, or with "_" in a group. */
static char *spelled(const struct conf_property *property, const char *name)
{
    char *text = mem_text(name);

    for (char *c = text; property->literal && !strchr(property->literal, '.') && *c; c++)
        if (*c == '.')
            *c = '_';
    return text;
}

static void say_unknown(const struct conf_property *property, const struct known *known,
                        struct conf_problems *problems)
{
    const char *nearest = text_nearest(slice_of(property->name), known->names, known->count);
    char *name = spelled(property, property->name);
    char *hint = NULL;

    if (nearest) {
        char *word = spelled(property, nearest);
        hint = mem_format("did you mean '%s'?", word);
        free(word);
    }
    conf_problem(problems, property->value.origin, hint, "librdkafka %s has no property '%s'",
                 rd_kafka_version_str(), name);
    free(hint);
    free(name);
}

static bool is_cooperative(const struct conf_property *property)
{
    return strcmp(property->name, "partition.assignment.strategy") == 0 &&
           strstr(property->value.text, "cooperative");
}

/* Whether the property may be set at all. */
static bool check_allowed(const struct conf_property *property, struct conf_problems *problems)
{
    const char *why = owned_why(property->name);
    char *name = spelled(property, property->name);

    if (why)
        conf_problem(problems, property->value.origin, NULL, "'%s' is not yours to set: %s", name,
                     why);
    else if (is_cooperative(property) && rd_kafka_version() < COOPERATIVE_VERSION)
        conf_problem(problems, property->value.origin, NULL,
                     "cooperative-sticky needs librdkafka 2.10.1 or newer: %s loses assignments "
                     "when it commits in a rebalance (its issue 4059)",
                     rd_kafka_version_str());
    else {
        free(name);
        return true;
    }
    free(name);
    return false;
}

/* By the mechanism's name: it works with older brokers, and needs no error there. */
static void check_scram(const struct conf_property *property, struct conf_problems *problems)
{
    bool mechanism = strcmp(property->name, "sasl.mechanism") == 0 ||
                     strcmp(property->name, "sasl.mechanisms") == 0;

    if (mechanism && strncmp(property->value.text, "SCRAM", 5) == 0 && !kafka_library_has_scram())
        conf_warning(problems, property->value.origin, "librdkafka 2.6.1 or newer can, PLAIN works",
                     "librdkafka %s cannot log in by SCRAM to Kafka 4.0 or newer, which take the "
                     "password for wrong",
                     rd_kafka_version_str());
}

/* librdkafka would speak of OpenSSL's insides, and not of the file. */
static void check_file(const struct conf_property *property, struct conf_problems *problems)
{
    static const char end[] = ".location";
    size_t length = strlen(property->name);
    bool is_location = strncmp(property->name, "ssl.", 4) == 0 && length > strlen(end) &&
                       strcmp(property->name + length - strlen(end), end) == 0;

    if (!is_location && strcmp(property->name, "sasl.kerberos.keytab") != 0)
        return;
    if (!*property->value.text || strcmp(property->value.text, "probe") == 0 ||
        access(property->value.text, R_OK) == 0)
        return;
    char *name = spelled(property, property->name);
    conf_problem(problems, property->value.origin, NULL, "'%s': %s: %s", name,
                 property->value.secret ? "***" : property->value.text, strerror(errno));
    free(name);
}

static void check_property(rd_kafka_conf_t *kafka, const struct conf_property *property,
                           const struct known *known, bool produces, struct conf_problems *problems)
{
    struct err err;

    if (!check_allowed(property, problems))
        return;
    switch (properties_set(kafka, property, &err)) {
    case RD_KAFKA_CONF_UNKNOWN:
        say_unknown(property, known, problems);
        break;
    case RD_KAFKA_CONF_INVALID:
        conf_problem(problems, property->value.origin, NULL, "%s", err.text);
        break;
    case RD_KAFKA_CONF_OK:
        if (!produces && is_of_producers(known, property->name))
            conf_warning(problems, property->value.origin, NULL,
                         "'%s' is for producers: it does nothing here", property->name);
        check_scram(property, problems);
        check_file(property, problems);
        break;
    }
}

/* --- the whole ------------------------------------------------------------------------- */

/*
 * A client that is made only to be checked must not act for a file that nobody trusts yet. As soon
 * as it is made librdkafka would run the command that renews a Kerberos ticket, in a shell and with
 * other properties inside; ask the server of a token; load OpenSSL's providers. What loads code
 * otherwise is refused (owned.def).
 */
static void disarm(rd_kafka_conf_t *kafka)
{
    static const char *const harmless[][2] = {
        {"sasl.kerberos.kinit.cmd", "true"},
        {"sasl.oauthbearer.method", "default"}, /* it cannot be unset */
        {"ssl.providers", NULL}, /* one that is named is unloaded with the client, for all */
    };

    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
        rd_kafka_conf_set(kafka, harmless[i][0], harmless[i][1], NULL, 0);
}

static void get_text(rd_kafka_conf_t *kafka, const char *name, char text[ERR_BYTES])
{
    size_t size = ERR_BYTES;

    text[0] = '\0';
    rd_kafka_conf_get(kafka, name, text, &size);
}

static bool logs_in_by(rd_kafka_conf_t *kafka, const char *wanted)
{
    char protocol[ERR_BYTES], mechanism[ERR_BYTES];

    get_text(kafka, "security.protocol", protocol);
    get_text(kafka, "sasl.mechanisms", mechanism);
    return strncmp(protocol, "sasl", 4) == 0 && strcmp(mechanism, wanted) == 0;
}

/* The command is not run here, so we look for missing parts ourselves. */
static void check_kinit(rd_kafka_conf_t *kafka, const struct conf_source *source,
                        struct conf_problems *problems)
{
    char command[ERR_BYTES], value[ERR_BYTES];

    get_text(kafka, "sasl.kerberos.kinit.cmd", command);
    if (!logs_in_by(kafka, "GSSAPI"))
        return;
    for (char *name = command; (name = strstr(name, "%{"));) {
        name += 2;
        char *end = strchr(name, '}');
        if (!end)
            return;
        *end = '\0';
        get_text(kafka, name, value);
        if (!value[0] && strcmp(name, "broker.name") != 0)
            conf_problem(problems, source->librdkafka.origin, NULL,
                         "sasl.kerberos.kinit.cmd uses %%{%s}, which is not set", name);
        name = end + 1;
    }
}

/* --- tokens ---------------------------------------------------------------------------- */

/* OIDC needs libcurl: Debian 12's librdkafka has none. */
static bool has_oidc(void)
{
    rd_kafka_conf_t *kafka = rd_kafka_conf_new();
    bool has =
        rd_kafka_conf_set(kafka, "sasl.oauthbearer.method", "oidc", NULL, 0) == RD_KAFKA_CONF_OK;

    rd_kafka_conf_destroy(kafka);
    return has;
}

/* Whether librdkafka fetches tokens by itself. */
static bool fetches_tokens(rd_kafka_conf_t *kafka)
{
    char method[ERR_BYTES], unsecure[ERR_BYTES];

    get_text(kafka, "sasl.oauthbearer.method", method);
    get_text(kafka, "enable.sasl.oauthbearer.unsecure.jwt", unsecure);
    return strcmp(method, "default") != 0 || strcmp(unsecure, "true") == 0;
}

static void check_token_file(const struct conf_text *file, struct conf_problems *problems)
{
    if (access(file->text, R_OK) != 0)
        conf_problem(problems, file->origin, NULL, "'file' of 'token': %s: %s",
                     file->secret ? "***" : file->text, strerror(errno));
}

/* Nothing is run here. A name without a slash is looked for when it is. */
static void check_token_command(const struct conf_text *program, struct conf_problems *problems)
{
    if (strchr(program->text, '/') && access(program->text, X_OK) != 0)
        conf_problem(problems, program->origin, NULL, "'command' of 'token': %s: %s",
                     program->secret ? "***" : program->text, strerror(errno));
}

static void check_token_aws(const struct conf_text *region, struct conf_problems *problems)
{
    struct aws_credentials found;
    struct err err;

    if (region->text[strspn(region->text, "abcdefghijklmnopqrstuvwxyz0123456789-")])
        conf_problem(problems, region->origin, "such as \"eu-central-1\"",
                     "'aws_region' of 'token' is no region: '%s'", region->text);
    else if (aws_credentials_find(&found, &err))
        aws_credentials_clear(&found);
    else
        conf_problem(problems, region->origin, NULL, "'aws_region' of 'token' needs keys: %s",
                     err.text);
}

static void check_token_group(rd_kafka_conf_t *kafka, const struct conf_token *token,
                              struct conf_problems *problems)
{
    if (!token->file.text + !token->command.count + !token->aws_region.text != 2)
        conf_problem(problems, token->origin, NULL,
                     "'token' takes one of 'file', 'command' and 'aws_region'");
    else if (token->file.text)
        check_token_file(&token->file, problems);
    else if (token->command.count)
        check_token_command(&token->command.items[0], problems);
    else
        check_token_aws(&token->aws_region, problems);
    if (!logs_in_by(kafka, "OAUTHBEARER"))
        conf_problem(problems, token->origin,
                     "librdkafka = { security_protocol = \"sasl_ssl\"; sasl_mechanism = "
                     "\"OAUTHBEARER\"; }",
                     "'token' is set, but the source does not log in by OAUTHBEARER");
    else if (fetches_tokens(kafka))
        conf_problem(problems, token->origin,
                     "remove 'token', or sasl_oauthbearer_method and "
                     "enable_sasl_oauthbearer_unsecure_jwt",
                     "both 'token' and librdkafka would fetch a token");
}

/* Without a source of tokens the login waits for ever, in silence. */
static void check_token(rd_kafka_conf_t *kafka, const struct conf_source *source,
                        struct conf_problems *problems)
{
    if (source->token.origin.file)
        check_token_group(kafka, &source->token, problems);
    else if (logs_in_by(kafka, "OAUTHBEARER") && !fetches_tokens(kafka))
        conf_problem(problems, source->librdkafka.origin,
                     has_oidc()
                         ? "token = { file = \"...\"; } or { command = [ ... ]; } beside it, "
                           "or sasl_oauthbearer_method = \"oidc\" with "
                           "sasl_oauthbearer_client_id, _client_secret and "
                           "_token_endpoint_url"
                         : "token = { file = \"...\"; } or { command = [ ... ]; } beside it",
                     "sasl_mechanism OAUTHBEARER needs a token, and nothing says where to get one");
}

/* --- the client ------------------------------------------------------------------------ */

/* Some mistakes are found only when a consumer is made. Without brokers it connects to nobody. */
static void check_together(rd_kafka_conf_t *kafka, const struct conf_source *source,
                           struct conf_problems *problems)
{
    char text[ERR_BYTES] = "";
    rd_kafka_t *consumer = rd_kafka_new(RD_KAFKA_CONSUMER, kafka, text, sizeof(text));

    if (consumer) {
        rd_kafka_destroy_flags(consumer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
        return;
    }
    rd_kafka_conf_destroy(kafka);
    text[strcspn(text, "\n")] = '\0';
    conf_problem(problems, source->librdkafka.origin, NULL, "librdkafka: %s", text);
}

/* The same for the producer of dead letters. */
static void check_producer(const struct conf_source *source, struct conf_problems *problems)
{
    struct conf_source alone = *source;
    char text[ERR_BYTES] = "";
    struct err err = {0};
    size_t limit;

    alone.brokers.text = NULL;
    rd_kafka_conf_t *kafka = properties_make_producer(&alone, 0, &limit, &err);
    if (!kafka)
        return; /* reported already, property by property */
    disarm(kafka);
    rd_kafka_t *producer = rd_kafka_new(RD_KAFKA_PRODUCER, kafka, text, sizeof(text));
    if (producer) {
        rd_kafka_destroy(producer);
        return;
    }
    rd_kafka_conf_destroy(kafka);
    text[strcspn(text, "\n")] = '\0';
    conf_problem(problems, source->librdkafka.origin, NULL,
                 "librdkafka, as the producer of dead letters: %s", text);
}

bool source_check(const struct conf_source *source, bool produces, struct conf_problems *problems)
{
    rd_kafka_conf_t *kafka = rd_kafka_conf_new();
    size_t before = conf_problems_count(problems);
    struct known known;

    known_read(&known);
    properties_preset(kafka, source);
    for (size_t i = 0; i < source->librdkafka.count; i++)
        check_property(kafka, &source->librdkafka.items[i], &known, produces, problems);
    properties_force(kafka);
    rd_kafka_conf_set(kafka, "group.id", "check", NULL, 0);
    check_kinit(kafka, source, problems);
    check_token(kafka, source, problems);
    disarm(kafka);
    if (source->librdkafka.refused || conf_problems_count(problems) > before)
        rd_kafka_conf_destroy(kafka); /* what lacks a property brings mistakes that are none */
    else
        check_together(kafka, source, problems);
    if (produces && !source->librdkafka.refused && conf_problems_count(problems) == before)
        check_producer(source, problems);
    known_clear(&known);
    return conf_problems_count(problems) == before;
}
