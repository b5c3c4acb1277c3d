/*
 * conf.h: a configuration file as a checked struct.
 *
 * Every field below named like an option is filled by its row in options.def. Durations are
 * milliseconds, sizes bytes.
 */
#pragma once
#include "base/log.h"
#include "conf/problems.h"
#include "conf/url.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A string of the file after "${...}" was expanded. text is NULL if it was not set and has no
 * default. */
struct conf_text {
    const char *text;
    struct conf_origin origin;
    bool secret; /* came from a file or a credential, or belongs to a secret option: never shown */
    bool inherited; /* comes from "defaults", not from the group itself */
    bool literal;   /* stands in the file as it is: nothing of it came from elsewhere */
    bool refused;   /* the file's value was reported as wrong: the default stands here, from which
                       nothing more is to be concluded */
};

struct conf_texts {
    struct conf_text *items;
    size_t count;
};

/** Texts as C has them; each lives as long as the conf. */
struct conf_names {
    const char **items;
    size_t count;
};

/* The enums of the options whose values are words: enum conf_delivery and others. */
#define CHOICE(kind, type, ...) type{__VA_ARGS__};
#define WORD(constant, word)    constant,
#include "conf/choices.def"
#undef WORD

enum conf_durable_kind { DURABLE_NONE, DURABLE_WAIT, DURABLE_WAITAOF };

enum conf_start_kind { START_EARLIEST, START_LATEST, START_ERROR, START_TIME };

/** Where a partition without a committed offset begins. */
struct conf_start {
    enum conf_start_kind kind;
    int64_t time_ms; /* START_TIME: since 1970 */
};

/** A librdkafka property with its dots, e.g. "fetch.wait.max.ms". */
struct conf_property {
    char *name;
    char *literal; /* as the file spells it: "fetch_wait_max_ms" */
    struct conf_text value;
};

struct conf_properties {
    struct conf_property *items;
    size_t count;
    bool refused;              /* some were reported as wrong and are not among the items */
    struct conf_origin origin; /* of the group; of the source if it has none */
};

/** Where the token of a login by OAUTHBEARER comes from; none: origin.file is NULL. */
struct conf_token {
    struct conf_origin origin;
    struct conf_text file;
    struct conf_texts command; /* a program and its arguments */
    struct conf_text aws_region;
    int64_t lifetime;
};

struct conf_source {
    char *name;
    struct conf_origin origin;
    struct conf_text brokers, group, instance_id;
    int64_t workers;
    struct conf_start start;
    enum conf_out_of_range on_out_of_range;
    enum conf_mismatch on_checkpoint_mismatch;
    int64_t commit_interval, drain_timeout, unconfirmed_records;
    struct conf_properties librdkafka;
    struct conf_token token;
};

struct conf_tls {
    bool on; /* the url says rediss:// */
    struct conf_text ca, cert, key, server_name;
    enum conf_tls_version min_version;
};

/** How durable a write must be before its offset is committed; timeout in milliseconds. */
struct conf_durable {
    enum conf_durable_kind kind;
    int64_t local;    /* DURABLE_WAITAOF: 1: also the server's own disk */
    int64_t replicas; /* that must have the write */
    int64_t timeout;
};

struct conf_address {
    char *host;
    int port;
};

struct conf_sink {
    char *name;
    struct conf_origin origin;
    /* The file's own values of settings whose effective ones, below, depend on others. */
    struct {
        struct conf_text username, password; /* effective: these, else the url's */
        int64_t window_bytes, unit_bytes;    /* effective: these, less if "memory" is small */
    } said;
    struct conf_text url, username, password;
    bool password_decoded; /* it is the url's, and had "%40" for "@" there */
    /* from url */
    char *host; /* NULL: a unix socket */
    int port;
    struct conf_address others[URL_HOSTS - 1]; /* what the url names besides */
    size_t other_count;
    char *socket_path; /* NULL: TCP */
    int database;
    struct conf_tls tls;
    int64_t connections, window_commands, window_bytes, connect_timeout, response_timeout;
    struct conf_durable durable;
    struct conf_text checkpoint_prefix;
    int64_t unit_records, unit_bytes;
};

