/*
 * reload.h: the configuration is read again while penstock runs.
 *
 * The new file is checked whole, as "penstock check" does; if it has a mistake nothing changes. The
 * main thread does the work; others ask it, and wait for its answer.
 */
#pragma once
#include "metrics/metrics.h"

#include <stdbool.h>
#include <stdint.h>

struct conf;
struct loaded;
struct plan;
struct reload;
struct workers;

enum reload_outcome {
    RELOAD_ACCEPTED,  /* what can change while penstock runs changes now */
    RELOAD_MISTAKEN,  /* the file has mistakes: nothing changes */
    RELOAD_UNANSWERED /* penstock stops, or an earlier reload takes long: nothing is known */
};

/** Texts are lines, "" if there are none; reload_answer_clear() frees them. */
struct reload_answer {
    enum reload_outcome outcome;
    char *mistakes; /* as "penstock check" writes them */
    char *changes;  /* "routes.trips.ttl: 1h -> 2h (live)", as "penstock diff" writes them */
    char *restart;  /* settings that keep their former value until a restart; "sources": all do */
};

/** What runs is @p start, which lives as long as the reload. Call on the main thread. */
struct reload *reload_new(const struct loaded *start, struct metrics *metrics);

/** Once nobody asks any more. Takes NULL. */
void reload_free(struct reload *reload);

/** What runs; until the next reload_turn(). Main thread. */
struct plan *reload_plan(struct reload *reload);
const struct conf *reload_conf(const struct reload *reload);

/** What runs, which stays until it is given back. Any thread. */
struct plan *reload_borrow(struct reload *reload);
void reload_give_back(struct plan *plan);

/** Reads the file again if somebody asked for it, and has the workers take it. False: some have not
 * yet, and it should be called again soon. Main thread. */
bool reload_turn(struct reload *reload, struct workers *workers);

/** Asks for a reload if the configuration has "watch" and its files are no longer as they were when
 * they were read. Main thread, often. */
void reload_watch(struct reload *reload, int64_t now_ms);

/** Nobody is answered any more: penstock stops. Main thread. */
void reload_stop(struct reload *reload);

/** SIGHUP came. Main thread. */
void reload_wanted(struct reload *reload);

/** Asks for a reload and waits, some seconds at most, until the file is read and checked. Any
 * thread but the main one. */
void reload_ask(struct reload *reload, struct reload_answer *answer);

void reload_answer_clear(struct reload_answer *answer);
