/* questions.h: asks Kafka about partitions, one question at a time. */
#pragma once
#include <stdint.h>

struct source;

/** Takes answers, and asks what comes next: a start before a look at the logs. */
void questions_turn(struct source *source);

/** Milliseconds until questions_turn() has something to ask; INT64_MAX: only answers matter. */
int64_t questions_next_ms(const struct source *source);