struct conf_command {
    struct conf_text when; /* text NULL: always */
    struct conf_text cmd;
};

struct conf_commands {
    struct conf_command *items;
    size_t count;
    bool refused; /* one was reported as wrong and is not among the items */
};

/** How many records may fail: any number if per is 0. */
struct conf_tolerance {
    int64_t records, per;
};

/** How long Redis may say "later": for ever if timeout is 0. */
struct conf_retry {
    int64_t timeout;
};

struct conf_route {
    char *name;
    struct conf_origin origin;
    struct conf_source *from;
    struct conf_sink *to;
    struct conf_texts topics;
    struct conf_text format;     /* a codec's name */
    struct conf_text key_format; /* text NULL: by what the route reads */
    struct conf_text when;
    struct conf_commands do_; /* the option is called "do" */
    bool all;
    struct conf_text ttl; /* a duration, or a template that gives one */
    struct conf_commands del;
    enum conf_on_error on_error;
    enum conf_delivery delivery;
    struct conf_tolerance tolerance;
    struct conf_retry retry;
};

/** Where dead letters go: a topic or a stream; neither source nor sink: nowhere. */
struct conf_dlq {
    struct conf_origin origin;
    struct conf_source *source;
    struct conf_text topic;
    struct conf_sink *sink;
    struct conf_text stream;
    int64_t maxlen; /* 0: all are kept */
};

struct document;
struct pool;

struct conf_admin {
    struct conf_text listen; /* "host:port"; empty: no admin port */
    struct conf_text socket; /* its path; empty: none */
    struct conf_names hosts;
    struct conf_text token; /* empty: none */
    enum conf_open open;
    enum conf_startup startup;
    int64_t startup_lag; /* offsets */
    int64_t startup_age; /* milliseconds; 0: it does not count */
    bool startup_notify;
};

struct conf_log {
    enum log_level level;
    enum log_format format;
};

/** Belongs to the one that loaded it; everybody else borrows it, and what it points to, for the
 * life of a worker at most (docs/decisions/changing-a-configuration.md). */
struct conf {
    char *file;
    int64_t version; /* of the language: 1 */
    struct conf_source *sources;
    size_t source_count;
    struct conf_sink *sinks;
    size_t sink_count;
    struct conf_route *routes;
    size_t route_count;
    struct conf_dlq dlq;
    int64_t memory;     /* one bound for the process */
    int64_t max_record; /* larger is a record error */
    bool watch;         /* its files, while penstock runs */
    struct conf_admin admin;
    struct conf_log log;
    struct document *document; /* the text that it was read from */
    struct pool *pool;         /* what conf_free() frees */
};

/** Wipes its secrets and frees it. Takes NULL. */
void conf_free(struct conf *conf);

/** The topics that the routes read from @p source, each once, as the file names them; free() frees
 * the array. */
const char **conf_topics(const struct conf *conf, const struct conf_source *source, size_t *count);

/** The source called @p name; NULL if there is none. */
const struct conf_source *conf_source_of(const struct conf *conf, const char *name);

/** The value of the librdkafka property @p name, with its dots; NULL: the file does not set it. */
const char *conf_property(const struct conf_properties *properties, const char *name);

/** Whether they differ in nothing but the user and password of a login by SASL. */
bool conf_properties_differ_in_login(const struct conf_properties *before,
                                     const struct conf_properties *after);

/** Whether a route reads from @p source; one that only names the brokers of the dlq has none. */
bool conf_is_read(const struct conf *conf, const struct conf_source *source);

/** Whether a route writes to @p sink. */
bool conf_is_written(const struct conf *conf, const struct conf_sink *sink);
