/*
 * test_reply.c: reply.def against the texts that a real redis-server gives.
 *
 * Every test provokes errors and asserts the class of the live text. The last test goes through the
 * table: what it says of this server must have been heard, and nothing else.
 */
#include "suite.h"

#include "real_redis_server.h"
#include "redis/reply.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROWS_MAX = 256, WAIT_MS = 60000 };

static bool hit[ROWS_MAX];

/* Asserts that @p reply is an error of @p class and notes the row that knows it. */
static void expect(const char *reply, enum reply_class class)
{
    size_t count;
    const struct reply_row *rows = reply_rows(&count);
    const struct reply_row *row = reply[0] == '-' ? reply_find(slice_of(reply + 1)) : NULL;

    if (!row || row->class != class)
        fprintf(stderr, "\nwanted %s, got '%s'", reply_meanings[class].word, reply);
    CU_ASSERT_PTR_NOT_NULL(row);
    if (!row)
        return;
    CU_ASSERT_EQUAL(row->class, class);
    hit[row - rows] = true;
    if (strcmp(row->word, "*") != 0)
        ASSERT_TEXT(reply_label(slice_of(reply + 1)), row->word);
}

/* Asks until the answer begins with @p word, for a minute at most. */
static const char *ask_until(struct redis_server *server, const char *word, const char *command)
{
    const char *reply = redis_ask(server, command);

    for (int waited_ms = 0; waited_ms < WAIT_MS && strncmp(reply + 1, word, strlen(word)) != 0;
         waited_ms += 10) {
        poll(NULL, 0, 10);
        reply = redis_ask(server, command);
    }
    return reply;
}

/* What the keys of the refused commands hold. */
static const char *const before[] = {"SET text abc",
                                     "SET number 9223372036854775807",
                                     "RPUSH list a",
                                     "HSET hash f abc",
                                     "ZADD zset inf m",
                                     "GEOADD geo 1 2 m",
                                     "PFADD hll a b c",
                                     "APPEND hll hello",
                                     "XADD stream 5-5 f v",
                                     "XGROUP CREATE stream group 0",
                                     "XADD full 18446744073709551615-18446744073709551615 f v",
                                     "XADD five 5-18446744073709551615 f v",
                                     "HSET hash n 5"};

static const char *const rejected[] = {"LPUSH text a",
                                       "PFMERGE d hll",
                                       "RESTORE text 0 x",
                                       "XGROUP CREATE stream group 0",
                                       "XCLAIM stream none consumer 0 1-1",
                                       "RENAME none d",
                                       "COPY text text",
                                       "XGROUP CREATE none group 0",
                                       "INCR text",
                                       "INCRBYFLOAT text 1",
                                       "LPOP list -1",
                                       "HINCRBY hash f 1",
                                       "HINCRBYFLOAT hash f 1",
                                       "ZREMRANGEBYSCORE zset a b",
                                       "ZREMRANGEBYLEX zset a b",
                                       "ZUNIONSTORE d 1 zset WEIGHTS x",
                                       "INCR number",
                                       "DECRBY number -9223372036854775808",
                                       "INCRBYFLOAT number inf",
                                       "ZINCRBY zset -inf m",
                                       "SET d v EX 0",
                                       "SETEX d -5 v",
                                       "GEOADD geo 200 0 m",
                                       "GEOSEARCHSTORE d geo FROMMEMBER m BYRADIUS 1 xx",
                                       "GEOSEARCHSTORE d geo FROMMEMBER none BYRADIUS 1 km",
                                       "GEOSEARCHSTORE d geo FROMMEMBER m BYRADIUS -1 km",
                                       "LSET list 5 a",
                                       "SETRANGE text -1 x",
                                       "SETBIT d -1 1",
                                       "SETBIT d 0 2",
                                       "BITFIELD d SET u99 0 1",
                                       "EVAL return 3 a",
                                       "EVAL return -1 a",
                                       "LMPOP 0 a LEFT",
                                       "ZUNIONSTORE d 0 a",
                                       "SET a b c",
                                       "SET a",
                                       "ZADD zset NX GT 1 m",
                                       "EXPIRE text 10 FOO",
                                       "BITOP NOT d a b",
                                       "RESTORE d 0 x",
                                       "RESTORE d -1 x",
                                       "EVAL error(KEYS[1]) 1 a",
                                       "SETRANGE text 536870911 xx",
                                       "XADD stream 0-0 f v",
                                       "XADD stream 5-5 f v",
                                       "XSETID stream 1-1",
                                       "XADD stream x f v",
                                       "XADD full * f v",
                                       "XADD five 5-* f v",
                                       "XADD stream MAXLEN -1 * f v",
                                       "XTRIM stream MAXLEN ~ 5 LIMIT -1",
                                       "XGROUP CREATE stream g2 0 ENTRIESREAD -5",
                                       "XSETID stream 9-9 ENTRIESADDED -1 MAXDELETEDID 1-1",
                                       "XSETID stream 9-9 ENTRIESADDED 0 MAXDELETEDID 1-1",
                                       "XCLAIM stream group c x 1-1",
                                       "XCLAIM stream group c 0 1-1 IDLE x",
                                       "XCLAIM stream group c 0 1-1 FOO",
                                       "XAUTOCLAIM stream group c 0 0 COUNT 0",
                                       "COPY text d DB 999",
                                       "HINCRBYFLOAT hash n inf",
                                       "BITFIELD d OVERFLOW FOO SET u8 0 1",
                                       "LMPOP 1 list LEFT COUNT 0",
                                       "ZADD zset INCR 1 a 2 b",
                                       "GEOSEARCHSTORE d geo FROMMEMBER m BYRADIUS x km",
                                       "GEOSEARCHSTORE d geo FROMMEMBER m BYBOX -1 1 km",
                                       "GEOSEARCHSTORE d geo FROMMEMBER m BYRADIUS 1 km ANY",
                                       "GEOSEARCHSTORE d geo FROMMEMBER m BYRADIUS 1 km WITHDIST",
                                       "GEOSEARCHSTORE d geo ASC BYRADIUS 1 km COUNT 1",
                                       "GEORADIUS geo 1 1 1 km STORE d WITHCOORD",
                                       "RESTORE r 0 x IDLETIME -1",
                                       "RESTORE r 0 x FREQ 999",
                                       "SORT list STORE d",
                                       "FCALL fails 0 x",
                                       "FCALL fails x"};

