/* ctl_text.h: what penstock ctl prints for a person. */
#pragma once
#include "base/slice.h"

#include <stdbool.h>

/** Each prints an answer of the API. False: it is none of that kind. */
bool ctl_print_status(struct slice json);
bool ctl_print_routes(struct slice json);
bool ctl_print_partitions(struct slice json);
bool ctl_print_reload(struct slice json);

/** The member "message" of an answer, or the whole answer. */
bool ctl_print_message(struct slice json);
void ctl_print_refusal(struct slice json);
