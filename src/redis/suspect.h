/*
 * suspect.h: a command that ends the connection it comes by.
 *
 * Some are never answered: larger than client-query-buffer-limit or than a proxy takes, or the end
 * of the process that reads them. Sent again they end the next connection, too, and all that is
 * behind them waits. But a command may just as well be in flight when a server goes away, and only
 * an answer can condemn it. So it is found guilty where
 *      1. connection after connection ended when nothing but it was sent, and at once;
 *      2. between them the same server answered other commands, on a connection that did not end
 *         in a pause that grows: a peer that ends connections for reasons of its own ends these;
 *      3. and once more so after the last of them.
 * A connection that was not made, a handshake that was not answered, a server that was started
 * again, a silence: each of them takes the count back to nothing.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SUSPECT_CUTS = 5, SUSPECT_TELL = 3, SUSPECT_TEXT_BYTES = 160 };

/** All zero: none. */
struct suspect {
    uint64_t number; /* of the command */
    size_t bytes;
    unsigned cuts;    /* connections in a row that it ended, while others were answered */
    unsigned ends;    /* all that ended on it, whatever became of others */
    int64_t since_ms; /* the first of the cuts */
};

/** A connection was ended by the other side while the command of @p number, alone, was under way:
 * one that no other command ever has. */
void suspect_cut(struct suspect *suspect, uint64_t number, size_t bytes, int64_t now_ms);

/** Whether it is this command. */
static inline bool suspect_is(const struct suspect *suspect, uint64_t number)
{
    return suspect->ends && suspect->number == number;
}

/** Others are not answered, either. */
void suspect_doubt(struct suspect *suspect);

/** It was answered. */
void suspect_clear(struct suspect *suspect);

/** How long other commands must be answered before it is sent again. */
int64_t suspect_pause_ms(const struct suspect *suspect);

/** Whether it is to be refused, now that others are answered; @p timeout_ms: how long its route
 * lets it try, 0: as long as it takes. */
bool suspect_is_guilty(const struct suspect *suspect, int64_t timeout_ms, int64_t now_ms);

/** What is said of it: "the server ended 3 connections in a row at this command (81 bytes)". */
void suspect_write(const struct suspect *suspect, char text[SUSPECT_TEXT_BYTES]);
