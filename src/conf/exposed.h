/* exposed.h: secrets in files that everybody may read. */
#pragma once
#include "conf/option.h"

/** Warns of each file that holds a secret itself and may be read by other users of the machine. */
void exposed_check(const struct filling *filling);
