/* sink.h: the settings of one sink. */
#pragma once
#include "conf/option.h"

/** Fills @p sink, whose name and origin are set, from its group @p setting; @p what names it in
 * messages. */
void conf_sink_fill(const struct loader *loader, const struct setting *setting, const char *what,
                    struct conf_sink *sink);
