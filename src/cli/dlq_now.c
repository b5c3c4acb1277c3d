/* dlq_now.c: the commands that a dead letter's route makes of its record now. */
#include "base/clock.h"
#include "cli/dlq_parts.h"

#include <stdlib.h>

void dlq_now_make(struct dlq_now *now, const struct loaded *loaded, struct dlq_retry *retry,
                  const struct dlq_item *item)
{
    *now = (struct dlq_now){.has_record = false};
    if (!item->sound) {
        now->err = item->why;
        return;
    }
    now->route = dlq_route(loaded, item, &now->err);
    now->has_record =
        now->route && dlq_retry_record(retry, item, now->route, &now->record, &now->err);
    if (!now->has_record)
        return;
    struct scope scope = scope_of(&now->record, &now->arena, clock_wall_ms());
    now->rendered = route_render(now->route, &scope, &now->rendering, NULL, &now->err);
}

void dlq_now_clear(struct dlq_now *now)
{
    free(now->rendering.items);
    arena_free(&now->arena);
}
