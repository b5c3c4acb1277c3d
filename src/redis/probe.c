/*
 * probe.c: does the server of a sink answer, and will it take the routes' commands?
 *
 * A user with few rights is the rule, so a question that the server refuses (INFO, CONFIG) is a
 * warning: that much was not checked. But whoever asks wants to know of the rights, so that the
 * right to ask for them (ACL DRYRUN) must be there; if no server could have it (Redis
 * before 7.0, a proxy), COMMAND INFO at least tells whether the server knows the command. A proxy
 * hangs up at what it does not know: each question that ends a connection is followed by another
 * one.
 */
#include "redis/probe.h"

#include "base/mem.h"
#include "base/text.h"
#include "conf/conf.h"
#include "redis/commands.h"
#include "redis/dialogue.h"
#include "redis/endpoint.h"

#include <hiredis/hiredis.h>
#include <stdarg.h>
#include <stdlib.h>

enum { OLDEST_MAJOR = 6, OLDEST_MINOR = 2, SHOWN_BYTES = 200, FACT_BYTES = 64, USER_BYTES = 256 };

struct probe {
    const struct conf_sink *sink;
    struct dialogue *dialogue;
    const struct probe_listener *listener;
    bool checkpoints; /* exactly-once routes lead here */
    bool no_details;  /* COMMAND INFO is not to be had */
    bool well;
};

static void probe_say(struct probe *probe, enum probe_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void probe_say(struct probe *probe, enum probe_verdict verdict, const char *format, ...)
{
    char text[ERR_TEXT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    probe->well &= verdict != PROBE_ERROR;
    probe->listener->say(probe->listener->context, verdict, text);
}

static struct dialogue *probe_open(const struct probe *probe, int database, struct err *err)
{
    return dialogue_with_sink(probe->sink, database, "penstock-check", err);
}

/* As dialogue_ask(); *hung_up: that was the answer, and there is a new connection by now. */
static redisReply *probe_ask_slices(struct probe *probe, const struct slice *arguments,
                                    size_t count, bool *hung_up, struct err *err)
{
    struct err again;

    *hung_up = false;
    if (!probe->dialogue) {
        err_set(err, ERR_RETRY, "the server closed the connection");
        return NULL;
    }
    redisReply *reply = dialogue_ask(probe->dialogue, arguments, count, err);
    *hung_up = !reply && dialogue_hung_up(probe->dialogue);
    if (*hung_up) {
        dialogue_close(probe->dialogue);
        probe->dialogue = probe_open(probe, probe->sink->database, &again);
    }
    return reply;
}

/* Asks with words that are C strings. */
static redisReply *probe_ask(struct probe *probe, struct err *err, size_t count,
                             const char *const *words)
{
    struct slice arguments[4];
    bool hung_up;

    for (size_t i = 0; i < count; i++)
        arguments[i] = slice_of(words[i]);
    return probe_ask_slices(probe, arguments, count, &hung_up, err);
}

#define ASK(probe, err, ...)                                                                       \
    probe_ask(probe, err, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *),                  \
              (const char *[]){__VA_ARGS__})

static bool reply_is_text(const redisReply *reply)
{
    return reply && (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS);
}

/* --- who it is -------------------------------------------------------------------------------- */

/* The value of "name:value" in INFO's text; empty if it is missing. */
static void info_fact(const char *info, const char *name, char value[FACT_BYTES])
{
    size_t length = strlen(name);

    value[0] = '\0';
    for (const char *line = info; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0 && line[length] == ':') {
            snprintf(value, FACT_BYTES, "%.*s", (int)strcspn(line + length + 1, "\r\n"),
                     line + length + 1);
            return;
        }
    }
}

static void probe_version(struct probe *probe, const char *info)
{
    char version[FACT_BYTES], valkey[FACT_BYTES];
    int major = 0, minor = 0;

    info_fact(info, "redis_version", version);
    info_fact(info, "valkey_version", valkey);
    if (valkey[0])
        probe_say(probe, PROBE_OK, "Valkey %s", valkey);
    else if (sscanf(version, "%d.%d", &major, &minor) != 2)
        probe_say(probe, PROBE_WARN, "the server does not tell its version");
    else if (major < OLDEST_MAJOR || (major == OLDEST_MAJOR && minor < OLDEST_MINOR))
        probe_say(probe, PROBE_ERROR, "Redis %s is too old: %d.%d or newer is needed", version,
                  OLDEST_MAJOR, OLDEST_MINOR);
    else
        probe_say(probe, PROBE_OK, "Redis %s", version);
}

static void probe_mode(struct probe *probe, const char *info)
{
    char mode[FACT_BYTES], role[FACT_BYTES], loading[FACT_BYTES];

    info_fact(info, "redis_mode", mode);
    info_fact(info, "role", role);
    info_fact(info, "loading", loading);
    if (strcmp(mode, "sentinel") == 0)
        probe_say(probe, PROBE_ERROR, "this is a sentinel: it keeps no data");
    else if (strcmp(mode, "cluster") == 0)
        probe_say(probe, PROBE_ERROR,
                  "this is a node of a cluster: the sink knows single servers only");
    if (strcmp(role, "slave") == 0)
        probe_say(probe, PROBE_ERROR, "this is a replica: it refuses writes");
    if (strcmp(loading, "1") == 0)
        probe_say(probe, PROBE_WARN, "the server is loading its data: writes wait until it has");
}

