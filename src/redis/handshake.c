/*
 * handshake.c: what a connection says and hears before its first command.
 *
 * Why the former connection is killed: its unanswered commands are sent again on the new one. But
 * what a slow server has not read of the old socket yet, it would still read and execute, perhaps
 *      1. old: SET k 1 (unread)      2. new: SET k 1, SET k 2      3. old: SET k 1 is executed now
 * and k would stay 1. CLIENT KILL drops the old socket with all that was not executed. The id alone
 * may belong to somebody else after a restart of the server; with the address it does not.
 */
#include "redis/handshake.h"

#include "base/mem.h"
#include "redis/reader.h"
#include "redis/reply.h"

#include <ctype.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PATIENCE = 5 /* handshakes that end by a hang-up, until a known word is doubted, too */
};

/* The longest answer is INFO's: a few thousand bytes, and a line for each replica. */
static const struct reader_limits limits = {.elements = 4096, .bytes = 1 << 20};

/* What is said at each step, and which optional word it is of; 0: it is needed. */
static const struct {
    const char *name;
    unsigned word;
} steps[] = {
    [STEP_HELLO] = {"HELLO", WORD_HELLO},
    [STEP_AUTH] = {"AUTH", 0},
    [STEP_SETNAME] = {"CLIENT SETNAME", WORD_CLIENT},
    [STEP_CLIENT] = {"CLIENT INFO", WORD_CLIENT},
    [STEP_SERVER] = {"INFO", WORD_INFO},
    [STEP_REPLICATION] = {"INFO", WORD_INFO},
    [STEP_SELECT] = {"SELECT", 0},
    [STEP_KILL] = {"CLIENT KILL", WORD_CLIENT},
    [STEP_ANYBODY] = {"PING", 0},
};

static void handshake_put(struct handshake *handshake, enum handshake_step step, int count,
                          const char **arguments)
{
    char *command;
    long long length = redisFormatCommandArgv(&command, count, arguments, NULL);

    handshake->output = mem_resize(handshake->output, handshake->output_length + (size_t)length);
    memcpy(handshake->output + handshake->output_length, command, (size_t)length);
    handshake->output_length += (size_t)length;
    explicit_bzero(command, (size_t)length);
    redisFreeCommand(command);
    handshake->steps[handshake->step_count++] = step;
}

#define PUT(handshake, step, ...)                                                                  \
    handshake_put(handshake, step, (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)),  \
                  (const char *[]){__VA_ARGS__})

/* Redis refuses names with blanks and control characters. */
static void handshake_clean_name(const char *name, char clean[64])
{
    size_t used = 0;

    for (; *name && used < 63; name++)
        clean[used++] = isgraph((unsigned char)*name) ? *name : '-';
    clean[used] = '\0';
}

/* Whether the other side may know the word. */
static bool handshake_says(const struct handshake *handshake, enum handshake_word word)
{
    return !((handshake->refused | handshake->memory->left_out) & word);
}

static void handshake_put_identity(struct handshake *handshake)
{
    const struct handshake_options *options = handshake->options;
    const char *user = options->username ? options->username : "default";
    bool hello = handshake_says(handshake, WORD_HELLO);
    char name[64];

    handshake_clean_name(options->client_name, name);
    if (hello && options->password)
        PUT(handshake, STEP_HELLO, "HELLO", "2", "AUTH", user, options->password, "SETNAME", name);
    else if (hello)
        PUT(handshake, STEP_HELLO, "HELLO", "2", "SETNAME", name);
    else if (options->password && options->username)
        PUT(handshake, STEP_AUTH, "AUTH", user, options->password);
    else if (options->password)
        PUT(handshake, STEP_AUTH, "AUTH", options->password);
    if (!hello && handshake_says(handshake, WORD_CLIENT))
        PUT(handshake, STEP_SETNAME, "CLIENT", "SETNAME", name);
}

static void handshake_put_kill(struct handshake *handshake)
{
    char id[24];

    snprintf(id, sizeof(id), "%lld", (long long)handshake->former->id);
    if (handshake->former->address[0])
        PUT(handshake, STEP_KILL, "CLIENT", "KILL", "ID", id, "ADDR", handshake->former->address);
    else
        PUT(handshake, STEP_KILL, "CLIENT", "KILL", "ID", id);
}

static void handshake_put_round(struct handshake *handshake)
{
    char database[16];

    handshake_end(handshake);
    handshake->reader = reader_new(limits);
    handshake->step = handshake->step_count = 0;
    handshake_put_identity(handshake);
    if (handshake_says(handshake, WORD_CLIENT))
        PUT(handshake, STEP_CLIENT, "CLIENT", "INFO");
    if (handshake_says(handshake, WORD_INFO)) {
        PUT(handshake, STEP_SERVER, "INFO", "server");
        PUT(handshake, STEP_REPLICATION, "INFO", "replication");
    }
    if (handshake->options->database) {
        snprintf(database, sizeof(database), "%d", handshake->options->database);
        PUT(handshake, STEP_SELECT, "SELECT", database);
    }
    handshake->former_may_live = handshake->former->id && !handshake_says(handshake, WORD_CLIENT);
    if (handshake->former->id && !handshake->former_may_live)
        handshake_put_kill(handshake);
    if (!handshake->step_count)
        PUT(handshake, STEP_ANYBODY, "PING");
}

