/* secret_file_modes.h: secrets in files that every user of the machine may read. */
#pragma once
#include "conf/loader.h"

/** Warns of each file that holds a secret itself and may be read by other users of the machine. */
void secret_file_modes_check(const struct loader *loader);
