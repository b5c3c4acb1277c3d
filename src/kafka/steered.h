/* steered.h: what the operator asks of a partition: to pause it, or to try it again. */
#pragma once

struct source;

/** Holds what is paused, and lets flow what may flow again. */
void steered_turn(struct source *source);