void handshake_begin(struct handshake *handshake, const struct handshake_options *options,
                     const struct handshake_peer *former, struct handshake_memory *memory)
{
    *handshake = (struct handshake){.options = options, .former = former, .memory = memory};
    handshake_put_round(handshake);
}

struct slice handshake_output(const struct handshake *handshake)
{
    return (struct slice){handshake->output, handshake->output_length};
}

void handshake_end(struct handshake *handshake)
{
    if (handshake->output)
        explicit_bzero(handshake->output, handshake->output_length);
    free(handshake->output);
    reader_free(handshake->reader);
    handshake->output = NULL;
    handshake->output_length = 0;
    handshake->reader = NULL;
}

/* HELLO answers names and values in turn. */
static void handshake_read_hello(struct handshake *handshake, const redisReply *reply)
{
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i + 1 < reply->elements; i += 2)
        if (reply->element[i]->type == REDIS_REPLY_STRING &&
            strcmp(reply->element[i]->str, "id") == 0 &&
            reply->element[i + 1]->type == REDIS_REPLY_INTEGER)
            handshake->self.id = reply->element[i + 1]->integer;
}

/* "id=3 addr=127.0.0.1:52555 laddr=..."; what is missing stays unknown. */
static void handshake_read_client(struct handshake *handshake, const redisReply *reply)
{
    long long id;

    if (reply->type != REDIS_REPLY_STRING)
        return;
    if (sscanf(reply->str, "id=%lld", &id) == 1)
        handshake->self.id = id;
    const char *address = strstr(reply->str, " addr=");
    if (address && address[6] != '/') /* a unix socket's path is the same for everybody */
        sscanf(address, " addr=%127s", handshake->self.address);
}

static void handshake_read_server(struct handshake *handshake, const redisReply *reply)
{
    const char *run_id = reply->type == REDIS_REPLY_STRING ? strstr(reply->str, "run_id:") : NULL;

    if (run_id)
        sscanf(run_id, "run_id:%47s", handshake->run_id);
}

/* A replica that was made writable takes what others refuse. */
static void handshake_read_replication(struct handshake *handshake, const redisReply *reply)
{
    handshake->is_replica = reply->type == REDIS_REPLY_STRING && strstr(reply->str, "role:slave") &&
                            !strstr(reply->str, "slave_read_only:0");
}

static bool handshake_starts(const redisReply *reply, const char *word)
{
    return strncmp(reply->str, word, strlen(word)) == 0;
}

const char *handshake_hint(const struct handshake_options *options, const char *error)
{
    if (options->decoded && strncmp(error, "WRONGPASS", 9) == 0)
        return "WRONGPASS: the password in the url was decoded ('%40' is '@'): write %25 for each "
               "'%' of it, or use the setting 'password', which takes it as it is";
    if (strncmp(error, "NOAUTH", 6) != 0 || options->password)
        return NULL;
    return "NOAUTH: the server wants a password and the sink has none: set 'password'";
}

static const char *const passing[] = {"LOADING", "BUSY", "MASTERDOWN", "ERR max number of clients",
                                      "DENIED"};

static bool handshake_passes(const redisReply *reply)
{
    for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
        if (handshake_starts(reply, passing[i]))
            return true;
    return false;
}

/* A needed step was answered by an error: FAILED if that passes by itself, REFUSED if somebody has
 * to act. Without HELLO the text names the step. */
static enum handshake_result handshake_fail(const struct handshake *handshake,
                                            enum handshake_step step, const redisReply *reply,
                                            struct err *err)
{
    const char *hint = handshake_hint(handshake->options, reply->str);
    bool passes = handshake_passes(reply);

    err_set(err, ERR_RETRY, "%s",
            hint            ? hint
            : reply->str[0] ? reply->str /* it may begin with a NUL */
                            : "an error without a word");
    if (!hint) {
        reply_hide(err->text); /* a proxy may repeat the password that it did not expect */
        reply_hide_secret(err->text, handshake->options->password);
    }
    if (!hint && !passes && !handshake_says(handshake, WORD_HELLO))
        err_wrap(err, "%s", steps[step].name);
    return passes ? HANDSHAKE_FAILED : HANDSHAKE_REFUSED;
}

/* A Redis that knows HELLO says these; anything else may be a proxy's way to say that it does not:
 * it may want AUTH first, too. */
static bool hello_was_understood(const struct handshake *handshake, const redisReply *reply)
{
    return handshake_passes(reply) || handshake_starts(reply, "WRONGPASS") ||
           handshake_hint(handshake->options, reply->str);
}

