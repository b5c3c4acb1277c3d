/* service.h: the process's life: workers, admin port, signals, the service manager. */
#pragma once
#include "app/load.h"

/** Runs until SIGTERM or SIGINT, or until a worker fails; the exit status. */
int service_run(const struct loaded *loaded);
