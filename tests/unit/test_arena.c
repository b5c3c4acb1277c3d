/* test_arena.c: memory that ends all at once. */
#include "suite.h"

#include "base/arena.h"

#include <stdlib.h>

enum { BIG = 200 * 1024 };

static bool is_aligned(const void *memory)
{
    return (uintptr_t)memory % 8 == 0;
}

static void pieces_are_aligned_and_do_not_overlap(void)
{
    struct arena arena = {0};
    unsigned char *pieces[500];

    for (size_t i = 0; i < 500; i++) {
        pieces[i] = arena_alloc(&arena, i);
        CU_ASSERT_TRUE(is_aligned(pieces[i]));
        memset(pieces[i], (int)(i & 0xff), i);
    }
    for (size_t i = 0; i < 500; i++)
        for (size_t j = 0; j < i; j++)
            if (pieces[i][j] != (i & 0xff))
                CU_FAIL("another piece lies in this one");
    arena_free(&arena);
}

static void a_piece_of_no_bytes_is_not_null(void)
{
    struct arena arena = {0};

    CU_ASSERT_PTR_NOT_NULL(arena_alloc(&arena, 0));
    arena_free(&arena);
}

static void a_piece_larger_than_a_chunk_fits(void)
{
    struct arena arena = {0};
    char *small = arena_alloc(&arena, 10), *big = arena_alloc(&arena, BIG);
    char *after = arena_alloc(&arena, 10);

    memset(small, 's', 10);
    memset(big, 'b', BIG);
    memset(after, 'a', 10);
    CU_ASSERT_EQUAL(small[9], 's');
    CU_ASSERT_EQUAL(big[BIG - 1], 'b');
    CU_ASSERT_TRUE(is_aligned(big) && is_aligned(after));
    arena_free(&arena);
}

static void a_copy_has_a_nul_behind_it(void)
{
    struct arena arena = {0};

    CU_ASSERT_EQUAL(memcmp(arena_copy(&arena, "a\0b", 3), "a\0b", 4), 0);
    ASSERT_TEXT(arena_copy(&arena, NULL, 0), "");
    arena_free(&arena);
}

static void the_rest_of_a_shrunk_piece_is_used_again(void)
{
    struct arena arena = {0};
    char *first = arena_alloc(&arena, 1000);

    arena_shrink(&arena, first, 1000, 10);
    CU_ASSERT_PTR_EQUAL(arena_alloc(&arena, 8), first + 16);
    arena_free(&arena);
}

static void only_the_newest_piece_can_shrink(void)
{
    struct arena arena = {0};
    char *first = arena_alloc(&arena, 100), *second = arena_alloc(&arena, 8);

    arena_shrink(&arena, first, 100, 10);
    CU_ASSERT_PTR_EQUAL(arena_alloc(&arena, 8), second + 8);
    arena_free(&arena);
}

static void a_reset_uses_the_same_memory_again(void)
{
    struct arena arena = {0};
    char *first = arena_alloc(&arena, 100);

    arena_alloc(&arena, BIG);
    arena_reset(&arena);
    CU_ASSERT_PTR_EQUAL(arena_alloc(&arena, 100), first);
    arena_free(&arena);
}

static void a_reset_of_only_big_pieces_leaves_it_empty(void)
{
    struct arena arena = {0};

    arena_alloc(&arena, BIG);
    arena_reset(&arena);
    CU_ASSERT_PTR_NULL(arena.chunks);
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(&arena, 1));
    arena_free(&arena);
    arena_free(&arena); /* empty: nothing to do */
}

static void what_the_data_takes_has_a_limit(void)
{
    struct arena arena = {.limit = 2 * BIG};
    struct err err = {0};

    CU_ASSERT_PTR_NOT_NULL(arena_take(&arena, BIG, &err));
    CU_ASSERT_PTR_NULL(arena_take(&arena, BIG, &err));
    CU_ASSERT_EQUAL(err.kind, ERR_RECORD);
    ASSERT_TEXT(err.text, "the record needs more than 409600 bytes of memory");
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(&arena, BIG)); /* what the configuration bounds */
    arena_reset(&arena);
    CU_ASSERT_PTR_NOT_NULL(arena_take(&arena, BIG, &err));
    arena_free(&arena);
    CU_ASSERT_EQUAL(arena.limit, 2 * BIG);
}

static void what_is_given_back_can_be_taken_again(void)
{
    struct arena arena = {.limit = BIG + 100};

    for (int i = 0; i < 10; i++) {
        void *big = arena_take(&arena, BIG, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(big);
        arena_shrink(&arena, big, BIG, 0);
    }
    arena_free(&arena);
}

int main(void)
{
    static const struct suite_test tests[] = {
        TEST(pieces_are_aligned_and_do_not_overlap),
        TEST(a_piece_of_no_bytes_is_not_null),
        TEST(a_piece_larger_than_a_chunk_fits),
        TEST(a_copy_has_a_nul_behind_it),
        TEST(the_rest_of_a_shrunk_piece_is_used_again),
        TEST(only_the_newest_piece_can_shrink),
        TEST(a_reset_uses_the_same_memory_again),
        TEST(what_the_data_takes_has_a_limit),
        TEST(what_is_given_back_can_be_taken_again),
        TEST(a_reset_of_only_big_pieces_leaves_it_empty),
    };

    return SUITE("arena", tests);
}