static void a_record_that_redis_cannot_take_is_rejected(void)
{
    struct redis_server *server = redis_server_start(NULL);

    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
        CU_ASSERT_NOT_EQUAL(redis_ask(server, before[i])[0], '-');
    redis_ask(server, "FUNCTION LOAD %s",
              "#!lua name=lib\nredis.register_function('fails', function() error('no') end)");
    for (size_t i = 0; i < sizeof(rejected) / sizeof(rejected[0]); i++)
        expect(redis_ask(server, rejected[i]), REPLY_REJECT);
    redis_ask(server, "DEBUG SET-SKIP-CHECKSUM-VALIDATION 1");
    expect(redis_ask(server, "RESTORE d 0 %b", "\x7f\x0a\0\0\0\0\0\0\0\0\0", (size_t)11),
           REPLY_REJECT);
    redis_server_free(server);
}

static void what_breaks_the_protocol_is_rejected(void)
{
    struct redis_server *server = redis_server_start(NULL);
    struct redis_client *client = redis_client_open(server);

    redis_client_send_bytes(client, SLICE("*2\r\n$4\r\nLLEN\r\n$999999999999\r\n").data, 29);
    expect(redis_client_read(client), REPLY_REJECT);
    redis_client_close(client);
    redis_server_free(server);
}

static void what_the_operator_must_mend_is_configuration(void)
{
    static const char *const refused[] = {"AUTH nobody secret",
                                          "AUTH secret",
                                          "HELLO 4",
                                          "EVALSHA 0000000000000000000000000000000000000000 0",
                                          "NOSUCHCOMMAND a",
                                          "XGROUP NOSUCH a b",
                                          "FCALL none 0",
                                          "EVAL (( 0",
                                          "EVAL redis.call('multi') 0",
                                          "EVAL redis.call('nosuch') 0",
                                          "CLUSTER INFO"};
    struct redis_server *server = redis_server_start(NULL);

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        expect(redis_ask(server, refused[i]), REPLY_CONFIG);
    redis_ask(server, "ACL SETUSER narrow on nopass ~a* +set");
    redis_ask(server, "AUTH narrow x");
    expect(redis_ask(server, "GET a"), REPLY_CONFIG);
    expect(redis_ask(server, "SET b 1"), REPLY_CONFIG);
    redis_ask(server, "AUTH default x");
    redis_ask(server, "ACL SETUSER narrow +eval");
    redis_ask(server, "AUTH narrow x");
    expect(redis_ask(server, "EVAL redis.call('get','a') 0"), REPLY_CONFIG);
    redis_server_free(server);
}