static enum handshake_result handshake_take_error(struct handshake *handshake,
                                                  enum handshake_step step, const redisReply *reply,
                                                  struct err *err)
{
    if (handshake->again) /* all of this round is said again */
        return HANDSHAKE_MORE;
    switch (step) {
    case STEP_HELLO:
        if (hello_was_understood(handshake, reply))
            return handshake_fail(handshake, step, reply, err);
        handshake->again = true;
        handshake->refused |= WORD_HELLO;
        return HANDSHAKE_MORE;
    case STEP_AUTH:
    case STEP_SELECT:
    case STEP_ANYBODY:
        return handshake_fail(handshake, step, reply, err);
    case STEP_KILL:
        handshake->former_may_live =
            handshake_starts(reply, "NOPERM") || handshake_starts(reply, "ERR");
        return handshake->former_may_live ? HANDSHAKE_MORE
                                          : handshake_fail(handshake, step, reply, err);
    case STEP_SETNAME: /* what these tell is a comfort, not a need */
    case STEP_CLIENT:
    case STEP_SERVER:
    case STEP_REPLICATION:
        if (!handshake_starts(reply, "NOPERM"))
            handshake->refused |= steps[step].word;
        break;
    }
    return HANDSHAKE_MORE;
}

static enum handshake_result handshake_take(struct handshake *handshake, const redisReply *reply,
                                            struct err *err)
{
    enum handshake_step step = handshake->steps[handshake->step++];

    handshake->answered = true;
    handshake->memory->known |= steps[step].word;
    if (reply->type == REDIS_REPLY_ERROR)
        return handshake_take_error(handshake, step, reply, err);
    if (step == STEP_HELLO)
        handshake_read_hello(handshake, reply);
    else if (step == STEP_CLIENT)
        handshake_read_client(handshake, reply);
    else if (step == STEP_SERVER)
        handshake_read_server(handshake, reply);
    else if (step == STEP_REPLICATION)
        handshake_read_replication(handshake, reply);
    return HANDSHAKE_MORE;
}

/* Takes one reply if there is a whole one; *took tells. */
static enum handshake_result handshake_next(struct handshake *handshake, bool *took,
                                            struct err *err)
{
    redisReply *reply = NULL;

    *took = false;
    if (!reader_next(handshake->reader, &reply, err))
        return HANDSHAKE_FAILED;
    if (!reply)
        return HANDSHAKE_MORE;
    *took = true;
    enum handshake_result result = handshake_take(handshake, reply, err);
    freeReplyObject(reply);
    return result;
}

enum handshake_result handshake_feed(struct handshake *handshake, struct slice bytes,
                                     struct err *err)
{
    enum handshake_result result = HANDSHAKE_MORE;
    bool took = true;

    if (!reader_feed(handshake->reader, bytes, err))
        return HANDSHAKE_FAILED;
    while (took && result == HANDSHAKE_MORE && handshake->step < handshake->step_count)
        result = handshake_next(handshake, &took, err);
    if (result != HANDSHAKE_MORE || handshake->step < handshake->step_count)
        return result;
    handshake->memory->hang_ups = 0;
    if (!handshake->again)
        return HANDSHAKE_DONE;
    handshake->again = false;
    handshake_put_round(handshake);
    return HANDSHAKE_SEND;
}

/* --- words that are not known ----------------------------------------------------------------- */

const char *handshake_awaits(const struct handshake *handshake)
{
    return handshake->step < handshake->step_count ? steps[handshake->steps[handshake->step]].name
                                                   : "its first word";
}

/* The first optional word that was not answered, unless it was answered before: then what ended the
 * connection is something else. 0: none. */
static unsigned handshake_blamed(const struct handshake *handshake)
{
    const struct handshake_memory *memory = handshake->memory;

    for (size_t i = handshake->step; i < handshake->step_count; i++) {
        unsigned word = steps[handshake->steps[i]].word;
        if (word && (memory->hang_ups > PATIENCE || !(memory->known & word)))
            return word;
    }
    return 0;
}

bool handshake_hung_up(struct handshake *handshake, struct err *err)
{
    struct handshake_memory *memory = handshake->memory;
    char words[HANDSHAKE_WORDS_BYTES];

    memory->hang_ups++;
    /* One that said a word of refusal before it hung up is asked without that word, too. */
    unsigned blamed = handshake->again ? handshake->refused : handshake_blamed(handshake);
    if (blamed) {
        memory->left_out |= blamed;
        return true;
    }
    bool tried = handshake_unknown(handshake, words);
    err_set(err, ERR_RETRY, "the server closed the connection at %s%s%s",
            handshake_awaits(handshake), tried ? ", as before at " : "", tried ? words : "");
    return false;
}

bool handshake_unknown(const struct handshake *handshake, char words[HANDSHAKE_WORDS_BYTES])
{
    static const char *const names[] = {"HELLO", "CLIENT", "INFO"};
    size_t used = 0;

    words[0] = '\0';
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!handshake_says(handshake, (enum handshake_word)(1u << i)))
            used += (size_t)snprintf(words + used, HANDSHAKE_WORDS_BYTES - used, "%s%s",
                                     used ? ", " : "", names[i]);
    return used > 0;
}