/* A barrier needs them now and then: not an error yet. */
static void probe_replicas(struct probe *probe, const char *info)
{
    const struct conf_durable *durable = &probe->sink->durable;
    char connected[FACT_BYTES];

    if (durable->kind == DURABLE_NONE)
        return;
    info_fact(info, "connected_slaves", connected);
    if (connected[0] && atoll(connected) < durable->replicas)
        probe_say(
            probe, PROBE_WARN,
            "durable waits for %lld replicas, and %s are connected: nothing would be committed",
            (long long)durable->replicas, connected);
}

static void probe_policy(struct probe *probe, const char *info)
{
    char policy[FACT_BYTES];

    info_fact(info, "maxmemory_policy", policy);
    if (probe->checkpoints && strncmp(policy, "allkeys-", 8) == 0)
        probe_say(
            probe, PROBE_ERROR,
            "maxmemory-policy is %s: the checkpoints of exactly-once delivery could be thrown "
            "away; noeviction or volatile-* is needed",
            policy);
}

static void probe_identity(struct probe *probe)
{
    struct err err = {0};
    redisReply *reply = ASK(probe, &err, "INFO");

    if (reply_is_text(reply)) {
        probe_version(probe, reply->str);
        probe_mode(probe, reply->str);
        probe_replicas(probe, reply->str);
        probe_policy(probe, reply->str);
    } else {
        probe_say(probe, PROBE_WARN, "version and role not checked: INFO: %s",
                  reply && reply->str ? reply->str : err.text);
    }
    if (reply)
        freeReplyObject(reply);
}

static void probe_ping(struct probe *probe)
{
    struct err err = {0};
    redisReply *reply = ASK(probe, &err, "PING");
    const char *unknown = probe->dialogue ? dialogue_unknown(probe->dialogue) : "";

    if (reply_is_text(reply))
        probe_say(probe, PROBE_OK, "answers PING");
    else if (!reply)
        probe_say(probe, PROBE_ERROR, "PING: %s", err.text);
    else if (reply->type == REDIS_REPLY_ERROR)
        probe_say(probe, PROBE_WARN, "PING: %s", reply->str);
    if (*unknown)
        probe_say(probe, PROBE_WARN,
                  "the server, or a proxy before it, does not know %s: penstock does without",
                  unknown);
    if (reply)
        freeReplyObject(reply);
}

/* --- what it would take ----------------------------------------------------------------------- */

/* Argument @p index as it may be shown; a name that everybody knows is no secret. */
static struct slice shown_argument(const struct probe_command *command, size_t index)
{
    bool known = index == 0 && command_find(command->arguments[0]);

    return command->secret && !known ? SLICE("***") : command->arguments[index];
}

/* The command as redis-cli takes it, cut if it is long. */
static void show_command(const struct probe_command *command, char shown[SHOWN_BYTES])
{
    FILE *out = fmemopen(shown, SHOWN_BYTES, "w");

    shown[0] = '\0';
    if (!out)
        return;
    for (size_t i = 0; i < command->count; i++) {
        if (i)
            fputc(' ', out);
        text_quote(out, shown_argument(command, i));
    }
    fclose(out);
    shown[SHOWN_BYTES - 1] = '\0';
}

/* What came of ACL DRYRUN. */
enum dry_run {
    DRY_RUN,         /* the finding is told */
    DRY_RUN_REFUSED, /* the user may not ask */
    DRY_RUN_UNKNOWN  /* the server does not know it, or a proxy before it */
};

static enum dry_run dry_run_of(const redisReply *reply, bool hung_up)
{
    if (hung_up)
        return DRY_RUN_UNKNOWN;
    if (!reply || reply->type != REDIS_REPLY_ERROR)
        return DRY_RUN;
    if (strncmp(reply->str, "NOPERM", 6) == 0)
        return DRY_RUN_REFUSED;
    return strstr(reply->str, "ubcommand") || strstr(reply->str, "nknown command") ||
                   strstr(reply->str, "upported")
               ? DRY_RUN_UNKNOWN
               : DRY_RUN;
}

/* Whether the server would run it. */
static enum dry_run probe_dry_run(struct probe *probe, const char *user,
                                  const struct probe_command *command)
{
    size_t count = command->count + 3;
    struct slice *arguments = mem_array(count, sizeof(*arguments));
    char shown[SHOWN_BYTES];
    struct err err = {0};
    bool hung_up;

    arguments[0] = SLICE("ACL");
    arguments[1] = SLICE("DRYRUN");
    arguments[2] = slice_of(user);
    memcpy(arguments + 3, command->arguments, command->count * sizeof(*arguments));
    redisReply *reply = probe_ask_slices(probe, arguments, count, &hung_up, &err);
    free(arguments);
    show_command(command, shown);
    enum dry_run result = dry_run_of(reply, hung_up);
    if (!reply && !hung_up)
        probe_say(probe, PROBE_ERROR, "%s: %s", shown, err.text);
    else if (reply_is_text(reply) && strcmp(reply->str, "OK") == 0)
        probe_say(probe, PROBE_OK, "may run: %s", shown);
    else if (result == DRY_RUN && reply->str)
        probe_say(probe, PROBE_ERROR, "%s: %s", shown,
                  command->secret ? "refused" : reply->str); /* the reply names keys */
    if (reply)
        freeReplyObject(reply);
    return result;
}

