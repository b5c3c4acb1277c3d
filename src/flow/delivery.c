/* delivery.c: one record on one route, from its first command to its last answer. */
#include "flow/delivery.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

void deliveries_free(struct deliveries *deliveries)
{
    free(deliveries->items);
    *deliveries = (struct deliveries){0};
}

static uint32_t delivery_number(struct deliveries *deliveries)
{
    if (deliveries->free) {
        uint32_t number = deliveries->free - 1;
        deliveries->free = deliveries->items[number].next_free;
        return number;
    }
    deliveries->items = mem_grow(deliveries->items, deliveries->count, &deliveries->capacity,
                                 sizeof(*deliveries->items));
    return (uint32_t)deliveries->count++;
}

uint32_t delivery_open(struct deliveries *deliveries, struct source_ticket record,
                       const struct record *bytes, uint32_t route, uint32_t pending)
{
    uint32_t number = delivery_number(deliveries);

    deliveries->items[number] = (struct delivery){.record = record,
                                                  .offset = bytes->offset,
                                                  .timestamp_ms = bytes->timestamp_ms,
                                                  .route = route,
                                                  .pending = pending,
                                                  .open = true};
    return number;
}

void delivery_close(struct deliveries *deliveries, uint32_t number)
{
    struct delivery *delivery = &deliveries->items[number];

    assert(delivery->open);
    delivery->open = false;
    delivery->next_free = deliveries->free;
    deliveries->free = number + 1;
}
