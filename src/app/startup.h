/* startup.h: how far the start is, in numbers and in words. */
#pragma once
#include "kafka/source.h"

#include <stdbool.h>
#include <stdint.h>

struct startup {
    bool over;                     /* as /startupz says */
    struct source_warming warming; /* of all workers */
    int64_t elapsed_ms;            /* since the first partition was assigned */
};

enum { STARTUP_TEXT_BYTES = 160 };

int64_t startup_percent(const struct startup *startup);

/** By the mean rate so far; -1: not known. */
int64_t startup_left_ms(const struct startup *startup);

/** "1200 of 5000 records, 24 %, 9 s left, 3 of 4 partitions not warm" */
void startup_write(const struct startup *startup, char text[STARTUP_TEXT_BYTES]);