static void a_session_without_its_password_needs_a_new_connection(void)
{
    struct redis_server *server = redis_server_start("--requirepass", "secret", NULL);
    struct redis_client *client = redis_client_open(server);

    expect(redis_client_ask(client, "SET a 1"), REPLY_RECONNECT);
    redis_client_send_bytes(client, "*100\r\n", 6);
    expect(redis_client_read(client), REPLY_RECONNECT);
    redis_client_close(client);
    redis_server_free(server);
}

static void a_server_without_room_for_clients_is_tried_again(void)
{
    struct redis_server *server = redis_server_start(NULL);

    redis_ask(server, "CONFIG SET maxclients 1");
    struct redis_client *client = redis_client_open(server);
    expect(redis_client_read(client), REPLY_RECONNECT);
    redis_client_close(client);
    redis_server_free(server);
}

static void wait_for_blocked_client(struct redis_server *server)
{
    for (int waited_ms = 0; waited_ms < WAIT_MS; waited_ms += 10) {
        if (strstr(redis_ask(server, "INFO clients"), "blocked_clients:1"))
            return;
        poll(NULL, 0, 10);
    }
    CU_FAIL("no client blocks");
}

static void a_server_that_became_a_replica_is_left(void)
{
    struct redis_server *server = redis_server_start(NULL);
    struct redis_client *blocked = redis_client_open(server);

    redis_client_send(blocked, "BLPOP list 0");
    wait_for_blocked_client(server);
    redis_ask(server, "REPLICAOF 127.0.0.1 1");
    expect(redis_client_read(blocked), REPLY_RECONNECT);
    expect(redis_ask(server, "SET a 1"), REPLY_RECONNECT);
    redis_ask(server, "CONFIG SET replica-read-only no");
    redis_ask(server, "CONFIG SET replica-serve-stale-data no");
    expect(redis_ask(server, "SET a 1"), REPLY_RETRY);
    redis_client_close(blocked);
    redis_server_free(server);
}

static void a_server_without_memory_or_replicas_is_tried_again(void)
{
    struct redis_server *server = redis_server_start(NULL);

    redis_ask(server, "CONFIG SET maxmemory 1");
    expect(redis_ask(server, "SET a 1"), REPLY_RESOURCE);
    redis_ask(server, "CONFIG SET maxmemory 0");
    redis_ask(server, "CONFIG SET min-replicas-to-write 1");
    expect(redis_ask(server, "SET a 1"), REPLY_RETRY);
    redis_server_free(server);
}

static void a_server_that_cannot_persist_is_tried_again(void)
{
    struct redis_server *server = redis_server_start("--save", "3600 1", NULL);
    char folder[256];

    snprintf(folder, sizeof(folder), "%s/gone", redis_server_folder(server));
    CU_ASSERT_EQUAL(mkdir(folder, 0700), 0);
    ASSERT_TEXT(redis_ask(server, "CONFIG SET dir %s", folder), "OK");
    CU_ASSERT_EQUAL(rmdir(folder), 0);
    redis_ask(server, "BGSAVE");
    expect(ask_until(server, "MISCONF", "SET a 1"), REPLY_RESOURCE);
    redis_server_free(server);
}

static void a_server_that_loads_is_tried_again(void)
{
    struct redis_server *server = redis_server_start(
        "--appendonly", "yes", "--aof-use-rdb-preamble", "no", "--key-load-delay", "1000", NULL);

    redis_ask(server, "EVAL %s 0", "for i = 1, 20000 do redis.call('set', i, i) end");
    redis_server_restart_loading(server);
    expect(redis_ask(server, "SET a 1"), REPLY_RETRY);
    redis_server_free(server);
}

static void a_server_busy_with_a_script_is_tried_again(void)
{
    struct redis_server *server = redis_server_start("--lua-time-limit", "10", NULL);
    struct redis_client *client = redis_client_open(server);

    redis_client_send(client, "EVAL %s 0", "while true do end");
    expect(ask_until(server, "BUSY", "SET a 1"), REPLY_RETRY);
    redis_ask(server, "SCRIPT KILL");
    expect(redis_client_read(client), REPLY_CONFIG);
    redis_client_close(client);
    redis_server_free(server);
}

