/*
 * fake_durability.h: a source, sinks and barriers that do what test_durability.c says, in
 * place of those of the library; confirm.c is the real one.
 */
#pragma once
#include "flow/durability.h"
#include "kafka/source.h"
#include "redis/servers.h"
#include "redis/sink.h"
#include "suite.h"

enum { SINKS = 2 };

struct sink {
    struct servers servers; /* only where it stands counts */
    const char *run_id, *trouble;
    struct confirm *confirm;
};

struct barrier {
    const char *run_id, *history, *text, *trouble;
    char key[DURABILITY_KEY_BYTES];
    bool running, ended;
    enum barrier_outcome outcome;
    unsigned begun, reconnects;
};

static struct sink sinks[SINKS];
static struct barrier barriers[SINKS];
static struct {
    bool news, urgent;
    unsigned marks[SINKS], reached[SINKS], rewinds[SINKS], barriers;
} source;

const char *servers_run_id(const struct servers *servers)
{
    return ((const struct sink *)servers)->run_id;
}

const char *servers_trouble(const struct servers *servers)
{
    return ((const struct sink *)servers)->trouble;
}

struct confirm *sink_confirm(struct sink *sink, const char *key,
                             const struct confirm_events *events)
{
    return sink->confirm = confirm_new(&sink->servers, key, events);
}

struct barrier *barrier_new(const struct connection_setup *setup, const char *key)
{
    struct barrier *barrier = &barriers[(const struct sink *)setup - sinks];

    snprintf(barrier->key, sizeof(barrier->key), "%s", key);
    return barrier;
}

void barrier_free(struct barrier *barrier)
{
    (void)barrier;
}

bool barrier_is_ready(const struct barrier *barrier)
{
    return !barrier->running && !barrier->trouble;
}

void barrier_renew(struct barrier *barrier)
{
    (void)barrier;
}

void barrier_begin(struct barrier *barrier)
{
    CU_ASSERT_FALSE(barrier->running);
    barrier->running = true;
    barrier->begun++;
}

bool barrier_take(struct barrier *barrier, enum barrier_outcome *outcome)
{
    bool ended = barrier->ended;

    barrier->ended = false;
    *outcome = barrier->outcome;
    return ended;
}

const char *barrier_text(const struct barrier *barrier)
{
    return barrier->text;
}

const char *barrier_run_id(const struct barrier *barrier)
{
    return barrier->run_id;
}

const char *barrier_history(const struct barrier *barrier)
{
    return barrier->history;
}

void barrier_reconnect(struct barrier *barrier, const char *why)
{
    (void)why;
    barrier->reconnects++;
}

const char *barrier_trouble(const struct barrier *barrier)
{
    return barrier->trouble;
}

void source_set_barriers(struct source *unused, const struct source_barriers *set)
{
    (void)unused;
    source.barriers = set->count;
}

bool source_mark_is_urgent(const struct source *unused, unsigned barrier)
{
    (void)unused, (void)barrier;
    return source.urgent;
}

bool source_mark(struct source *unused, unsigned barrier)
{
    (void)unused;
    source.marks[barrier]++;
    return source.news;
}

void source_mark_reached(struct source *unused, unsigned barrier)
{
    (void)unused;
    source.reached[barrier]++;
}

void source_rewind(struct source *unused, unsigned barrier)
{
    (void)unused;
    source.rewinds[barrier]++;
}
