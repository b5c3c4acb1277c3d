/* test_shape.c: arguments against the shapes of commands.def. */
#include "suite.h"

#include "redis/commands.h"
#include "redis/shape.h"

#include <stdlib.h>

enum { WORDS_MAX = 32 };

static struct slice words[WORDS_MAX];
static const struct shape_item *items[WORDS_MAX];
static struct shape *shape;
static struct shape_problem problem;

/* The verdict on a command line; "%" is a placeholder, "''" an empty argument. */
static enum shape_verdict verdict(const char *line)
{
    static char room[256];
    size_t count = 0;

    strcpy(room, line);
    for (char *word = strtok(room, " "); word; word = strtok(NULL, " "))
        words[count++] = strcmp(word, "%") == 0    ? (struct slice){0}
                         : strcmp(word, "''") == 0 ? SLICE("")
                                                   : slice_of(word);
    const struct command *row = command_find(words[0]);
    CU_ASSERT_PTR_NOT_NULL_FATAL(row);
    shape_free(shape);
    shape = shape_new(row->shape);
    problem = (struct shape_problem){0};
    return shape_match(shape, words, count, items, &problem);
}

static const char *said(const char *line)
{
    return verdict(line) == SHAPE_BAD ? problem.text : "";
}

static void all_are(enum shape_verdict wanted, const char *const *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum shape_verdict found = verdict(lines[i]);
        if (found != wanted)
            fprintf(stderr, "\n%s: %d %s", lines[i], found, problem.text);
        CU_ASSERT_EQUAL(found, wanted);
    }
}

#define ALL_ARE(wanted, ...)                                                                       \
    do {                                                                                           \
        static const char *const lines[] = {__VA_ARGS__};                                          \
        all_are(wanted, lines, sizeof(lines) / sizeof(lines[0]));                                  \
    } while (0)

/* How many arguments it takes at least. */
static size_t least(const struct shape *of)
{
    size_t sum = 0;

    for (size_t i = 0; i < of->step_count; i++) {
        const struct shape_step *step = &of->steps[i];
        const struct shape_item *item = &of->items[step->first];
        if (step->kind == STEP_TUPLE && !step->never)
            sum += step->count;
        else if (step->kind == STEP_ITEM && item->counted)
            sum += (item - 1)->type == TYPE_COUNT;
        else if (step->kind == STEP_ITEM)
            sum += item->kind != ITEM_REST && !item->optional;
    }
    return sum;
}

static void every_row_has_a_shape_that_agrees_with_its_arity(void)
{
    size_t count;
    const struct command *rows = command_all(&count);

    for (size_t i = 0; i < count; i++) {
        CU_ASSERT_EQUAL(rows[i].shape == NULL, rows[i].refused != NULL);
        if (!rows[i].shape)
            continue;
        struct shape *one = shape_new(rows[i].shape);
        size_t arity = (size_t)abs(rows[i].arity) - 1;
        CU_ASSERT(one->option_count < 32);
        CU_ASSERT(rows[i].arity > 0 ? least(one) == arity : least(one) <= arity);
        shape_free(one);
    }
}

static void a_whole_command_fits_its_shape(void)
{
    ALL_ARE(SHAPE_GOOD, "SET k v", "set k v nx get EX 5", "SET k v px 5 XX", "HSET k f v g w",
            "HSET k % %", "MSET a 1 b %", "GEOADD g 1 2 m 3 4.5 n", "GEOADD g NX CH 1 2 m",
            "SETEX k 5 v", "ZADD k 1 a -inf b", "ZADD k XX GT CH 1e5 a", "XADD s * f v",
            "XADD s MAXLEN ~ 5 LIMIT 9 * f v", "XADD s MAXLEN 5 5-1 f %", "PFADD p", "PFADD p a",
            "EVAL script 2 a b c", "EVAL script 0", "ZUNIONSTORE d 2 a b WEIGHTS 1 2 AGGREGATE MAX",
            "LPOP k", "LPOP k 2", "EXPIRE k -1 XX GT", "HEXPIRE k 9 NX FIELDS 2 f g",
            "XCLAIM s g c 0 1-1 2-2 JUSTID", "JSON.SET k $ {}", "JSON.MSET a $ 1 b $ 2",
            "BITFIELD k SET u8 0 255 OVERFLOW SAT INCRBY u8 0 1", "SORT k LIMIT 0 5 GET # GET w_*",
            "BITOP not d a", "XGROUP CREATE s g $ MKSTREAM", "TS.MADD a 1 2 b * 3.5");
}

static void a_placeholder_of_a_type_decides_later(void)
{
    ALL_ARE(SHAPE_OPEN, "SETEX k % v", "SET k v EX %", "ZADD k % m", "GEOADD g % % %",
            "LMOVE a b % LEFT", "EVAL script % a b", "INCRBY k %", "XADD s % f v",
            "ZUNIONSTORE d % a b WEIGHTS x", "XADD s MAXLEN % * f v");
}

