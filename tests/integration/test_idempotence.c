/*
 * test_idempotence.c: commands.def says which commands may be applied twice; a real server agrees.
 *
 * After a lost connection penstock sends again, in order, from the first unanswered command to the
 * last. So beside each command twice, whole sequences are played and their ends played again, at
 * random but always the same. Commands about times to live are not among these: EXPIRE of a key
 * that is created behind it finds the key the second time.
 */
#include "suite.h"

#include "base/slice.h"
#include "real_redis_server.h"
#include "redis/commands.h"

#include <ctype.h>
#include <stdlib.h>

enum { SEQUENCES = 150, LENGTH = 24, KEY_BYTES = 64 };

static struct redis_server *server;

static const char *const before[] = {
    "FLUSHALL",
    "SET s old",
    "HSET h f 0 o 0",
    "RPUSH l z y",
    "SADD u a o",
    "ZADD z 1 a 20 o",
    "ZADD y 0 a 0 o",
    "GEOADD g 3 4 m",
    "XADD x 1-1 f v",
    "XADD x 2-2 f v",
    "PFADD p o",
    "XGROUP CREATE x grp 0",
    "XREADGROUP GROUP grp c STREAMS x >",
    "VADD vec VALUES 2 3 4 e",
};

/* One line for each idempotent command of the table that the server knows. */
static const char *const samples[] = {
    "SET s v",
    "SETNX t w",
    "GETSET s x",
    "GETDEL s",
    "MSET s 1 t 2",
    "SETRANGE s 2 zz",
    "SETBIT t 7 1",
    "PFADD p a b",
    "HSET h f 1 g 2",
    "HMSET h f 3",
    "HSETNX h n 1",
    "HDEL h f",
    "HGETDEL h FIELDS 1 f",
    "VADD vec VALUES 2 1 2 e",
    "VREM vec e",
    "LSET l 0 a",
    "SADD u a b",
    "SREM u a",
    "ZADD z 1 a 2 b",
    "ZREM z a",
    "ZREMRANGEBYSCORE z 0 1",
    "ZREMRANGEBYLEX y [a [c",
    "GEOADD g 1 2 m",
    "XTRIM x MAXLEN 1",
    "XDEL x 1-1",
    "XSETID x 9-9",
    "XACK x grp 1-1",
    "DEL s t h",
    "UNLINK u z",
    /* about times to live: only each by itself */
    "SETEX s 100 v",
    "PSETEX s 100000 v",
    "GETEX s EX 100",
    "EXPIRE s 100",
    "EXPIREAT s 4102444800",
    "PEXPIRE s 100000",
    "PEXPIREAT s 4102444800000",
    "PERSIST s",
    "HEXPIRE h 100 FIELDS 1 f",
    "HEXPIREAT h 4102444800 FIELDS 1 f",
    "HPEXPIRE h 100000 FIELDS 1 f",
    "HPEXPIREAT h 4102444800000 FIELDS 1 f",
    "HPERSIST h FIELDS 1 f",
    "HSETEX h EX 100 FIELDS 1 f 1",
    "HGETEX h EX 100 FIELDS 1 f",
};

enum {
    SAMPLES = sizeof(samples) / sizeof(samples[0]),
    MIXED = SAMPLES - 15 /* those that are mixed at random */
};

static void prepare(void)
{
    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
        redis_ask(server, before[i]);
}

static void digest(char out[KEY_BYTES])
{
    snprintf(out, KEY_BYTES, "%s", redis_ask(server, "DEBUG DIGEST"));
}

static bool has_sample(const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < SAMPLES; i++)
        if (strncmp(samples[i], name, length) == 0 && samples[i][length] == ' ')
            return true;
    return false;
}

static bool server_knows(const char *name)
{
    return strcmp(redis_ask(server, "COMMAND INFO %s", name), "[(nil)]") != 0;
}

static void every_idempotent_command_is_tried(void)
{
    size_t count;
    const struct command *rows = command_all(&count);

    for (size_t i = 0; i < count; i++) {
        if (!(rows[i].flags & COMMAND_IDEMPOTENT) || !server_knows(rows[i].name))
            continue;
        if (!has_sample(rows[i].name))
            fprintf(stderr, "\nno sample of %s", rows[i].name);
        CU_ASSERT_TRUE(has_sample(rows[i].name));
    }
}

static void every_sample_is_said_to_be_idempotent_and_changes_something(void)
{
    char name[KEY_BYTES], old[KEY_BYTES], new[KEY_BYTES];

    for (size_t i = 0; i < SAMPLES; i++) {
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(samples[i], " "), samples[i]);
        const struct command *row = command_find(slice_of(name));
        CU_ASSERT_PTR_NOT_NULL_FATAL(row);
        CU_ASSERT_TRUE(row->flags & COMMAND_IDEMPOTENT);
        if (!server_knows(name))
            continue;
        prepare();
        if (strcmp(name, "PERSIST") == 0)
            redis_ask(server, "EXPIRE s 100");
        if (strcmp(name, "HPERSIST") == 0)
            redis_ask(server, "HEXPIRE h 100 FIELDS 1 f");
        digest(old);
        CU_ASSERT_NOT_EQUAL(redis_ask(server, samples[i])[0], '-');
        digest(new);
        if (strcmp(name, "XSETID") != 0 && strcmp(name, "XACK") != 0) /* not in the digest */
            CU_ASSERT_NOT_EQUAL(strcmp(old, new), 0);
    }
}

static void a_repeat_leaves_the_same_state(void)
{
    char once[KEY_BYTES], twice[KEY_BYTES];

    for (size_t i = 0; i < SAMPLES; i++) {
        prepare();
        redis_ask(server, samples[i]);
        digest(once);
        redis_ask(server, samples[i]);
        digest(twice);
        if (strcmp(once, twice) != 0)
            fprintf(stderr, "\nnot idempotent: %s", samples[i]);
        ASSERT_TEXT(twice, once);
    }
}