/* Slots 0 to 8191 are here, those above on a node that nobody has met; {a} is 15495, {b} 3300. */
static void a_cluster_redirects_waits_or_is_used_wrongly(void)
{
    struct redis_server *server = redis_server_start("--cluster-enabled", "yes", NULL);
    struct redis_server *other = redis_server_start("--cluster-enabled", "yes", NULL);
    char other_id[64];

    expect(redis_ask(server, "SET {b} 1"), REPLY_RETRY); /* no slot has an owner */
    snprintf(other_id, sizeof(other_id), "%s", redis_ask(other, "CLUSTER MYID"));
    redis_ask(server, "CONFIG SET cluster-require-full-coverage no");
    redis_ask(server, "CLUSTER ADDSLOTSRANGE 0 8191");
    redis_ask(server, "CLUSTER MEET 127.0.0.1 %d", redis_server_port(other));
    redis_ask(other, "CONFIG SET cluster-require-full-coverage no");
    redis_ask(other, "CLUSTER ADDSLOTSRANGE 8192 16383");
    expect(ask_until(server, "MOVED", "SET {a} 1"), REPLY_REDIRECT);
    redis_ask(server, "SET {b} 1");
    expect(redis_ask(server, "MSET {a} 1 {b} 2"), REPLY_CONFIG);
    expect(redis_ask(server, "EVAL %s 1 {b}", "redis.call('set', '{a}', 1)"), REPLY_CONFIG);
    expect(redis_ask(server, "SELECT 1"), REPLY_CONFIG);
    ASSERT_TEXT(redis_ask(server, "CLUSTER SETSLOT 3300 MIGRATING %s", other_id), "OK");
    expect(redis_ask(server, "SET {b}new 1"), REPLY_REDIRECT);
    expect(redis_ask(server, "MSET {b} 1 {b}new 2"), REPLY_RETRY);
    redis_server_free(server);
    redis_server_free(other);
}

static void an_aborted_transaction_alone_tells_nothing(void)
{
    struct redis_server *server = redis_server_start(NULL);

    redis_ask(server, "MULTI");
    expect(redis_ask(server, "SET a"), REPLY_REJECT);
    expect(redis_ask(server, "EXEC"), REPLY_UNKNOWN);
    redis_server_free(server);
}

static char version[8]; /* "7.0" */
#define PROVOKED                                                                                   \
    "7.0" /* what such a server says is provoked here; what only newer ones say is not */

static void ask_version(void)
{
    struct redis_server *server = redis_server_start(NULL);
    const char *line = strstr(redis_ask(server, "INFO server"), "redis_version:");

    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    CU_ASSERT_EQUAL(sscanf(line, "redis_version:%7[0-9].", version), 1);
    snprintf(version + strlen(version), sizeof(version) - strlen(version), "%.2s",
             strchr(line, '.'));
    redis_server_free(server);
}

/* Whether the table says that this server was heard to say so: "redis 6.2, 7.0, valkey 8.1". */
static bool is_of_this_server(const struct reply_row *row)
{
    bool here = strncmp(row->servers, "all", 3) == 0 || strstr(row->servers, version);

    return here && !strstr(row->servers, "(source); penstock's");
}

static void the_table_says_of_each_row_whether_this_server_says_it(void)
{
    size_t count;
    const struct reply_row *rows = reply_rows(&count);

    ask_version();
    for (size_t i = 0; i < count; i++) {
        bool here = is_of_this_server(&rows[i]);
        bool right = hit[i] == here || (here && strcmp(version, PROVOKED) != 0);
        if (!right)
            fprintf(stderr, "\n%s: %s '%s'", hit[i] ? "said" : "never said", rows[i].word,
                    rows[i].text);
        CU_ASSERT_TRUE(right);
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(a_record_that_redis_cannot_take_is_rejected),
        TEST(what_breaks_the_protocol_is_rejected),
        TEST(what_the_operator_must_mend_is_configuration),
        TEST(a_session_without_its_password_needs_a_new_connection),
        TEST(a_server_without_room_for_clients_is_tried_again),
        TEST(a_server_that_became_a_replica_is_left),
        TEST(a_server_without_memory_or_replicas_is_tried_again),
        TEST(a_server_that_cannot_persist_is_tried_again),
        TEST(a_server_that_loads_is_tried_again),
        TEST(a_server_busy_with_a_script_is_tried_again),
        TEST(a_cluster_redirects_waits_or_is_used_wrongly),
        TEST(an_aborted_transaction_alone_tells_nothing),
        TEST(the_table_says_of_each_row_whether_this_server_says_it), /* last: counts what the
                                                                         others hit */
    };

    return SUITE("reply", tests);
}
