/*
 * failpoint.c: named places at which a test ends the process.
 *
 * Any worker may pass a place; the passes of all workers are counted together.
 */
#include "base/failpoint.h"

#ifdef PENSTOCK_FAILPOINTS
#include "base/slice.h"
#include "base/text.h"

#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

static const char *const names[] = {
#define FAILPOINT_ROW(name, when) #name,
#include "base/failpoints.def"
#undef FAILPOINT_ROW
};

static uint64_t deadly[FAILPOINT_COUNT]; /* the pass that ends the process; 0: none */
static _Atomic uint64_t passed[FAILPOINT_COUNT];

/* "after-send" and "after_send" are one name. */
static bool is_named(struct slice text, const char *name)
{
    if (text.length != strlen(name))
        return false;
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] != name[i] && !(text.data[i] == '-' && name[i] == '_'))
            return false;
    return true;
}

static bool set_one(struct slice text, struct err *err)
{
    const char *colon = memchr(text.data, ':', text.length);
    struct slice name = {text.data, colon ? (size_t)(colon - text.data) : text.length};
    int64_t pass = 0;

    if (!colon || !text_integer((struct slice){colon + 1, text.length - name.length - 1}, &pass) ||
        pass < 1)
        return err_set(err, ERR_CONFIG, "'%.*s' is not NAME:N", SLICE_ARGS(text));
    for (size_t i = 0; i < FAILPOINT_COUNT; i++)
        if (is_named(name, names[i])) {
            deadly[i] = (uint64_t)pass;
            return true;
        }
    return err_set(err, ERR_CONFIG, "there is no failpoint '%.*s'", SLICE_ARGS(name));
}

bool failpoint_set(const char *text, struct err *err)
{
    while (*text) {
        size_t length = strcspn(text, ",");
        if (!set_one((struct slice){text, length}, err))
            return false;
        text += length + (text[length] == ',');
    }
    return true;
}

void failpoint_pass(enum failpoint point)
{
    if (atomic_fetch_add(&passed[point], 1) + 1 == deadly[point])
        raise(SIGKILL);
}

static void failpoint_report(void)
{
    for (size_t i = 0; i < FAILPOINT_COUNT; i++)
        fprintf(stderr, "failpoint %s passed %" PRIu64 "\n", names[i], atomic_load(&passed[i]));
}

void failpoint_start(void)
{
    const char *text = getenv("PENSTOCK_FAILPOINT");
    struct err err;

    if (!text)
        return;
    if (!failpoint_set(text, &err)) {
        fprintf(stderr, "penstock: PENSTOCK_FAILPOINT: %s\n", err.text);
        exit(EX_USAGE);
    }
    atexit(failpoint_report);
}
#endif