static void play(const unsigned *sequence, unsigned from)
{
    for (unsigned i = from; i < LENGTH; i++)
        redis_ask(server, samples[sequence[i]]);
}

static void the_end_of_a_sequence_played_again_leaves_the_same_state(void)
{
    unsigned sequence[LENGTH], from;
    char once[KEY_BYTES], twice[KEY_BYTES];

    srand(20260115);
    for (int round = 0; round < SEQUENCES; round++) {
        for (unsigned i = 0; i < LENGTH; i++)
            sequence[i] = (unsigned)rand() % MIXED;
        from = (unsigned)rand() % LENGTH;
        prepare();
        play(sequence, 0);
        digest(once);
        play(sequence, from);
        digest(twice);
        if (strcmp(once, twice) != 0)
            for (unsigned i = from; i < LENGTH; i++)
                fprintf(stderr, "\n%s", samples[sequence[i]]);
        ASSERT_TEXT(twice, once);
    }
}

/* Whether the row says so of a command that is carried out a second time: Redis refuses it. */
static void expect_second_time(const char *line, bool refused)
{
    char name[KEY_BYTES];

    snprintf(name, sizeof(name), "%.*s", (int)strcspn(line, " "), line);
    CU_ASSERT_EQUAL((command_find(slice_of(name))->flags & COMMAND_REFUSED_TWICE) != 0, refused);
    prepare();
    CU_ASSERT_NOT_EQUAL(redis_ask(server, line)[0], '-');
    CU_ASSERT_EQUAL(redis_ask(server, line)[0] == '-', refused);
}

static void what_is_refused_the_second_time_is_said_to_be(void)
{
    static const char *const refused[] = {"RENAME s t", "RENAMENX s t", "XGROUP CREATE x new 0"};
    static const char *const taken[] = {"MSETNX a 1 b 2",
                                        "BITFIELD n SET u8 0 7",
                                        "BITOP NOT d s",
                                        "PFMERGE p q",
                                        "LINSERT l BEFORE y x",
                                        "LREM l 0 y",
                                        "LMPOP 1 l LEFT",
                                        "LMOVE l m LEFT LEFT",
                                        "RPOPLPUSH l m",
                                        "SMOVE u v a",
                                        "SUNIONSTORE d u v",
                                        "ZPOPMIN z",
                                        "ZRANGESTORE d z 0 1",
                                        "COPY s t",
                                        "MOVE s 1",
                                        "SORT l ALPHA STORE d",
                                        "XCLAIM x grp d 0 1-1",
                                        "XADD x 3-* f v"};
    char dumped[400];

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        expect_second_time(refused[i], true);
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        expect_second_time(taken[i], false);
    CU_ASSERT_TRUE(command_find(SLICE("RESTORE"))->flags & COMMAND_REFUSED_TWICE);
    snprintf(dumped, sizeof(dumped), "%s",
             redis_ask(server, "EVAL %s 0",
                       "redis.call('RESTORE', 'r', 0, redis.call('DUMP', 's')) return 'good'"));
    ASSERT_TEXT(dumped, "good");
    CU_ASSERT_EQUAL(strncmp(redis_ask(server, "EVAL %s 0",
                                      "return redis.pcall('RESTORE', 'r', 0, "
                                      "redis.call('DUMP', 's')).err"),
                            "BUSYKEY", 7),
                    0);
}

/* An id that is not Redis' own is taken once. */
static void an_entry_of_a_stream_is_refused_the_second_time(void)
{
    prepare();
    ASSERT_TEXT(redis_ask(server, "XADD x 3-1 f v"), "3-1");
    CU_ASSERT_PTR_NOT_NULL(strstr(redis_ask(server, "XADD x 3-1 f v"), "is equal or smaller"));
    CU_ASSERT_PTR_NOT_NULL(strstr(redis_ask(server, "XADD x 0-0 f v"), "greater than 0-0"));
    CU_ASSERT_PTR_NOT_NULL(strstr(redis_ask(server, "XADD x 1-* f v"), "is equal or smaller"));
}

static void a_repeat_of_what_counts_or_appends_is_seen(void)
{
    static const char *const lines[] = {
        "APPEND s x",   "INCR n",        "HINCRBY h f 1",         "RPUSH l a",
        "XADD x * f v", "ZINCRBY z 1 a", "ZREMRANGEBYRANK z 0 0", "LTRIM l 1 -1",
        "SPOP u"};
    char name[KEY_BYTES], once[KEY_BYTES], twice[KEY_BYTES];

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(lines[i], " "), lines[i]);
        CU_ASSERT_FALSE(command_find(slice_of(name))->flags & COMMAND_IDEMPOTENT);
        prepare();
        redis_ask(server, lines[i]);
        digest(once);
        redis_ask(server, lines[i]);
        digest(twice);
        CU_ASSERT_NOT_EQUAL(strcmp(once, twice), 0);
    }
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(every_idempotent_command_is_tried),
        TEST(every_sample_is_said_to_be_idempotent_and_changes_something),
        TEST(a_repeat_leaves_the_same_state),
        TEST(the_end_of_a_sequence_played_again_leaves_the_same_state),
        TEST(what_is_refused_the_second_time_is_said_to_be),
        TEST(an_entry_of_a_stream_is_refused_the_second_time),
        TEST(a_repeat_of_what_counts_or_appends_is_seen),
    };

    server = redis_server_start(NULL);
    int status = SUITE("idempotence", tests);
    redis_server_free(server);
    return status;
}
