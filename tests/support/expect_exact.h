/*
 * expect_exact.h: whether an owner's partitions arrived exactly once.
 *
 * Each list is 0, 1, 2, ... without a gap, a repeat or a swap; each sum is that of the list; the
 * checkpoint says so.
 */
#pragma once
#include "owner_fixture.h"
#include "real_redis_server.h"
#include "suite.h"

#include <stdlib.h>

static inline void expect_exact_sum(struct redis_server *server, int partition, int64_t end)
{
    char wanted[64];

    snprintf(wanted, sizeof(wanted), "%lld", (long long)(end * (end - 1) / 2));
    ASSERT_TEXT(redis_ask(server, "GET sum:%d", partition), wanted);
}

static inline void expect_exact_list(struct redis_server *server, int partition, int64_t end)
{
    const char *at = redis_ask(server, "LRANGE list:%d 0 -1", partition) + 1;
    int64_t next = 0;

    while (*at && *at != ']' && strtoll(at, NULL, 10) == next) {
        next++;
        at += strcspn(at, " ]");
        at += *at == ' ';
    }
    if (next != end || *at != ']')
        fprintf(stderr, "list:%d: %.20s where %lld was expected\n", partition, at, (long long)next);
    CU_ASSERT_EQUAL(next, end);
    CU_ASSERT_EQUAL(*at, ']');
}

static inline void expect_exact(struct redis_server *server, const struct owner *owner, int64_t end)
{
    char wanted[64];

    snprintf(wanted, sizeof(wanted), "[%lld %lld]", (long long)end, (long long)end);
    for (int i = 0; i < (int)owner->partition_count; i++) {
        expect_exact_list(server, i, end);
        expect_exact_sum(server, i, end);
        ASSERT_TEXT(redis_ask(server, "HMGET penstock:{a%%20group}:rides:%d next settled", i),
                    wanted);
    }
}
