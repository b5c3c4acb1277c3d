/* probe.h: the findings of `check --online` about a server. */
#pragma once

enum probe_verdict {
    PROBE_OK,
    PROBE_WARN, /* it works, but perhaps not as intended */
    PROBE_ERROR /* the bridge could not work */
};

struct probe_listener {
    void *context;
    /** One finding; @p text is one line and borrowed for the call. */
    void (*say)(void *context, enum probe_verdict verdict, const char *text);
};
