/*
 * pipeline.h: ordinary commands over one connection, and their answers; a session (session.h).
 *
 *      DOWN --begin()--> PROBING --done, refused--> FLOWING --retry class--> DRAINING
 *                          ^ ^                         ^                        |
 *                          | '---- resume() ---- PAUSED <-----------------------'
 *                          '--------- DOUBTING <--begin(), if the head ended the last connection
 *      any of them -> DOWN by lost()
 */
#pragma once
#include "redis/question.h"
#include "redis/resp.h"
#include "redis/session.h"
#include "redis/sink_events.h"
#include "redis/window.h"

struct sink_counters;

enum pipeline_state {
    PIPELINE_DOWN, /* no connection */
    PIPELINE_FLOWING,
    PIPELINE_DRAINING, /* an answer said "later": the answers of all that was sent come */
    PIPELINE_PAUSED,   /* "later" is not yet */
    PIPELINE_PROBING,  /* the oldest command alone is sent, to see whether it goes again */
    PIPELINE_DOUBTING  /* it ended connections before: is anything else answered? */
};

/** Open for whoever puts into the window. */
struct pipeline {
    struct session session;
    const struct sink_events *events;
    struct sink_counters *counters;
    struct window window;
    struct resp_scanner scanner;
    enum pipeline_state state;
    enum session_pause later;      /* how it pauses, once it is drained */
    char question[QUESTION_BYTES]; /* a command that is not of the window, */
    size_t question_length, question_sent;
    bool question_waits; /* whose answer is the next one */
    bool condemned;      /* the head: it is refused if others are answered */
    bool finishes;       /* nothing new is sent: the connection is to be made anew */
};

/** @p events and @p counters are borrowed. */
void pipeline_init(struct pipeline *pipeline, const struct sink_events *events,
                   struct sink_counters *counters, size_t limit_commands, size_t limit_bytes);

void pipeline_free(struct pipeline *pipeline);

/** Whether all that was sent is answered. */
bool pipeline_is_quiet(const struct pipeline *pipeline);

/** Unsent commands that are no longer wanted leave the window. */
void pipeline_discard(struct pipeline *pipeline);