static void probe_known(struct probe *probe, const struct probe_command *command)
{
    struct slice arguments[] = {SLICE("COMMAND"), SLICE("INFO"), command->arguments[0]};
    struct slice name = shown_argument(command, 0);
    struct err err = {0};
    redisReply *reply = probe_ask_slices(probe, arguments, 3, &probe->no_details, &err);

    if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 1 &&
        reply->element[0]->type == REDIS_REPLY_NIL)
        probe_say(probe, PROBE_ERROR, "%.*s: the server does not know this command",
                  SLICE_ARGS(name));
    if (reply)
        freeReplyObject(reply);
}

/* The name that the server knows this connection by. */
static void probe_user(struct probe *probe, char user[USER_BYTES])
{
    struct err err = {0};
    redisReply *reply = ASK(probe, &err, "ACL", "WHOAMI");
    const char *configured = probe->sink->username.text;

    if (reply_is_text(reply))
        snprintf(user, USER_BYTES, "%s", reply->str);
    else
        snprintf(user, USER_BYTES, "%s", configured && *configured ? configured : "default");
    if (reply)
        freeReplyObject(reply);
}

/* What keeps the rights from being checked. */
static void probe_unchecked(struct probe *probe, const char *user, enum dry_run result)
{
    if (result == DRY_RUN_REFUSED)
        probe_say(probe, PROBE_ERROR,
                  "rights of user '%s' not checked: it may not ask for them; ACL SETUSER %s "
                  "+acl|dryrun lets it",
                  user, user);
    else if (result == DRY_RUN_UNKNOWN)
        probe_say(
            probe, PROBE_WARN,
            "rights of user '%s' not checked: the server, or a proxy before it, does not know "
            "ACL DRYRUN (Redis 7.0)",
            user);
}

/* Nobody can be asked whether it may be: a transaction is begun, and given up. */
static void probe_transactions(struct probe *probe)
{
    struct err err = {0};
    redisReply *reply = ASK(probe, &err, "MULTI");

    if (!reply || reply->type == REDIS_REPLY_ERROR)
        probe_say(probe, PROBE_ERROR, "exactly-once delivery needs transactions: MULTI: %s",
                  reply ? reply->str : err.text);
    else
        freeReplyObject(ASK(probe, &err, "DISCARD"));
    if (reply)
        freeReplyObject(reply);
}

static void probe_commands(struct probe *probe, const struct probe_command *commands, size_t count)
{
    enum dry_run result = DRY_RUN;
    char user[USER_BYTES];

    probe_user(probe, user);
    for (size_t i = 0; i < count; i++) {
        if (result == DRY_RUN)
            result = probe_dry_run(probe, user, &commands[i]);
        if (result != DRY_RUN && !probe->no_details)
            probe_known(probe, &commands[i]);
    }
    probe_unchecked(probe, user, result);
    if (result != DRY_RUN && probe->checkpoints)
        probe_transactions(probe);
}

/* --- the whole -------------------------------------------------------------------------------- */

/* The database was refused: how many are there? */
static void probe_databases(struct probe *probe)
{
    struct err err = {0};

    probe->dialogue = probe_open(probe, 0, &err);
    if (!probe->dialogue)
        return;
    redisReply *reply = ASK(probe, &err, "CONFIG", "GET", "databases");
    if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2)
        probe_say(probe, PROBE_WARN, "the server has %s databases, numbered from 0",
                  reply->element[1]->str);
    if (reply)
        freeReplyObject(reply);
}

static void probe_refused(struct probe *probe, const struct err *err)
{
    struct endpoint endpoint = endpoint_of(probe->sink, 0);
    char name[ENDPOINT_NAME_BYTES];

    endpoint_name(&endpoint, name);
    if (strstr(err->text, "DB index is out of range")) {
        probe_say(probe, PROBE_ERROR, "%s: database %d: %.200s", name, probe->sink->database,
                  err->text);
        probe_databases(probe);
    } else {
        probe_say(probe, PROBE_ERROR, "%s: %.200s", name, err->text);
    }
}

bool redis_probe(const struct conf_sink *sink, const struct probe_command *commands, size_t count,
                 bool checkpoints, const struct probe_listener *listener)
{
    struct probe probe = {
        .sink = sink, .listener = listener, .checkpoints = checkpoints, .well = true};
    struct err err = {0};

    probe.dialogue = probe_open(&probe, sink->database, &err);
    if (!probe.dialogue) {
        probe_refused(&probe, &err);
    } else {
        probe_ping(&probe);
        probe_identity(&probe);
        probe_commands(&probe, commands, count);
    }
    dialogue_close(probe.dialogue);
    return probe.well;
}