static void a_command_that_lacks_a_part_is_bad(void)
{
    ASSERT_TEXT(said("HSET k state % total"),
                "'field value' come together, and the last lacks its value");
    ASSERT_TEXT(said("MSET a 1 b"), "'key value' come together, and the last lacks its value");
    ASSERT_TEXT(said("GEOADD g 1 2 m 3"),
                "'longitude latitude member' come together, and the last lacks its latitude");
    ASSERT_TEXT(said("SET k v EX"), "EX lacks its seconds");
    ASSERT_TEXT(said("ZADD k NX CH"), "score is missing");
    ASSERT_TEXT(said("XADD s * f v g"),
                "'field value' come together, and the last lacks its value");
    ASSERT_TEXT(said("JSON.MSET a $ 1 b $"),
                "'key path value' come together, and the last lacks its value");
    ASSERT_TEXT(said("EVAL script 3 a b"), "there are fewer of key than are counted");
    ASSERT_TEXT(said("ZUNIONSTORE d 2 a b WEIGHTS 1"),
                "there are fewer of weight than are counted");
    ASSERT_TEXT(said("HEXPIRE k 9 FIELDS 2 f"), "there are fewer of field than are counted");
}

static void a_text_in_place_of_a_number_is_bad(void)
{
    ASSERT_TEXT(said("SETEX k v 5"), "seconds must be a whole number above 0");
    ASSERT_TEXT(said("SET k v EX 0"), "seconds must be a whole number above 0");
    ASSERT_TEXT(said("ZADD k m 1"), "score must be a number");
    ASSERT_TEXT(said("ZADD k nan m"), "score must be a number");
    ASSERT_TEXT(said("GEOADD g m 1 2"), "longitude must be a number");
    ASSERT_TEXT(said("SETBIT k 1 2"), "bit must be 0 or 1");
    ASSERT_TEXT(said("XADD s key f v"),
                "id must be the id of a stream's entry, such as * or 1700000000000-0");
    ASSERT_TEXT(said("INCRBY k ''"), "increment must be a whole number");
    ASSERT_TEXT(said("ZREMRANGEBYLEX k a b"), "min must be -, + or a text behind [ or (");
}

static void options_exclude_each_other(void)
{
    ASSERT_TEXT(said("SET k v NX XX"), "NX and XX exclude each other");
    ASSERT_TEXT(said("SET k v EX 5 KEEPTTL"), "EX and KEEPTTL exclude each other");
    ASSERT_TEXT(said("ZADD k NX GT 1 a"), "NX and GT exclude each other");
    ASSERT_TEXT(said("EXPIRE k 5 GT LT"), "GT and LT exclude each other");
}

static void an_option_stands_in_the_file(void)
{
    ASSERT_TEXT(said("SET k v %"),
                "argument 3 must be an option such as NX, written out in the file");
    ASSERT_TEXT(said("ZADD k % % %"),
                "'score member' come together, and the last lacks its member");
}

static void a_word_that_a_newer_server_may_know_is_not_condemned(void)
{
    ALL_ARE(SHAPE_UNKNOWN, "SET k v EX 5 SOON", "EXPIRE k 5 EQ", "COPY a b FORCE");
    ASSERT_TEXT(problem.text, "argument 3 is no option that penstock knows");
}

static void words_and_arguments_too_many_are_bad(void)
{
    ASSERT_TEXT(said("LMOVE a b UP LEFT"), "argument 3 must be LEFT/RIGHT");
    ASSERT_TEXT(said("HPERSIST k FIELDS 1 f g"), "argument 5 is one too many");
    ASSERT_TEXT(said("LPOP k 1 2"), "argument 3 is one too many");
}

static bool is_called(size_t index, const char *name)
{
    return items[index] && slice_is(items[index]->text, name);
}

static void arguments_have_the_names_of_the_shape(void)
{
    verdict("ZADD k NX 1 a 2 b");
    CU_ASSERT(is_called(1, "key") && !items[2]);
    CU_ASSERT(is_called(3, "score") && is_called(4, "member"));
    CU_ASSERT(is_called(5, "score") && is_called(6, "member"));
}

static const char *written(const char *name)
{
    static char text[256];
    FILE *out = fmemopen(text, sizeof(text), "w");

    shape_write(out, command_find(slice_of(name))->shape, "|");
    fclose(out);
    return text;
}

static void a_shape_is_written_as_people_read_it(void)
{
    ASSERT_TEXT(written("HSET"), "key field value [field value ...]");
    ASSERT_TEXT(written("PFADD"), "key [element ...]");
    ASSERT_TEXT(written("LPOP"), "key [count]");
    ASSERT_TEXT(written("EVAL"), "script numkeys key [key ...] [argument ...]");
    ASSERT_TEXT(written("XTRIM"), "key [MAXLEN [=|~] length|MINID [=|~] oldest] [LIMIT count] "
                                  "[KEEPREF|DELREF|ACKED]");
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(every_row_has_a_shape_that_agrees_with_its_arity),
        TEST(a_whole_command_fits_its_shape),
        TEST(a_placeholder_of_a_type_decides_later),
        TEST(a_command_that_lacks_a_part_is_bad),
        TEST(a_text_in_place_of_a_number_is_bad),
        TEST(options_exclude_each_other),
        TEST(an_option_stands_in_the_file),
        TEST(a_word_that_a_newer_server_may_know_is_not_condemned),
        TEST(words_and_arguments_too_many_are_bad),
        TEST(arguments_have_the_names_of_the_shape),
        TEST(a_shape_is_written_as_people_read_it),
    };

    int status = SUITE("shape", tests);

    shape_free(shape);
    return status;
}
